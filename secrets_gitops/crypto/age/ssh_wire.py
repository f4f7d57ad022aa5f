"""The wire form of SSH keys (RFC 4253, 6.6) and the line that a public key is written as."""

from __future__ import annotations

import binascii

ED25519 = "ssh-ed25519"
RSA = "ssh-rsa"
_LARGEST = 64 * 1024
"""Bytes of a public key; the largest that is any use has two thousand."""


def fields(wire: bytes) -> list[bytes]:
    """The strings of which a key is made up. Raises ValueError when they do not end where they should."""
    found: list[bytes] = []
    at = 0
    while at < len(wire):
        size = int.from_bytes(wire[at : at + 4], "big")
        if at + 4 + size > len(wire):
            raise ValueError("it is cut off")
        found.append(wire[at + 4 : at + 4 + size])
        at += 4 + size
    if not found:
        raise ValueError("it is empty")
    return found


def integer(data: bytes) -> int:
    """The number that a string of a key holds. Raises ValueError for a negative one."""
    if data[:1] >= b"\x80":
        raise ValueError("it holds a negative number")
    return int.from_bytes(data, "big")


def public_key(line: str) -> bytes:
    """The wire form in a line `TYPE BASE64 COMMENT`. Raises ValueError, which quotes nothing, for anything else."""
    words = line.split(None, 2)
    if len(words) < 2 or len(words[1]) > _LARGEST:
        raise ValueError("it has no key after its type")
    try:
        wire = binascii.a2b_base64(words[1], strict_mode=True)
    except ValueError:
        raise ValueError("it is not base64") from None
    if fields(wire)[0] != words[0].encode():
        raise ValueError("it is of another type than it says")
    return wire


def line_of(kind: str, wire: bytes) -> str:
    """The line of a public key, without a comment."""
    return f"{kind} {binascii.b2a_base64(wire, newline=False).decode()}"
