"""RSA keys and certificates out of PEM blocks, with the reason when there is none to be had."""

from __future__ import annotations

import binascii
import warnings
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import KeySourceError, NotBuiltYet, Place

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from secrets_gitops.keys.pem import Block

SMALLEST_KEY = 1024
"""Bits; what the controller takes at least."""


class Dated(NamedTuple):
    """What of a certificate matters for sealing."""

    public_key: RSAPublicKey
    not_before: datetime
    not_after: datetime


def certificate(block: Block, source: str) -> Dated:
    """The public key and the dates of a certificate. Raises KeySourceError.

    Never looks at extensions: those of genuine controller certificates are more than `cryptography` can parse.
    """
    return _ordinary(block) or _any(block, source)


def _ordinary(block: Block) -> Dated | None:
    """The quick way for the certificates that nearly everybody has; None when there is any doubt."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers  # noqa: PLC0415  slow to import

    from secrets_gitops.crypto import rsa_certificate  # noqa: PLC0415

    try:
        der = binascii.a2b_base64(b"".join(block.text.split(b"\n")[1:-2]), strict_mode=True)
        parsed = rsa_certificate.parse(der)
        if parsed is None or parsed.modulus.bit_length() < SMALLEST_KEY:
            return None
        key = RSAPublicNumbers(parsed.exponent, parsed.modulus).public_key()
    except ValueError:
        return None
    return Dated(key, parsed.not_before, parsed.not_after)


def _any(block: Block, source: str) -> Dated:
    """The library's way, which can tell what is wrong."""
    from cryptography import x509  # noqa: PLC0415  costs twice a bare start
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415

    place = Place(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old habits of issuers, which do not matter for sealing
            parsed = x509.load_pem_x509_certificate(block.text)
            key = parsed.public_key()
            not_before, not_after = parsed.not_valid_before_utc, parsed.not_valid_after_utc
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise KeySourceError("the certificate cannot be read", place=place) from None
    if not isinstance(key, RSAPublicKey):
        raise KeySourceError(f"the certificate is for {_kind(key)}; sealing needs RSA", place=place)
    if key.key_size < SMALLEST_KEY:
        raise KeySourceError(
            f"the certificate's key has {key.key_size} bits; {SMALLEST_KEY} are the least", place=place
        )
    return Dated(key, not_before, not_after)


def private_key(block: Block, source: str) -> RSAPrivateKey:
    """The RSA key in one PEM block, PKCS#1 or PKCS#8. Raises KeySourceError, or NotBuiltYet for a passphrase."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  slow to import
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    place = Place(source)
    if block.is_encrypted:
        raise NotBuiltYet(
            "private keys with a passphrase are not built yet",
            hints=("take the passphrase off a copy that only you can read: `openssl rsa -in KEY -out COPY`",),
            place=place,
        )
    try:
        # The library's checks test primes for a quarter of a second; `_is_whole` does what can be done quickly.
        key = load_pem_private_key(block.text, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeySourceError("the private key cannot be read", place=place) from None
    if not isinstance(key, RSAPrivateKey):
        raise KeySourceError(f"the private key is {_kind(key)}; sealing needs RSA", place=place)
    if not _is_whole(key):
        raise KeySourceError("the private key is damaged: its numbers do not fit together", place=place)
    return key


def _kind(key: object) -> str:
    """What to call a key that is not RSA, from the name of its class."""
    name = type(key).__name__.lower()
    known = {"ec": "an EC key", "elliptic": "an EC key", "ed25519": "an Ed25519 key", "ed448": "an Ed448 key"}
    return next((text for start, text in known.items() if name.startswith(start)), "of another type")


def _is_whole(key: RSAPrivateKey) -> bool:
    """Whether the numbers fit together; only primality goes untested."""
    numbers = key.private_numbers()
    p, q, d = numbers.p, numbers.q, numbers.d
    public = numbers.public_numbers
    if min(p, q) < 3 or p * q != public.n:
        return False
    return (
        numbers.dmp1 == d % (p - 1)
        and numbers.dmq1 == d % (q - 1)
        and d * public.e % (p - 1) == 1
        and d * public.e % (q - 1) == 1
        and numbers.iqmp * q % p == 1
    )
