"""Aliases in plaintext: one that repeats a value to be encrypted is written out, since each copy has its own envelope.

Aliases of values that stay in clear are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents import emit
from secrets_gitops.documents.document import Edit, walk
from secrets_gitops.documents.properties import content_start
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.envelopes.sops import tree
from secrets_gitops.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.envelopes.sops.selection import Selection
    from secrets_gitops.envelopes.sops.tree import Leaf


def expand(document: Document, selection: Selection) -> tuple[Document, list[int]]:
    """The document with those aliases written out, and the lines on which they stood.

    A block is copied as a block where that fits, and otherwise written on one line in braces or brackets.
    """
    lines: list[int] = []
    while "*" in document.text and document.format == "yaml":
        leaves = tree.walk(document, selection, sealed=False)
        aliases = _to_expand(document, leaves)
        if not aliases:
            break
        lines = lines or [alias.line for alias, _ in aliases]
        expanded = _expanded(document, selection, leaves, aliases, _block_copy)
        expanded = expanded or _expanded(document, selection, leaves, aliases, _line_copy)
        if expanded is None:
            raise DocumentError(
                "an alias of a value that is to be encrypted cannot be written out here",
                hints=("write the value out by hand",),
                place=document.place(aliases[0][0]),
            )
        document = expanded
    return document, lines


def _expanded(
    document: Document,
    selection: Selection,
    leaves: list[Leaf],
    aliases: list[tuple[Node, bool]],
    copy: Callable[[Document, Node, bool], str],
) -> Document | None:
    """The document with copies in place of the aliases; None when it would not be read as the same tree."""
    edits = []
    for alias, flow in aliases:
        text, start = copy(document, alias, flow), alias.start
        while text.startswith("\n") and document.text[start - 1] == " ":
            start -= 1
        edits.append(Edit(start, alias.end, text))
    try:
        expanded = document.apply(edits)
        same = _shape(document, leaves) == _shape(expanded, tree.walk(expanded, selection, sealed=False))
    except DocumentError:
        return None
    return expanded if same else None


def _to_expand(document: Document, leaves: list[Leaf]) -> list[tuple[Node, bool]]:
    """The outermost aliases under which something is encrypted, here or where the anchor stands; are they in braces?"""
    sealed = {
        id(leaf.node)
        for leaf in leaves
        if leaf.selected and leaf.node is not None and leaf.node.text and resolve(leaf.node, "go_v3") is not None
    }
    braces = _in_braces(document)
    found = {
        id(leaf.alias): (leaf.alias, id(leaf.alias) in braces)
        for leaf in leaves
        if leaf.alias is not None and id(leaf.node) in sealed
    }
    return list(found.values())


def _in_braces(document: Document) -> set[int]:
    """The ids of the aliases that stand inside `[…]` or `{…}`."""
    found: set[int] = set()
    waiting = [(root, False) for root in document.roots]
    while waiting:
        node, flow = waiting.pop()
        if node.kind == "alias":
            if flow:
                found.add(id(node))
            continue
        flow = flow or node.style == "flow"
        waiting += [(child, flow) for pair in node.pairs for child in pair]
        waiting += [(child, flow) for child in node.items]
    return found


def _shape(document: Document, leaves: list[Leaf]) -> list[tuple[object, ...]]:
    return [
        (leaf.root, leaf.path, leaf.selected, leaf.node.tag, repr(resolve(leaf.node, "go_v3", path=document.path)))
        for leaf in leaves
        if leaf.node is not None
    ]


def _block_copy(document: Document, alias: Node, flow: bool) -> str:
    """The text of what an alias repeats, indented for the place of the alias, without the anchors in it."""
    target = alias.resolved()
    if flow or target.style == "flow" or (target.kind == "scalar" and target.style not in {"literal", "folded"}):
        return _line_copy(document, alias, flow)
    text = document.text
    start = content_start(text, target.start, target.end)
    properties = _tags(text[target.start : start])
    inner = _without_anchors(document, target, start)
    line = text[text.rfind("\n", 0, alias.start) + 1 : alias.start]
    indent = len(line) - len(line.lstrip(" -")) + 2
    if target.kind == "scalar":
        return _shifted(properties + inner, indent - _text_column(inner))
    column = start - text.rfind("\n", 0, start) - 1
    return f"{properties.rstrip()}\n{' ' * indent}{_shifted(inner, indent - column)}"


def _line_copy(document: Document, alias: Node, flow: bool) -> str:  # noqa: ARG001  as `_block_copy`
    """What an alias repeats, on one line."""
    parts: list[str] = []
    waiting: list[Node | str] = [alias.resolved()]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        if node.kind == "alias":
            parts.append(document.text[node.start : node.end])
            continue
        parts.append(_tags(document.text[node.start : content_start(document.text, node.start, node.end)]))
        if node.kind == "scalar":
            parts.append(_scalar_on_a_line(document, node))
        elif node.kind == "mapping":
            members: list[Node | str] = []
            for key, value in node.pairs:
                members += [key, ": ", value, ", "]
            waiting += reversed(["{", *members[:-1], "}"])
        else:
            members = [part for item in node.items for part in (item, ", ")]
            waiting += reversed(["[", *members[:-1], "]"])
    return "".join(parts)


def _scalar_on_a_line(document: Document, node: Node) -> str:
    """A scalar as it may stand between braces: as it is when that is possible."""
    source = document.text[content_start(document.text, node.start, node.end) : node.end]
    if "\n" not in source and "\r" not in source:
        if node.style in {"single", "double"}:
            return source
        if node.style == "plain" and not set(source) & set(",[]{}"):
            return source or "null"
    return emit.yaml_scalar(node.text)


def _tags(properties: str) -> str:
    return "".join(f"{word} " for word in properties.split() if word.startswith("!"))


def _without_anchors(document: Document, target: Node, start: int) -> str:
    """The text of a node without the anchors inside: an alias means the last one before it."""
    text = document.text[start : target.end]
    spans = []
    for node in walk(target):
        if node.anchor is not None and node is not target:
            at = document.text.index(f"&{node.anchor}", node.start) - start
            spans.append((at, at + len(node.anchor) + 1))
    for begin, end in sorted(spans, reverse=True):
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
