"""Does a file open, does its MAC fit, and is nothing in it left in clear that should not be?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.envelopes.sops import opened

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document
    from secrets_gitops.keys.keyring import Keyring


class Verified(NamedTuple):
    """What was found to be intact."""

    values: int
    """Encrypted values, without comments."""
    recipients: int
    lastmodified: str


def verify(document: Document, keyring: Keyring) -> Verified:
    """Open all of it. Raises Tampered, NoMatchingKey and what else `opened.open` raises."""
    result = opened.open(document, keyring)
    sealed = sum(read.state == "sealed" and read.type != "comment" for read in result.reads)
    return Verified(sealed, len(result.metadata.entries), result.metadata.lastmodified)
