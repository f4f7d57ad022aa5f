"""Where the lines and indicators of a text stand around its nodes: what an edit needs to know beside the spans."""

from __future__ import annotations

import re
from typing import NamedTuple

from secrets_gitops.documents.document import walk
from secrets_gitops.documents.lines import JSON_BREAKS, YAML_BREAK, YAML_BREAKS
from secrets_gitops.documents.properties import content_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node

_NEWLINE = re.compile("\r?\n")
_GAP = re.compile("#[^\r\n\x85\u2028\u2029]*|[-?:]")
"""What stands between scalars: comments and indicators. Brackets and commas are not looked for."""


class Layout(NamedTuple):
    """The habits of a file, which new lines follow."""

    newline: str
    step: int
    """Blanks by which a mapping is indented under its key."""
    dash: int
    """Blanks by which the dashes of a list are indented under its key."""
    json_indent: str | None
    """For JSON: the indentation of one level; None when all stands on one line."""


def layout_of(document: Document) -> Layout:
    """The habits of a document, taken from their first example; two blanks, dashes not indented, without one."""
    text = document.text
    found = _NEWLINE.search(text)
    newline = found[0] if found is not None else "\n"
    if document.format == "json":
        return Layout(newline, 2, 0, _json_indent(document))
    step = dash = None
    for root in document.roots:
        for node in walk(root):
            if node.kind != "mapping" or node.style != "block":
                continue
            for index, (_, value) in enumerate(node.pairs):
                if value.style != "block" or not value.start < value.end or value.tag or value.anchor:
                    continue
                deeper = value.column - 1 - column(text, pair_start(text, node, index))
                if value.kind == "mapping" and step is None and deeper > 0:
                    step = deeper
                elif value.kind == "sequence" and dash is None and deeper >= 0:
                    dash = deeper
            if step is not None and dash is not None:
                return Layout(newline, step, dash, None)
    return Layout(newline, step or 2, dash or 0, None)


def _json_indent(document: Document) -> str | None:
    for root in document.roots:
        for node in walk(root):
            first = node.pairs[0][0] if node.pairs else node.items[0] if node.items else None
            if first is not None:
                lead = lead_of(document.text, first.start, JSON_BREAKS)
                outer = lead_of(document.text, node.start, JSON_BREAKS)
                if first.line > node.line and lead.startswith(outer):
                    return lead[len(outer) :]
                return None
    return "  "


def line_start(text: str, at: int, breaks: str = YAML_BREAKS) -> int:
    """Where the line of `at` begins."""
    return max(text.rfind(sign, 0, at) for sign in breaks) + 1


def line_end(text: str, at: int) -> int:
    """Where the line of `at` ends, before its line break."""
    found = YAML_BREAK.search(text, at)
    return len(text) if found is None else found.start()


def next_line(text: str, at: int) -> int:
    """Where the line after that of `at` begins; the end of the text when there is none."""
    found = YAML_BREAK.search(text, at)
    return len(text) if found is None else found.end()


def column(text: str, at: int) -> int:
    """How many characters stand before `at` on its line."""
    return at - line_start(text, at)


def lead_of(text: str, at: int, breaks: str = YAML_BREAKS) -> str:
    """The white space with which the line of `at` begins."""
    start = line_start(text, at, breaks)
    rest = text[start:at]
    return rest[: len(rest) - len(rest.lstrip(" \t"))]


def stands_alone(text: str, at: int, breaks: str = YAML_BREAKS) -> bool:
    """Whether only white space stands before `at` on its line."""
    return not text[line_start(text, at, breaks) : at].strip(" \t")


def indicator(text: str, begin: int, end: int, sign: str) -> int | None:
    """Where the first `sign` (one of `-`, `?`, `:`) outside comments stands between two nodes."""
    for match in _GAP.finditer(text, begin, end):
        if match[0] == sign:
            return match.start()
    return None


def inner_start(text: str, node: Node) -> int:
    """Where the content of a collection begins, behind its anchor and tag."""
    return content_start(text, node.start, node.end) if node.tag is not None or node.anchor is not None else node.start


def pair_start(text: str, mapping: Node, index: int) -> int:
    """Where a pair of a block mapping begins: at its key, or at the `?` before it."""
    key = mapping.pairs[index][0]
    begin = mapping.pairs[index - 1][1].end if index else inner_start(text, mapping)
    found = indicator(text, begin, key.start, "?")
    return key.start if found is None else found


def colon_end(text: str, key: Node, value: Node) -> int | None:
    """Where the colon between a key and its value ends; None when there is none (`? key`, `{key}`)."""
    found = indicator(text, key.end, value.start, ":")
    return None if found is None else found + 1


def dash_of(text: str, sequence: Node, index: int) -> int:
    """Where the dash of an item of a block sequence stands."""
    item = sequence.items[index]
    begin = sequence.items[index - 1].end if index else inner_start(text, sequence)
    found = indicator(text, begin, item.start, "-")
    assert found is not None  # an item of a block sequence has a dash
    return found


def block_column(text: str, node: Node) -> int:
    """The indentation of a block collection: the column of its first key (or `?`), or of its first dash."""
    return column(text, pair_start(text, node, 0) if node.kind == "mapping" else dash_of(text, node, 0))


def lines_below_stay(text: str, at: int, indent: int) -> bool:
    """Whether the lines below `at`'s stay what they are when a block scalar indented by `indent` comes before them.

    Blank lines and comments that reach as far to the right as its text would become a part of it; and where the text
    ends without a line break, the scalar would end without its own.
    """
    if line_end(text, at) == len(text):
        return False
    at = next_line(text, at)
    while at < len(text):
        line = text[at : line_end(text, at)]
        content = line.lstrip(" \t")
        if content and not content.startswith("#"):
            return True
        if len(line) - len(content) >= indent:
            return False
        at = next_line(text, at)
    return True
