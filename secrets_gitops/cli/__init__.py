"""The command line: one file per command, each turning options into one call and its result into text."""
