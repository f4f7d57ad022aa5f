"""Short names for things that are too long or too secret to show."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


def of_public_key(key: RSAPublicKey) -> str:
    """`sha256:` and the hex digest of the key's SubjectPublicKeyInfo in DER: the same for key and certificate."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415  slow to import

    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


class Fingerprints:
    """Shows whether values are equal within one run, and nothing else.

    The key is random and goes with the object: a fingerprint in a log cannot be guessed at later.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes | None = None) -> None:
        self._key = os.urandom(32) if key is None else key

    def of(self, value: bytes) -> str:
        """Eight hex digits; equal values give equal ones."""
        return hmac.digest(self._key, value, "sha256").hex()[:8]
