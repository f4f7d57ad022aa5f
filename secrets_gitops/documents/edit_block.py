"""Edits of YAML's block style, where lines and indentation carry the structure."""

from __future__ import annotations

import re
from typing import NamedTuple

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.emit import yaml_block, yaml_flow, yaml_scalar
from secrets_gitops.documents.geometry import (
    block_column,
    colon_end,
    column,
    dash_of,
    line_end,
    line_start,
    lines_below_stay,
    next_line,
    pair_start,
    stands_alone,
)  # fmt: skip
from secrets_gitops.documents.properties import content_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.geometry import Layout
    from secrets_gitops.documents.plain import Tree

_HEADER = re.compile("([|>])([-+0-9]*)([ \t]+#[^\r\n\x85\u2028\u2029]*)?")


def lines_for(text: str, end: int, value: Mapping[str, Tree] | Sequence[Tree], indent: int, layout: Layout) -> str:
    """The lines of a collection that ends where `end` stands now, without the first indentation and last line break."""
    blocks = lines_below_stay(text, end, indent + 1)
    body = yaml_block(value, indent, step=layout.step, dash=layout.dash, blocks=blocks)
    return body[indent:-1].replace("\n", layout.newline)


class _Old(NamedTuple):
    """A value that is replaced, and what stands around it."""

    node: Node
    sign: int
    """Where the colon or dash before it ends."""
    end: int
    """Of the text that goes: with the blanks behind it, and for a block collection with a comment on its last line."""
    in_block: bool
    """It is a block collection."""
    below: bool
    """It begins on a line below its colon or dash."""
    alone: bool
    """Nothing, not even a comment, follows it on its last line."""


def replaced(document: Document, parent: Node, index: int, value: Tree, layout: Layout) -> list[Edit]:
    """The edits that put `value` in the place of a member of a block collection."""
    text = document.text
    is_item = parent.kind == "sequence"
    node = parent.items[index] if is_item else parent.pairs[index][1]
    indent = block_column(text, parent)
    sign = dash_of(text, parent, index) + 1 if is_item else colon_end(text, parent.pairs[index][0], node)
    eol = line_end(text, node.end)
    if sign is None:  # a key that begins with `?` and has no colon
        return [Edit(eol, eol, f"{layout.newline}{' ' * indent}: {yaml_flow(value)}")]
    in_block = node.kind in {"mapping", "sequence"} and node.style == "block"
    alone = in_block or not text[node.end : eol].strip(" \t")
    below = line_end(text, sign) < node.start
    old = _Old(node, sign, eol if alone else node.end, in_block=in_block, below=below, alone=alone)
    if not isinstance(value, dict | list) or not value:
        return _with_leaf(text, old, value, indent + (2 if is_item else layout.step), layout)
    if in_block and node.tag is None and node.anchor is None:
        column_now = block_column(text, node)
        if column_now > indent or (column_now == indent and not is_item and not isinstance(value, dict)):
            return [Edit(node.start, old.end, lines_for(text, eol, value, column_now, layout))]
    inner = indent + (2 if is_item else layout.step if isinstance(value, dict) else layout.dash)
    body = lines_for(text, eol, value, inner, layout)
    if is_item and old.alone and not old.below:
        return [Edit(sign, old.end, f" {body}")]
    kept = _end_of_sign_line(text, sign) if old.below else sign
    lines = f"{layout.newline}{' ' * inner}{body}"
    if in_block:
        return [Edit(kept, old.end, lines)]
    return [Edit(kept, old.end, _header_comment(text, node)), Edit(eol, eol, lines)]


def _with_leaf(text: str, old: _Old, value: Tree, indent: int, layout: Layout) -> list[Edit]:
    """The edits that put a scalar or an empty collection in the place of a member."""
    node, sign = old.node, old.sign
    comment = _header_comment(text, node)
    kept = _end_of_sign_line(text, sign) if old.in_block and old.below else sign
    on_sign_line = not old.below or (old.in_block and kept == sign)
    if isinstance(value, dict | list):
        body = yaml_flow(value)
    else:
        as_block = old.alone and not comment and on_sign_line and lines_below_stay(text, old.end, indent)
        body = yaml_scalar(value, indent=indent, inline_only=not as_block)  # type: ignore[arg-type]  # no collection
        body = body.replace("\n", layout.newline)
    body += comment
    if not old.in_block or not old.below:
        return [Edit(node.start, old.end, f" {body}" if node.start == sign else body)]
    if kept == sign:
        return [Edit(sign, old.end, f" {body}")]
    return [Edit(sign, sign, f" {body}"), Edit(kept, old.end, "")]


