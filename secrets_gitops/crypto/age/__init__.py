"""The age file format, version 1 (https://c2sp.org/age): armor, header, payload, and the recipients we can serve."""
