"""HKDF with SHA-256 (RFC 5869) for one block of output, on the standard library's HMAC: nothing to import."""

from __future__ import annotations

import hmac


def derive(secret: bytes | bytearray, *, salt: bytes, info: bytes) -> bytes:
    """32 bytes derived from `secret`. An empty salt means a block of zeros, as the RFC has it."""
    extracted = hmac.digest(salt or bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")
