"""Close merged plaintext with the block of one side, in the envelopes that either side has for its values already."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.documents.document import Edit
from secrets_gitops.envelopes.sops import block, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.opened import Opened


def close(
    plain: Document,
    keeper: Opened,
    known: Sequence[Opened | None],
    now: str,
    *,
    random: Callable[[int], bytes] = os.urandom,
) -> Document:
    """The plaintext, encrypted under the data key and with the block of `keeper`.

    Values that stand in an envelope in `keeper`, or in one of `known` with the same data key, get that envelope again.
    """
    from secrets_gitops.envelopes.sops import sealing  # noqa: PLC0415  most merges of a repository need none

    if keeper.binary:
        keeper.replace_plain(plain)
        return keeper.seal(now, random=random)
    source = _with_newlines(keeper.sealed, plain)
    blocks = [block.cut(source, root) for root in range(len(source.roots))]
    found = keeper.metadata
    sealer = sealing.Sealer(found.selector, keeper.data_key, found.mac_only_encrypted, random)
    seen: set[str] = set()
    for one in (keeper, *known):
        if one is not None and one.data_key.reveal() == keeper.data_key.reveal():
            reads = [read for read in one.reads if reading.raw(one.sealed, read.leaf) not in seen]
            seen |= {reading.raw(one.sealed, read.leaf) for read in reads if read.state == "sealed"}
            sealer.memory.remember(one.sealed, reads)
    return sealer.seal(plain, blocks, now)


def _with_newlines(source: Document, like: Document) -> Document:
    """`source` with the line breaks of `like`, so that a block goes from the one into the other."""
    newline = block.newline_of(like)
    if block.newline_of(source) == newline or "\n" not in like.text:
        return source
    text = source.text.replace("\r\n", "\n").replace("\n", newline)
    return source.apply([Edit(0, len(source.text), text)])
