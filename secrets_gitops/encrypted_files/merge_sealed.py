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
from secrets_gitops.envelopes.sops.cut import Stamp
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
    if base is None or not _share_a_key(base, ours, theirs):
        return None
    digests = Digests()
    versions = [_without_lines_of_block(one) for one in (base, ours, theirs)]
    values = [trees(one) for one in versions]
    if len({len(one) for one in values}) > 1:
        return None
    parts = [merge_trees(a, b, c, digests) for a, b, c in zip(*values, strict=True)]
    mine = [part.ours for part in parts if not isinstance(part.ours, Absent)]
    yours = [part.theirs for part in parts if not isinstance(part.theirs, Absent)]
    one = transplant(versions[1], mine, versions[2], digests)
    one = merge_comments.carry(one, versions[0], (versions[1], versions[2]))
    other = transplant(one, yours, versions[2], digests)
    names = tuple(shown(path) for part in parts for path in part.conflicts)
    return _with_block(one, ours), _with_block(other, theirs), names


def _without_lines_of_block(document: Document) -> Document:
    """A dotenv or INI file without its block, whose lines stand among the others; other files as they are."""
    found = block.cut(document, 0) if document.format in LINE_FORMATS else None
    return document if found is None else document.apply(block.removals(document, 0, found))


def _with_block(document: Document, source: Document) -> Document:
    """The document with the block of `source`, in place of its own where it has one."""
    if document.format in LINE_FORMATS:
        there, found = block.cut(source, 0), metadata.read(source)
        assert there is not None
        assert found is not None
        return document.apply([block.insertion(document, 0, there, Stamp(found.lastmodified, found.mac))])
    edits = []
    for root in range(len(document.roots)):
        here, there = block.cut(document, root), block.cut(source, root)
        if here is not None and there is not None:
            edits.append(Edit(here.start, here.end, there.text))
    return document.apply(edits)


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
