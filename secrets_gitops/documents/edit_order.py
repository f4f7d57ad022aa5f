"""Another order of the keys of a mapping, as Edits: each pair moves with its lines and the comments above it."""

from __future__ import annotations

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.edit_block import comments_above
from secrets_gitops.documents.geometry import column, layout_of, line_start, next_line, pair_start, stands_alone
from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document, Node


def reordered(document: Document, node: Node, order: Sequence[int]) -> list[Edit]:
    """The edits that put the pairs of a YAML or JSON mapping into `order`, which names each by its place now.

    A comment line above a pair goes with it; one that opens the document stays. Raises DocumentError where the mapping
    begins behind a dash and a commented pair would come first.
    """
    text = document.text
    if node.style != "block":
        spans = [(key.start, value.end) for key, value in node.pairs]
        return [
            Edit(*spans[at], text[slice(*spans[one])]) for at, one in enumerate(order) if at != one
        ]  # commas and blanks stay where they are
    starts = [pair_start(text, node, at) for at in range(len(node.pairs))]
    indent = column(text, starts[0])
    begins = [
        comments_above(text, line_start(text, start), indent) if stands_alone(text, start) else start
        for start in starts
    ]
    ends = [*begins[1:], next_line(text, node.pairs[-1][1].end)]
    newline = layout_of(document).newline
    parts = [_ended(text[begin:end], newline) for begin, end in zip(begins, ends, strict=True)]
    behind_dash = not stands_alone(text, starts[0])
    if behind_dash:
        if order[0] and begins[order[0]] != line_start(text, starts[order[0]]):
            raise DocumentError(
                "a comment above this key hinders its move to the dash of the item",
                place=Place(document.path, node.pairs[order[0]][0].line),
            )
        parts[0] = " " * indent + parts[0]
    moved = "".join(parts[one] for one in order)[indent if behind_dash else 0 :]
    if not text[begins[0] : ends[-1]].endswith(("\n", "\r")):
        moved = moved.removesuffix(newline)
    return [Edit(begins[0], ends[-1], moved)]


def _ended(lines: str, newline: str) -> str:
    return lines if lines.endswith(("\n", "\r")) else lines + newline
