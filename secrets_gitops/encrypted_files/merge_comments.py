"""Comments in a merge: what a side added is not lost, what a side took out goes; a comment is never a conflict."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

from secrets_gitops.documents.document import LINE_FORMATS, Edit
from secrets_gitops.documents.geometry import line_start, next_line, pair_start, stands_alone
from secrets_gitops.envelopes.sops import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Comment, Document


def carry(merged: Document, base: Document | None, sides: tuple[Document, Document]) -> Document:
    """`merged` with the comments that one of the sides added, and without those that one took out."""
    if merged.format not in {"yaml", *LINE_FORMATS}:
        return merged
    known, have = _texts(base), _texts(merged)
    gone = {
        text
        for side in sides
        for text in known - _texts(side)
        if known[text] == 1 == have[text]  # of several equal ones nobody knows which
    }
    if gone:
        merged = merged.apply([_removal(merged, comment) for comment in _comments(merged) if comment.text in gone])
    for side in sides:
        lost = _texts(side) - known - _texts(merged)
        if not lost:
            continue
        edits = []
        for comment in _comments(side):
            if lost[comment.text]:
                lost[comment.text] -= 1
                edits.append(_insertion(merged, side, comment))
        merged = merged.apply(edits)
    return merged


def _comments(document: Document) -> list[Comment]:
    blocks = metadata.spans(document)
    return [comment for comment in document.comments() if not metadata.inside(blocks, comment.start)]


def _texts(document: Document | None) -> Counter[str]:
    return Counter(comment.text for comment in _comments(document)) if document is not None else Counter()


def _removal(document: Document, comment: Comment) -> Edit:
    text = document.text
    if not comment.inline:
        return Edit(line_start(text, comment.start), next_line(text, comment.end), "")
    return Edit(len(text[: comment.start].rstrip(" \t")), comment.end, "")


def _insertion(merged: Document, side: Document, comment: Comment) -> Edit:
    """A line with the comment above its pair, or above the nearest pair around it that is there."""
    text = merged.text
    newline = "\r\n" if "\r\n" in text else "\n"
    start = next(_homes(merged, side, comment), 0)
    start = line_start(text, start) if stands_alone(text, start) else 0
    if side.format in LINE_FORMATS:
        return Edit(start, start, side.text[line_start(side.text, comment.start) : comment.end] + newline)
    indent = len(text[start:]) - len(text[start:].lstrip(" "))
    return Edit(start, start, f"{' ' * indent}#{comment.text}{newline}")


def _homes(merged: Document, side: Document, comment: Comment) -> Iterator[int]:
    """Where pairs begin that the comment may stand above, the innermost first."""
    root = max(bisect_right(side.roots, comment.start, key=lambda one: one.start) - 1, 0)
    if root >= len(merged.roots) or root >= len(side.roots):
        return
    line = line_start(side.text, comment.start) if comment.inline else comment.end
    found: list[int] = []
    node, ours = side.roots[root].resolved(), merged.roots[root].resolved()
    lines = merged.format in LINE_FORMATS
    while node.kind == "mapping" and ours.kind == "mapping" and (lines or ours.style == "block"):
        at = next((at for at, (_, value) in enumerate(node.pairs) if value.end > line), None)
        key = node.pairs[at][0].text if at is not None else None
        position = ours.position(key) if key is not None else None
        if at is None or position is None:
            break
        found.append(ours.pairs[position][0].start if lines else pair_start(merged.text, ours, position))
        if node.pairs[at][0].start >= line:
            break
        node, ours = node.pairs[at][1].resolved(), ours.pairs[position][1].resolved()
    yield from reversed(found)
