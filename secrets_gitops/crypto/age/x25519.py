"""The native recipient type of age: an ephemeral X25519 exchange wraps the file key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from secrets_gitops.crypto.age import wrapping
from secrets_gitops.crypto.age.header import FILE_KEY_SIZE, Stanza, base64, malformed, only, unbase64
from secrets_gitops.crypto.hkdf import derive

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPE = "X25519"
_INFO = b"age-encryption.org/v1/X25519"


class X25519Recipient:
    """The public half: 32 bytes. Raises ValueError for a point that no exchange can use."""

    __slots__ = ("_key", "public")

    post_quantum = False

    def __init__(self, public: bytes) -> None:
        self._key = X25519PublicKey.from_public_bytes(public)
        self.public = public

    def wrap(self, file_key: bytes) -> tuple[Stanza, ...]:
        """The file key for this recipient. Raises ValueError when the point is of low order."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        key = derive(ephemeral.exchange(self._key), salt=share + self.public, info=_INFO)
        return (Stanza(TYPE, (base64(share),), wrapping.wrap(key, file_key)),)


class X25519Identity:
    """The private half: 32 bytes."""

    __slots__ = ("_key", "public")

    def __init__(self, secret: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(secret)
        self.public = self._key.public_key().public_bytes_raw()

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytearray | None:
        """The file key, or None when all is for somebody else. Raises DocumentError for a malformed stanza."""
        return only(TYPE, stanzas, self._open)

    def _open(self, stanza: Stanza) -> bytearray | None:
        if len(stanza.arguments) != 1:
            raise malformed("an X25519 stanza takes one argument")
        share = unbase64(stanza.arguments[0])
        if len(share) != 32 or len(stanza.body) != FILE_KEY_SIZE + 16:
            raise malformed("an X25519 stanza has the wrong length")
        try:
            secret = self._key.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise malformed("an X25519 stanza holds a point of low order") from None
        key = derive(secret, salt=share + self.public, info=_INFO)
        return wrapping.unwrap(key, stanza.body)