def _end_of_sign_line(text: str, sign: int) -> int:
    """How far the line of a colon or dash is kept when its value, on lines below, goes: to the end of its comment."""
    eol = line_end(text, sign)
    return eol if text[sign:eol].strip(" \t") else sign


def _header_comment(text: str, node: Node) -> str:
    """The comment behind the `|` of a block scalar, with the blanks before it."""
    if node.style not in {"literal", "folded"}:
        return ""
    match = _HEADER.match(text, content_start(text, node.start, node.end))
    return (match[3] or "") if match is not None else ""


def added(document: Document, node: Node, key: str | None, value: Tree, layout: Layout) -> list[Edit]:
    """The edits that add a key, or with `key=None` an item, below the last line of a block collection."""
    text = document.text
    indent = block_column(text, node)
    eol = line_end(text, node.end)
    body = lines_for(text, eol, [value] if key is None else {key: value}, indent, layout)
    edits = [Edit(eol, eol, f"{layout.newline}{' ' * indent}{body}")]
    last = _last_leaf(node)
    if eol == len(text) and last.style in {"literal", "folded"}:
        # the text's end was this scalar's end; the line break that now follows must not become a part of it
        match = _HEADER.match(text, content_start(text, last.start, last.end))
        assert match is not None
        edits.append(Edit(match.start(2), match.end(2), match[2].replace("+", "").replace("-", "") + "-"))
    return edits


def removed(document: Document, node: Node, index: int) -> list[Edit]:
    """The edits that remove a member of a block collection that has others, with its lines."""
    text = document.text
    is_item = node.kind == "sequence"
    count = len(node.items) if is_item else len(node.pairs)
    start = dash_of(text, node, index) if is_item else pair_start(text, node, index)
    member = node.items[index] if is_item else node.pairs[index][1]
    end = next_line(text, member.end)
    if not stands_alone(text, start):  # behind the dash of an item: the next member takes its place
        after = dash_of(text, node, 1) if is_item else pair_start(text, node, 1)
        return [Edit(start, after, "")]
    begin = line_start(text, start)
    follows = index + 1 < count and line_start(text, _start(text, node, index + 1)) == end
    if not follows:
        begin = comments_above(text, begin, column(text, start))
    if index:
        end = _end_of_lost_lines(
            text, end, _last_leaf(node.items[index - 1] if is_item else node.pairs[index - 1][1]), column(text, start)
        )
    return [Edit(begin, end, "")]


def _start(text: str, node: Node, index: int) -> int:
    return dash_of(text, node, index) if node.kind == "sequence" else pair_start(text, node, index)


def comments_above(text: str, begin: int, indent: int) -> int:
    """Where the comment lines directly above the line at `begin` start; `begin` when they open the document."""
    at = begin
    while at > 0:
        above = line_start(text, at - 1 - (text[at - 2 : at] == "\r\n"))
        line = text[above:at]
        if not line.startswith(" " * indent + "#"):
            opens = line.startswith(("---", "%"))
            return begin if opens else at
        at = above
    return begin


def _end_of_lost_lines(text: str, end: int, before: Node, indent: int) -> int:
    """How far the lines below a removed member must go with it, since the block scalar above would take them in."""
    if before.style not in {"literal", "folded"}:
        return end
    while end < len(text):
        line = text[end : line_end(text, end)]
        content = line.lstrip(" \t")
        if content and not (content.startswith("#") and len(line) - len(content) > indent):
            break
        end = next_line(text, end)
    return end


def _last_leaf(node: Node) -> Node:
    while node.kind in {"mapping", "sequence"} and node.style == "block":
        node = node.pairs[-1][1] if node.kind == "mapping" else node.items[-1]
    return node
