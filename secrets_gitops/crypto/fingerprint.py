"""The short name of a public key, the same for a key and its certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA256, Hash

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


_RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
"""The AlgorithmIdentifier of RSA keys in DER (RFC 3279): its object identifier and NULL."""


def of_public_key(key: RSAPublicKey) -> str:
    """`sha256:` and the hex digest of the key's SubjectPublicKeyInfo in DER: the same for key and certificate.

    The few bytes of DER are written here: the library's serialization costs as much as a bare start to import.
    """
    numbers = key.public_numbers()
    inner = _tagged(0x30, _integer(numbers.n) + _integer(numbers.e))
    digest = Hash(SHA256())
    digest.update(_tagged(0x30, _RSA_ENCRYPTION + _tagged(0x03, b"\0" + inner)))
    return f"sha256:{digest.finalize().hex()}"


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
