"""A document's text cut at its `---` lines, so that each YAML document can be kept, changed or replaced by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document, Edit, Node

_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)


class Chunk(NamedTuple):
    """One root with the text around it. The chunks of a document, joined, are its text."""

    document: Document
    root: Node
    start: int
    """Of its `---` line, or of the text."""
    end: int

    @property
    def text(self) -> str:
        """As it stands."""
        return self.document.text[self.start : self.end]

    def spliced(self, edits: Sequence[Edit]) -> str:
        """The text after edits that lie in this chunk."""
        out: list[str] = []
        at = self.start
        for edit in sorted(edits):
            out += (self.document.text[at : edit.start], edit.text)
            at = edit.end
        return "".join([*out, self.document.text[at : self.end]])

    def replaced(self, text: str) -> str:
        """`text`, which ends its last line, instead of the root; what stands before (marker, comments) is kept."""
        head = self.document.text[self.start : self.root.start]
        tail = self.document.text[self.root.end : self.end].removeprefix("\r").removeprefix("\n")
        if head.strip() and not head.endswith("\n"):
            head = head.rstrip(" \t") + "\n"
        return head.rstrip(" \t") + text + tail


def split(document: Document) -> list[Chunk]:
    """One chunk for each root of the document, in order."""
    starts = [0] if document.roots else []
    for before, root in zip(document.roots, document.roots[1:], strict=False):
        found = None
        if document.format == "yaml":
            # Between two roots stand only comments, `...` lines and markers; the last marker begins the next document.
            for found in _MARKER.finditer(document.text, before.end, max(root.start, before.end)):  # noqa: B007
                pass
        starts.append(found.start() if found is not None else root.start)
    ends = [*starts[1:], len(document.text)][: len(starts)]
    return [Chunk(document, root, start, end) for root, start, end in zip(document.roots, starts, ends, strict=True)]
