"""Edits inside brackets and braces: YAML's flow style, and all of JSON."""

from __future__ import annotations

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.emit import json_scalar, json_text, yaml_flow
from secrets_gitops.documents.geometry import colon_end, inner_start, lead_of, stands_alone
from secrets_gitops.documents.lines import JSON_BREAKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.geometry import Layout
    from secrets_gitops.documents.plain import Tree


def replaced(
    document: Document, parent: Node | None, index: int, node: Node, value: Tree, layout: Layout
) -> list[Edit]:
    """The edits that put `value` in the place of a member of `parent` (or of the root)."""
    text = document.text
    body = _text(document, node.start, value, layout, wide=parent is None or _is_wide(text, parent))
    if node.start == node.end and parent is not None and parent.kind == "mapping":
        key = parent.pairs[index][0]
        colon = colon_end(text, key, node)
        if colon is None and not text[key.start : key.end].isprintable():  # a key of several lines needs a `?`
            return [Edit(key.start, key.start, "? "), Edit(node.start, node.end, f" : {body}")]
        body = f": {body}" if colon is None else f" {body}" if colon == node.start else body
    return [Edit(node.start, node.end, body)]


def added(document: Document, node: Node, step: str | int, value: Tree, layout: Layout) -> list[Edit]:
    """The edits that add a member at the end of a collection: under the key `step`, or as the last item."""
    text = document.text
    json = document.format == "json"
    members = node.pairs or node.items
    if not members:
        start = inner_start(text, node)
        new: Tree = {step: value} if isinstance(step, str) else [value]
        return [Edit(start, node.end, _text(document, start, new, layout, wide=layout.json_indent is not None))]
    starts, ends = _spans(node)
    wide = _is_wide(text, node)
    body = _text(document, starts[-1], value, layout, wide=wide)
    if isinstance(step, str):
        key, last = node.pairs[-1]
        gap = text[key.end : last.start] if json else ": "
        if json:
            body = f"{json_scalar(step)}{gap if gap.isprintable() else ': '}{body}"
        else:
            body = yaml_flow({step: value})[1:-1]
    if wide:
        comma = f",{layout.newline}{lead_of(text, starts[-1], JSON_BREAKS)}"
    else:
        between = text[ends[-2] : starts[-1]] if len(members) > 1 else ", "
        comma = between if between in {",", ", "} else ", "
    end = ends[-1]
    if text[end - 1] == ":" and not json:  # the last value is not written: `{a:}`
        comma = f" {comma}"
    if node.kind == "mapping" and text[inner_start(text, node)] != "{":  # the `a: b` of `[a: b]`
        return [Edit(node.start, node.start, "{"), Edit(node.end, node.end, f"{comma}{body}}}")]
    return [Edit(end, end, f"{comma}{body}")]


def removed(document: Document, node: Node, index: int) -> list[Edit]:
    """The edits that remove a member of a collection that has others, with one comma."""
    starts, ends = _spans(node)
    if index + 1 < len(starts):
        return [Edit(starts[index], starts[index + 1], "")]
    unwritten = document.format == "yaml" and document.text[ends[index - 1] - 1] == ":"
    return [Edit(ends[index - 1], ends[index], " " if unwritten else "")]  # `{a:}` is not YAML


def _spans(node: Node) -> tuple[list[int], list[int]]:
    if node.kind == "mapping":
        return [key.start for key, _ in node.pairs], [value.end for _, value in node.pairs]
    return [item.start for item in node.items], [item.end for item in node.items]


def _is_wide(text: str, node: Node) -> bool:
    """Whether the members of a collection stand on lines of their own."""
    starts, _ = _spans(node)
    return bool(starts) and stands_alone(text, starts[-1], JSON_BREAKS)


def _text(document: Document, at: int, value: Tree, layout: Layout, *, wide: bool) -> str:
    if document.format == "yaml":
        return yaml_flow(value)
    indent = layout.json_indent if wide else None
    return json_text(value, indent=indent, outer=lead_of(document.text, at, JSON_BREAKS)).replace("\n", layout.newline)
