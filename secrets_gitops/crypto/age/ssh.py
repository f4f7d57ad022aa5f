"""The SSH types of age: `ssh-ed25519`, an X25519 exchange with the key converted, and `ssh-rsa`, OAEP.

Keys come and go in the wire form of SSH. Here is the cryptography of both types, and the recipient; the identity stands
in `ssh_identity`, for it is looked at in every run of whoever has an SSH key, and must cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from secrets_gitops.crypto.age import wrapping
from secrets_gitops.crypto.age.header import FILE_KEY_SIZE, Stanza, base64, malformed
from secrets_gitops.crypto.age.ssh_identity import tag
from secrets_gitops.crypto.age.ssh_wire import ED25519, RSA, fields, integer
from secrets_gitops.crypto.hkdf import derive

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_ED25519_LABEL = b"age-encryption.org/v1/ssh-ed25519"
_RSA_LABEL = b"age-encryption.org/v1/ssh-rsa"
_SMALLEST, _LARGEST = 2048, 16384
"""Bits of an RSA modulus: the former is a rule of age; the latter keeps a stranger's key from costing minutes."""
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


class SshRecipient:
    """An SSH public key in wire form."""

    __slots__ = ("_tag", "_type", "_wire", "_wrap")

    post_quantum = False

    def __init__(self, wire: bytes) -> None:
        """Raise ValueError, which says what is wrong with the key, when age cannot encrypt to it."""
        self._type, *parts = fields(wire)
        self._wire = wire
        self._tag = tag(wire)
        self._wrap: Callable[[bytes], tuple[tuple[str, ...], bytes]]
        if len(parts) != {ED25519: 1, RSA: 2}.get(self._type.decode(errors="replace")):
            raise ValueError("it does not hold what its type demands")
        if self._type == ED25519.encode():
            montgomery = _montgomery(parts[0])
            self._wrap = lambda file_key: _wrap_ed25519(file_key, wire, montgomery)
        else:
            key = _rsa_key(*parts)
            self._wrap = lambda file_key: ((), key.encrypt(file_key, _padding()))

    def wrap(self, file_key: bytes) -> tuple[Stanza, ...]:
        """The file key for this recipient. Raises ValueError when the point is of low order."""
        arguments, body = self._wrap(file_key)
        return (Stanza(self._type.decode(), (self._tag, *arguments), body),)


def _wrap_ed25519(file_key: bytes, wire: bytes, public: bytes) -> tuple[tuple[str, ...], bytes]:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    secret = _tweaked(ephemeral.exchange(X25519PublicKey.from_public_bytes(public)), wire)
    key = derive(secret, salt=share + public, info=_ED25519_LABEL)
    return (base64(share),), wrapping.wrap(key, file_key)


def unwrap_ed25519(key: Ed25519PrivateKey, wire: bytes, share: bytes, body: bytes) -> bytearray | None:
    """The file key, or None when it is for another key. Raises DocumentError for a share of low order."""
    digest = hashes.Hash(hashes.SHA512())
    digest.update(key.private_bytes_raw())
    private = X25519PrivateKey.from_private_bytes(digest.finalize()[:32])
    try:
        secret = _tweaked(private.exchange(X25519PublicKey.from_public_bytes(share)), wire)
    except ValueError:
        raise malformed(f"an {ED25519} stanza holds a point of low order") from None
    key_of_file_key = derive(secret, salt=share + private.public_key().public_bytes_raw(), info=_ED25519_LABEL)
    return wrapping.unwrap(key_of_file_key, body)


def _tweaked(secret: bytes, wire: bytes) -> bytes:
    """The shared secret bound to the SSH key, of which the exchange saw only the converted point."""
    tweak = X25519PrivateKey.from_private_bytes(derive(b"", salt=wire, info=_ED25519_LABEL))
    return tweak.exchange(X25519PublicKey.from_public_bytes(secret))


def unwrap_rsa(key: RSAPrivateKey, body: bytes) -> bytearray | None:
    """The file key, or None when it is for another key. Raises DocumentError for one of the wrong length."""
    try:
        file_key = bytearray(key.decrypt(body, _padding()))
    except ValueError:
        return None
    if len(file_key) != FILE_KEY_SIZE:
        raise malformed(f"an {RSA} stanza has the wrong length")
    return file_key


def _padding() -> OAEP:
    return OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), _RSA_LABEL)


def _rsa_key(exponent: bytes, modulus: bytes) -> RSAPublicKey:
    e, n = integer(exponent), integer(modulus)
    if not _SMALLEST <= n.bit_length() <= _LARGEST:
        raise ValueError(f"an RSA key has {_SMALLEST} to {_LARGEST} bits")
    if e < 3 or e % 2 == 0 or e.bit_length() > 24:
        raise ValueError("the exponent of the RSA key is not usable")
    return RSAPublicNumbers(e, n).public_key()


def _montgomery(public: bytes) -> bytes:
    """The X25519 point of an Ed25519 point (RFC 7748, 4.1). Raises ValueError when it is not on the curve."""
    if len(public) != 32:
        raise ValueError("an Ed25519 key has 32 bytes")
    y = (int.from_bytes(public, "little") & (1 << 255) - 1) % _P
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if square and pow(square, (_P - 1) // 2, _P) != 1:
        raise ValueError("it is not a point of the curve")
    return ((1 + y) * pow(1 - y, _P - 2, _P) % _P).to_bytes(32, "little")
