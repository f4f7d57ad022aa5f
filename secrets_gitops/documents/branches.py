"""A document as sops keeps it in memory: maps and lists in order, values with their types, comments among them.

For writing a document in another format. The text of a file in its own format is never made from this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from secrets_gitops.documents.document import Comment, Document, Node
    from secrets_gitops.documents.scalars import Scalar

    Value: TypeAlias = "Scalar | Branch | Items"


class Remark(NamedTuple):
    """A comment: the text without its sign."""

    text: str
    inline: bool = False


class Branch(list["tuple[str, Value] | Remark"]):
    """A map: its keys and values, and the comments before them."""

    __slots__ = ()

    def pairs(self) -> list[tuple[str, Value]]:
        """Without the comments."""
        return [item for item in self if not isinstance(item, Remark)]


class Items(list["Value | Remark"]):
    """A list, and the comments before its items."""

    __slots__ = ()


def branches(document: Document) -> list[Branch]:
    """One map for each document of the file. A document that is null or empty gives an empty map."""
    slots = _slots(document)
    found = []
    for root in document.roots:
        top = Branch()
        found.append(top)
        waiting: list[tuple[Node, Branch | Items]] = [(root, top)]
        while waiting:
            node, into = waiting.pop()
            node = node.resolved()
            comments = slots.get(id(node), {})
            children: Sequence[tuple[Node | None, Node]] = node.pairs or [(None, item) for item in node.items]
            if isinstance(into, Branch):
                children = node.pairs
            for at, (key, child) in enumerate(children):
                into.extend(_remarks(comments.get(at, ())))
                value = _value(document, child, waiting)
                into.append(value if key is None else (key.resolved().text, value))  # type: ignore[arg-type]
            into.extend(_remarks(comments.get(len(children), ())))
    return found or [Branch()]


def _value(document: Document, child: Node, waiting: list[tuple[Node, Branch | Items]]) -> Value:
    node = child.resolved()
    if node.kind == "scalar":
        if node.start in document.typed:
            return document.typed[node.start]
        return resolve(node, "go_v3", path=document.path)
    inner: Branch | Items = Branch() if node.kind == "mapping" else Items()
    waiting.append((node, inner))
    return inner


def _slots(document: Document) -> dict[int, dict[int, list[Comment]]]:
    if document.slots is not None:
        return document.slots
    if document.format != "yaml":
        return {}
    from secrets_gitops.documents import attachment  # noqa: PLC0415  other formats have none

    return attachment.attach(document)


def _remarks(comments: Sequence[Comment]) -> list[Remark]:
    return [Remark(comment.text, comment.inline) for comment in comments]
