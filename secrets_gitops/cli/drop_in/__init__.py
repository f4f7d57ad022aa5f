"""The peers' own command lines: their arguments, output and exit codes, on top of the same verbs as our commands."""
