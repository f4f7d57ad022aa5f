"""The providers of stores: how each is reached, what is asked of it, and how its answers are read."""
