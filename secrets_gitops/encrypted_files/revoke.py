"""Take a recipient out of a file for good: out of its keys, and away from what is encrypted from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.encrypted_files import recipients, rules
from secrets_gitops.encrypted_files.rotate import rotate, standing
from secrets_gitops.envelopes.sops import opened
from secrets_gitops.errors import Error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document
    from secrets_gitops.encrypted_files.rotate import Rotated
    from secrets_gitops.keys.keyring import Keyring


def stands(document: Document, recipient: str) -> bool:
    """Can this recipient open the file? Needs no key. Raises NotSealed and what reading the metadata raises."""
    return bool(standing(opened.required_metadata(document), recipient))


def revoke(document: Document, keyring: Keyring, now: str, recipient: str) -> Rotated:
    """The document under a new data key that this recipient does not get. Raises what `rotate` raises."""
    return rotate(document, keyring, now, remove=[recipient])


def rules_that_name(document: Document, recipient: str, *, config: str | None = None) -> Iterator[str]:
    """Where the rule of a file still names the recipient: `path:line:column`."""
    kind, text = recipients.named(recipient)
    try:
        rule = rules.find(document.path, config=config, strict=False).rule
        for group in rule.groups if rule is not None else ():
            for key in group:
                if recipients.is_meant(kind, text, (key.kind, recipients.canonical(key.kind, key.text, key.place))):
                    yield str(key.place)
    except Error:  # what is wrong with rules is told where they are used
        return
