"""How a key wraps the file key in most stanzas: ChaCha20-Poly1305 with a nonce of zeros, for each key is used once."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from secrets_gitops.crypto.age.header import FILE_KEY_SIZE

_ZERO_NONCE = bytes(12)


def wrap(key: bytes, file_key: bytes) -> bytes:
    """The body of a stanza. `key` must never wrap anything else."""
    return ChaCha20Poly1305(key).encrypt(_ZERO_NONCE, file_key, None)


def unwrap(key: bytes, body: bytes) -> bytearray | None:
    """The file key, or None when another key wrapped it. `body` has its length and 16 bytes more."""
    file_key = bytearray(FILE_KEY_SIZE)
    try:
        ChaCha20Poly1305(key).decrypt_into(_ZERO_NONCE, body, None, file_key)
    except InvalidTag:
        return None
    return file_key
