"""The shape of one sealed item (SealedSecret), without crypto, so that the lint can use it.

2 bytes   n, the size of the RSA part, big-endian: 256, 384 or 512 for keys of 2048, 3072 and 4096 bits
n bytes   RSA-OAEP of the session key
the rest  AES-256-GCM of the item, its 16-byte tag last
"""

from __future__ import annotations

from secrets_gitops.golang import base64

RSA_SIZES = (256, 384, 512)
"""Sizes of the RSA part in bytes, one for each size of key that sealing certificates have."""
TAG_SIZE = 16


def rsa_size(blob: bytes) -> int:
    """The size of the RSA part in bytes, as the first two bytes say; 0 when there are no two bytes."""
    return int.from_bytes(blob[:2], "big") if len(blob) >= 2 else 0


def flaw(text: str) -> str | None:
    """Why `text` cannot be a sealed item, or None when its shape is right. What is inside, only a key can tell."""
    try:
        blob = base64.decode(text)
    except ValueError as error:
        return str(error)
    size = rsa_size(blob)
    if size not in RSA_SIZES:
        return "it does not begin with the size of an RSA key"
    if len(blob) < 2 + size + TAG_SIZE:
        return "it is too short"
    return None
