"""The MAC of a file: SHA-512 over the plaintext of all values in order, encrypted with the time of the last change.

Keys, structure, types, comments, nulls and empty strings are not part of it: a valid MAC says that the values and
their order are intact, not that the file is unchanged.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ONLY_ENCRYPTED_START = hashlib.sha256(b"sops").digest()
"""Hashed first under `mac_only_encrypted`, so that the two kinds of MAC never agree."""


def compute(values: Iterable[bytes], *, only_encrypted: bool) -> str:
    """The MAC over the bytes of the values that count: 128 capital hexadecimal digits."""
    digest = hashlib.sha512(ONLY_ENCRYPTED_START if only_encrypted else b"")
    for data in values:
        digest.update(data)
    return digest.hexdigest().upper()
