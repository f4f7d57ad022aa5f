"""The blob of a sealed item: an AES session key under RSA-OAEP, then the item under that key.

2 bytes   n, the length of the RSA part, big-endian
n bytes   RSA-OAEP of the 32-byte session key; SHA-256 for hash and MGF1; the label binds the scope
the rest  AES-256-GCM of the item, tag last; the nonce is zero, which is safe since no session key is used twice
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

_ZERO_NONCE = bytes(12)
_HASH = hashes.SHA256()
_MGF1 = MGF1(_HASH)


class Damaged(ValueError):
    """The session key opened, so key and label fit; what comes after it was changed."""


def seal(public_key: RSAPublicKey, item: bytes, label: bytes, *, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """The blob of `item`. `random` gives the session key; OAEP draws its own seed inside the library."""
    session_key = random(32)
    wrapped = public_key.encrypt(session_key, OAEP(_MGF1, _HASH, label))
    return len(wrapped).to_bytes(2, "big") + wrapped + AESGCM(session_key).encrypt(_ZERO_NONCE, item, None)


def open(private_key: RSAPrivateKey, blob: bytes, label: bytes) -> bytes:  # noqa: A001  the counterpart of `seal`
    """The item. Raises ValueError for a malformed blob, another key, another label and a changed byte of the RSA part
    alike, its subclass Damaged for a changed byte after that. In a service both must give the same answer.
    """
    size = int.from_bytes(blob[:2], "big")
    key_size = (private_key.key_size + 7) // 8
    if len(blob) < 2 + size or size > key_size:
        raise ValueError("the blob is cut off, or made for a larger key")
    # An RSA part without its leading zero bytes is legal in the original, which reads it as a number.
    wrapped = blob[2 : 2 + size].rjust(key_size, b"\0")
    try:
        session_key = private_key.decrypt(wrapped, OAEP(_MGF1, _HASH, label))
    except ValueError:
        raise ValueError("the blob does not open with this key and label") from None
    try:
        return AESGCM(session_key).decrypt(_ZERO_NONCE, blob[2 + size :], None)
    except (ValueError, InvalidTag):
        raise Damaged("the blob is damaged") from None
