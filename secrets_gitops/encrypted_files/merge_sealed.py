"""A merge without a key: envelopes go as they are, by path, where only one side changed them.

Each side's whole `sops` block is kept, between markers: no MAC there fits what was merged, and only somebody with a key
can make one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents import conflicts
from secrets_gitops.documents.document import LINE_FORMATS, Edit
from secrets_gitops.encrypted_files import merge_comments
from secrets_gitops.encrypted_files.merge_text import transplant, trees
from secrets_gitops.encrypted_files.merge_trees import Absent, Digests
from secrets_gitops.encrypted_files.merge_trees import merge as merge_trees
from secrets_gitops.envelopes.sops import block, metadata
from secrets_gitops.envelopes.sops.reading import shown
from secrets_gitops.errors import DocumentError

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document

_WHOLE = ".", metadata.KEY


def merge(
    base: Document | None, ours: Document, theirs: Document, size: int, labels: tuple[str, str]
) -> tuple[str, tuple[str, ...]]:
    """The text with markers, and the paths in conflict, among them always `sops`."""
    try:
        found = _merged(base, ours, theirs)
    except DocumentError:
        found = None
    if found is None:  # nothing of one file may stand in the other: each side is kept as it is
        return conflicts.join(ours.text, theirs.text, size=size, labels=labels), _WHOLE
    one, other, names = found
    parts = _parts(one, other)
    joined = [
        conflicts.join(mine, yours, size=size, labels=labels, whole=at == 1) for at, (mine, yours) in enumerate(parts)
    ]
    return "".join(joined), (*names, metadata.KEY)


def _merged(
    base: Document | None, ours: Document, theirs: Document
) -> tuple[Document, Document, tuple[str, ...]] | None:
    """Our and their version of the merged file; None where it is not certain that all have the same data key."""
    if base is None or ours.format in LINE_FORMATS or not _share_a_key(base, ours, theirs):
        return None
    digests = Digests()
    versions = [trees(one) for one in (base, ours, theirs)]
    if len({len(one) for one in versions}) > 1:
        return None
    parts = [merge_trees(a, b, c, digests) for a, b, c in zip(*versions, strict=True)]
    mine = [part.ours for part in parts if not isinstance(part.ours, Absent)]
    yours = [part.theirs for part in parts if not isinstance(part.theirs, Absent)]
    one = merge_comments.carry(transplant(ours, mine, theirs, digests), base, (ours, theirs))
    other = transplant(one, yours, theirs, digests)
    edits = []
    for root in range(len(other.roots)):
        here, there = block.cut(other, root), block.cut(theirs, root)
        if here is None or there is None:
            return None
        edits.append(Edit(here.start, here.end, there.text))
    return one, other.apply(edits), tuple(shown(path) for part in parts for path in part.conflicts)


def _share_a_key(*documents: Document) -> bool:
    """Does one wrapped key stand in all of them? Then none of them was rotated."""
    wrapped = []
    for document in documents:
        found = metadata.read(document)
        if found is None or len(found.groups) > 1:
            return False
        wrapped.append({(entry.kind, entry.recipient, entry.enc) for entry in found.entries})
    return bool(set.intersection(*wrapped))


def _parts(one: Document, other: Document) -> list[tuple[str, str]]:
    """Both texts, cut before and behind the block of a file with one document."""
    if len(one.roots) != 1 or one.format != "yaml":
        return [(one.text, other.text)]
    mine, yours = block.cut(one, 0), block.cut(other, 0)
    if mine is None or yours is None:
        return [(one.text, other.text)]
    return [
        (one.text[: mine.start], other.text[: yours.start]),
        (one.text[mine.start : mine.end], other.text[yours.start : yours.end]),
        (one.text[mine.end :], other.text[yours.end :]),
    ]
