"""A plaintext document becomes an encrypted one: a new data key, wrapped for the recipients, and a new block."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.envelopes.sops import binary_store, block, flat, groups, metadata
from secrets_gitops.envelopes.sops.sealing import Sealer
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selection
from secrets_gitops.errors import AlreadySealed, DocumentError, Place, SettingsError
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.groups import KeyGroups
    from secrets_gitops.envelopes.sops.reading import Read
    from secrets_gitops.envelopes.sops.selection import Selector


def create(
    plain: Document,
    keys: KeyGroups,
    selector: Selector,
    now: str,
    *,
    mac_only_encrypted: bool = False,
    allow_clear: bool = False,
    indent: int | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> tuple[Document, list[int]]:
    """The encrypted document, and the lines of aliases that had to be written out.

    Raises AlreadySealed, DocumentError for what sops cannot hold, SettingsError for keys that make no sense and for a
    selector that is not valid or, unless `allow_clear`, leaves everything in clear.
    `indent`: by how much new text is indented where the file shows no habit of its own.
    """
    refuse_own_block(plain)
    Selection(selector)  # an expression that is not valid is an error here, and matches nothing in files that exist

    def refuse_all_clear(reads: Sequence[Read]) -> None:
        values = [read for read in reads if read.type != "comment" and read.data]
        if values and not allow_clear and not any(read.state == "sealed" for read in values):
            raise SettingsError(
                f"nothing would be encrypted: `{selector}` leaves every value of the file in clear",
                hints=("correct the selector in the creation rule, or leave the file as it is",),
                place=Place(plain.path),
            )

    binary = plain.format == "binary"
    if binary:  # no selector counts for it
        plain, selector, mac_only_encrypted = binary_store.holder(plain, indent), DEFAULT, False
    keys.check()
    data_key = Plaintext(random(32))
    entries = groups.wrap(data_key, keys, now, random=random)
    sealer = Sealer(selector, data_key, mac_only_encrypted, random)
    blocks = [
        block.new(
            plain,
            root,
            entries,
            keys.threshold,
            None if binary else selector,
            mac_only_encrypted=mac_only_encrypted,
            indent=indent,
        )
        for root in range(len(plain.roots))
    ]
    sealed = sealer.seal(plain, blocks, now, check=refuse_all_clear)
    data_key.wipe()
    return sealed, sealer.expanded


def refuse_own_block(plain: Document) -> None:
    """Raise unless the top of every document is free of the key `sops`; empty files have nothing to encrypt."""
    if metadata.find(plain) is not None:
        raise AlreadySealed(
            f"`{plain.path}` is encrypted already",
            hints=(f"`secrets-gitops edit {plain.path}` or `set` changes it",),
            place=Place(plain.path),
        )
    if not plain.roots:
        raise DocumentError("there is nothing in the file to encrypt", place=Place(plain.path))
    for root in plain.roots:
        for key, _ in root.resolved().pairs:
            if plain.format == "dotenv" and key.text.startswith(flat.PREFIX):
                raise DocumentError(
                    f"keys that begin with `{flat.PREFIX}` are kept for the metadata",
                    hints=("give it another name",),
                    place=plain.place(key),
                )
            if key.resolved().text == metadata.KEY and plain.format != "dotenv":
                raise DocumentError(
                    "a key `sops` at the top of a document is kept for the metadata",
                    hints=("give it another name, or put it under another key",),
                    place=plain.place(key),
                )
