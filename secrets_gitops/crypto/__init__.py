"""Cryptographic formats, bytes in and bytes out; who owns which key is the matter of `keys`."""
