"""Aliases in plaintext: one that repeats a value to be encrypted is written out, since each copy has its own envelope.

Aliases of values that stay in clear are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.properties import content_start
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.envelopes.sops import tree
from secrets_gitops.errors import DocumentError

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.envelopes.sops.selection import Selection
    from secrets_gitops.envelopes.sops.tree import Leaf


def expand(document: Document, selection: Selection) -> tuple[Document, list[int]]:
    """The document with those aliases written out, and the lines on which they stood.

    Raises DocumentError where the layout does not allow it.
    """
    lines: list[int] = []
    while "*" in document.text and document.format == "yaml":
        leaves = tree.walk(document, selection, sealed=False)
        aliases = _to_expand(document, leaves)
        if not aliases:
            break
        flows = {id(leaf.alias): leaf.flow for leaf in leaves if leaf.alias is not None}
        edits = [_expansion(document, alias, flow=flows[id(alias)]) for alias in aliases]
        lines = lines or [alias.line for alias in aliases]
        expanded = document.apply(edits)
        if _shape(tree.walk(expanded, selection, sealed=False)) != _shape(leaves):
            raise DocumentError(
                "an alias of a value that is to be encrypted cannot be written out here",
                hints=("write the value out by hand",),
                place=document.place(aliases[0]),
            )
        document = expanded
    return document, lines


def _to_expand(document: Document, leaves: list[Leaf]) -> list[Node]:
    """The outermost aliases under which something is encrypted, here or where the anchor stands."""
    sealed = {
        id(leaf.node) for leaf in leaves if leaf.selected and leaf.node is not None and _has_bytes(document, leaf.node)
    }
    found = {
        id(leaf.alias): leaf.alias
        for leaf in leaves
        if leaf.alias is not None and leaf.node is not None and id(leaf.node) in sealed
    }
    return list(found.values())


def _has_bytes(document: Document, node: Node) -> bool:
    return node.text != "" and resolve(node, "go_v3", path=document.path) is not None


def _shape(leaves: list[Leaf]) -> list[tuple[object, ...]]:
    return [
        (leaf.root, leaf.path, leaf.selected, leaf.node.text, leaf.node.tag, leaf.node.style in {"plain", "json"})
        for leaf in leaves
        if leaf.node is not None
    ]


def _expansion(document: Document, alias: Node, *, flow: bool) -> Edit:
    text, start = _copy(document, alias, flow=flow), alias.start
    while text.startswith("\n") and document.text[start - 1] == " ":
        start -= 1
    return Edit(start, alias.end, text)


def _copy(document: Document, alias: Node, *, flow: bool) -> str:
    """The text of what an alias repeats, indented for the place of the alias; anchors inside keep only one home."""
    target = alias.resolved()
    text = document.text
    start = content_start(text, target.start, target.end)
    tag = _tag(text[target.start : start])
    if (target.kind == "scalar" and target.style not in {"literal", "folded"}) or target.style == "flow" or flow:
        return _one_line(document, target, tag, flow=flow)
    inner = _without_anchors(document, target, start)
    column = start - text.rfind("\n", 0, start) - 1
    line = text[text.rfind("\n", 0, alias.start) + 1 : alias.start]
    base = len(line) - len(line.lstrip(" -"))
    if target.kind == "scalar":  # a block scalar: its lines hang on the indentation of the line it begins on
        return _shifted(tag + inner, base + 2 - _text_column(inner))
    shift = base + 2 - column
    return f"{tag.rstrip()}\n{' ' * (base + 2)}{_shifted(inner, shift)}"


def _tag(properties: str) -> str:
    return "".join(f"{word} " for word in properties.split() if word.startswith("!"))


def _one_line(document: Document, target: Node, tag: str, *, flow: bool) -> str:
    start = content_start(document.text, target.start, target.end)
    if (flow and target.kind != "scalar" and target.style == "block") or target.style in {"literal", "folded"}:
        raise DocumentError(
            "an alias inside brackets repeats a block, which cannot be written out there",
            hints=("write the value out by hand",),
            place=document.place(target),
        )
    return tag + _without_anchors(document, target, start)


def _without_anchors(document: Document, target: Node, start: int) -> str:
    """The text of a node; anchors stay (an alias means the last one before it), so they are taken out of the copy."""
    text = document.text[start : target.end]
    edits = []
    waiting = [target]
    while waiting:
        node = waiting.pop()
        if node.anchor is not None and node is not target:
            at = document.text.index(f"&{node.anchor}", node.start)
            edits.append((at - start, at - start + len(node.anchor) + 1))
        waiting += [child for pair in node.pairs for child in pair] + list(node.items)
    for begin, end in sorted(edits, reverse=True):
        text = text[:begin] + text[end:].lstrip(" ")
    return text


def _text_column(block_scalar: str) -> int:
    lines = [line for line in block_scalar.splitlines()[1:] if line.strip()]
    return min((len(line) - len(line.lstrip(" ")) for line in lines), default=0)


def _shifted(text: str, by: int) -> str:
    """All lines but the first moved to the right or left."""
    first, *rest = text.splitlines(keepends=True)
    moved = [
        (" " * by + line if by > 0 else line[min(-by, len(line) - len(line.lstrip(" "))) :]) if line.strip() else line
        for line in rest
    ]
    return "".join([first, *moved])
