"""HKDF with SHA-256 (RFC 5869) for one block of output, and the HMAC below it.

On `cryptography` rather than the standard library, whose `hmac` loads a second OpenSSL: a quarter of a bare start.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

_SHA256 = SHA256()


def derive(secret: bytes | bytearray, *, salt: bytes, info: bytes) -> bytes:
    """32 bytes derived from `secret`. An empty salt means a block of zeros, as the RFC has it."""
    return mac(mac(salt or bytes(32), secret), info + b"\x01")


def mac(key: bytes, message: bytes | bytearray) -> bytes:
    """HMAC-SHA-256."""
    code = HMAC(key, _SHA256)
    code.update(message)
    return code.finalize()


def fits(key: bytes, message: bytes, expected: bytes) -> bool:
    """Whether `expected` is the HMAC of `message`, compared in constant time."""
    code = HMAC(key, _SHA256)
    code.update(message)
    try:
        code.verify(expected)
    except InvalidSignature:
        return False
    return True
