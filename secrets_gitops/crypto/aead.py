"""AES-256-GCM under one data key, as encrypted values of SOPS files use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from secrets_gitops.plaintext import Plaintext

KEY_SIZE = 32
TAG_SIZE = 16
SHORTEST_NONCE, LONGEST_NONCE = 8, 128
"""Bytes; what the library takes. SOPS writes 32, other writers 12 or 16."""


class Cipher:
    """One data key, set up once: keep the object for a whole file, which halves the cost of each value."""

    __slots__ = ("_aes",)

    def __init__(self, key: Plaintext) -> None:
        """Raise ValueError unless `key` has 32 bytes."""
        if len(key) != KEY_SIZE:
            raise ValueError(f"a data key has {KEY_SIZE} bytes, not {len(key)}")
        self._aes = AESGCM(key.reveal())

    def encrypt(self, nonce: bytes, plaintext: bytes, associated: bytes) -> tuple[bytes, bytes]:
        """The ciphertext and its tag. A nonce must never seal two different plaintexts under one key."""
        _check(nonce)
        sealed = self._aes.encrypt(nonce, plaintext, associated)
        return sealed[:-TAG_SIZE], sealed[-TAG_SIZE:]

    def decrypt(self, nonce: bytes, ciphertext: bytes, tag: bytes, associated: bytes) -> bytes:
        """The plaintext. Raises ValueError when anything was changed or the key is another."""
        if not SHORTEST_NONCE <= len(nonce) <= LONGEST_NONCE:  # as `_check`, for every value of every file
            _check(nonce)
        if len(tag) != TAG_SIZE:
            raise ValueError(f"the tag has {len(tag)} bytes instead of {TAG_SIZE}")
        try:
            return self._aes.decrypt(nonce, ciphertext + tag, associated)
        except InvalidTag:
            raise ValueError("the tag does not fit") from None


def _check(nonce: bytes) -> None:
    if not SHORTEST_NONCE <= len(nonce) <= LONGEST_NONCE:
        raise ValueError(f"the nonce has {len(nonce)} bytes; {SHORTEST_NONCE} to {LONGEST_NONCE} can be handled")
