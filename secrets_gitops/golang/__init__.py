"""How Go reads and prints: the tools beside us are Go programs, and the meaning of a plain scalar is theirs."""
