"""The post-quantum recipient type of age, `mlkem768x25519`: HPKE over ML-KEM-768 and X25519 wraps the file key.

Few files need it and some builds of `cryptography` lack ML-KEM, so the library's part is imported at the first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from secrets_gitops.crypto.age.header import FILE_KEY_SIZE, Stanza, base64, malformed, only, unbase64
from secrets_gitops.errors import KeySourceError
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
    from cryptography.hazmat.primitives.hpke import Suite

TYPE = "mlkem768x25519"
SEED_SIZE = 32
_INFO = b"age-encryption.org/mlkem768x25519"
_MLKEM_PUBLIC_SIZE = 1184
_MLKEM_SEED_SIZE = 64
_SHARE_SIZE = 1088 + 32


class HybridRecipient:
    """The public half: an ML-KEM-768 key of 1,184 bytes, then an X25519 key of 32."""

    __slots__ = ("_key", "public")

    post_quantum = True

    def __init__(self, public: bytes) -> None:
        """Raise ValueError when `public` is no such key, KeySourceError when the library cannot do ML-KEM."""
        try:
            from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey  # noqa: PLC0415
            from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey  # noqa: PLC0415

            self._key = MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_SIZE]),
                X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_SIZE:]),
            )
        except (ImportError, UnsupportedAlgorithm):
            raise _unsupported() from None
        self.public = public

    def wrap(self, file_key: bytes) -> tuple[Stanza, ...]:
        """The file key for this recipient."""
        sealed = _suite().encrypt(file_key, self._key, _INFO)
        return (Stanza(TYPE, (base64(sealed[:_SHARE_SIZE]),), sealed[_SHARE_SIZE:]),)


class HybridIdentity:
    """The private half: a seed of 32 bytes, expanded when it is first needed."""

    __slots__ = ("_keys", "_seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_SIZE:
            raise ValueError("the seed has the wrong length")
        self._seed = Plaintext(seed)
        self._keys: tuple[MLKEM768PrivateKey, X25519PrivateKey] | None = None

    @property
    def public(self) -> bytes:
        """The public half. Raises KeySourceError when the library cannot do ML-KEM."""
        mlkem, x25519 = self._private()
        return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytearray | None:
        """The file key, or None when all is for somebody else.

        Raises DocumentError for a malformed stanza, KeySourceError when the library cannot do ML-KEM.
        """
        return only(TYPE, stanzas, self._open)

    def _open(self, stanza: Stanza) -> bytearray | None:
        if len(stanza.arguments) != 1:
            raise malformed(f"an {TYPE} stanza takes one argument")
        share = unbase64(stanza.arguments[0])
        if len(share) != _SHARE_SIZE or len(stanza.body) != FILE_KEY_SIZE + 16:
            raise malformed(f"an {TYPE} stanza has the wrong length")
        mlkem, x25519 = self._private()
        try:
            # HPKE answers a point of low order like a foreign key; to age the header is malformed then.
            x25519.exchange(X25519PublicKey.from_public_bytes(share[-32:]))
        except ValueError:
            raise malformed(f"an {TYPE} stanza holds a point of low order") from None
        from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey  # noqa: PLC0415

        try:
            return bytearray(_suite().decrypt(share + stanza.body, MLKEM768X25519PrivateKey(mlkem, x25519), _INFO))
        except InvalidTag:
            return None

    def _private(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        if self._keys is None:
            import hashlib  # noqa: PLC0415  loads a second OpenSSL

            expanded = hashlib.shake_256(self._seed.reveal()).digest(_MLKEM_SEED_SIZE + 32)
            try:
                from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey  # noqa: PLC0415

                mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE])
            except (ImportError, UnsupportedAlgorithm):
                raise _unsupported() from None
            self._keys = mlkem, X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_SIZE:])
        return self._keys


def _suite() -> Suite:
    try:
        from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite  # noqa: PLC0415

        return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    except (ImportError, AttributeError, UnsupportedAlgorithm):
        raise _unsupported() from None


def _unsupported() -> KeySourceError:
    return KeySourceError(
        "the installed `cryptography` cannot do ML-KEM, which post-quantum age keys need",
        hints=("install the wheel from PyPI: `pip install --force-reinstall cryptography`",),
    )
