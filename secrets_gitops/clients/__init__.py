"""The only modules that open a socket."""
