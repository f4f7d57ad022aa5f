"""The plain YAML that most files are written in, read without libyaml, whose import takes the hook a tenth of its time.

Maps and lists in blocks; keys that are one word; values on one line, bare or in quotes without escapes; literal blocks;
comments. The nodes are those that `documents.yaml` makes, which tests compare. Whatever else stands in a text, and all
mistakes, are left to it: nothing is guessed here, and no error told.
"""

from __future__ import annotations

from secrets_gitops.documents.document import Node
from secrets_gitops.documents.lines import JSON_BREAK, Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Style
    from secrets_gitops.documents.limits import Limits

_LONGEST = 20_000
"""Characters. A longer text is hardly plain to its end, and to find that out at its end would cost."""
_DEEPEST = 30
_LONGEST_KEY = 100
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_IN_KEY = frozenset(f"{_LETTERS}0123456789_-./")
_KEY_STARTS = frozenset(f"{_LETTERS}_")
_BARE_STARTS = frozenset(f"{_LETTERS}0123456789_/.^$(+=~")
"""Begins of values that nothing but their end can end."""


class _NotPlainError(Exception):
    """Something stands in the text that is not read here."""


class _Open:
    """A map or list that goes on, with what it holds so far: of a map keys and values in turn."""

    __slots__ = ("children", "indent", "is_list", "node")

    def __init__(self, node: Node, indent: int, *, is_list: bool) -> None:
        self.node = node
        self.indent = indent
        self.is_list = is_list
        self.children: list[Node] = []

    @property
    def awaits(self) -> bool:
        """Is there a key whose value did not come yet?"""
        return not self.is_list and len(self.children) % 2 == 1


def compose(text: str, limits: Limits, *, keep_duplicates: bool) -> list[Node] | None:
    """The root node of the one document in `text`; None when it is not that plain, or not that short."""
    if len(text) > min(_LONGEST, limits.nodes) or limits.depth < _DEEPEST or not limits.documents:
        return None
    if not text.isascii() or not text.replace("\n", "").isprintable():
        return None
    try:
        return [_Composer(text, keep_duplicates=keep_duplicates).root()]
    except _NotPlainError:
        return None


class _Composer:
    """Reads row after row. A value ends with its row, or it is a literal block."""

    def __init__(self, text: str, *, keep_duplicates: bool) -> None:
        self._rows = text.split("\n")
        self._row = 0
        self._begin = 0
        """The next row, and where it begins in the text."""
        self._lines = Lines(text, JSON_BREAK)
        self._keep_duplicates = keep_duplicates
        self._open: list[_Open] = []

    def root(self) -> Node:
        """The one root. Raises _NotPlainError."""
        if self._rows[0] == "---":
            self._next()
        while self._row < len(self._rows):
            row, begin = self._next()
            content = row.strip(" ")
            if content and content[0] != "#":
                self._read(content, begin, len(row) - len(row.lstrip(" ")))
        if not self._open:
            raise _NotPlainError
        root = self._open[0].node
        self._close(-1)
        return root

    def _next(self) -> tuple[str, int]:
        row, begin = self._rows[self._row], self._begin
        self._row += 1
        self._begin = begin + len(row) + 1
        return row, begin

    def _read(self, content: str, begin: int, indent: int) -> None:
        """What stands on one row from column `indent`: dashes, and a pair or a value behind them."""
        is_item = False
        while content.startswith("- "):
            self._enter(begin + indent, indent, is_list=True, is_item=is_item)
            is_item, rest = True, content[2:].lstrip(" ")
            indent += len(content) - len(rest)
            content = rest
        if ": " in content or content.endswith(":"):
            self._enter(begin + indent, indent, is_list=False, is_item=is_item)
            self._pair(content, begin + indent, indent)
        elif is_item:
            self._open[-1].children.append(self._scalar(content, begin + indent))
        else:
            raise _NotPlainError

    def _enter(self, at: int, indent: int, *, is_list: bool, is_item: bool) -> None:
        """Make the map or list innermost whose next member stands at column `indent`."""
        is_first = not self._open
        self._close(indent)
        if self._open and self._open[-1].indent == indent and self._open[-1].is_list and not is_list:
            self._finish(self._open.pop())  # a list that stands no deeper than the key it belongs to
        around = self._open[-1] if self._open else None
        if around is not None and around.indent == indent and around.is_list == is_list:
            self._settle(around)
        elif is_first or is_item or (around is not None and around.awaits):
            node = Node("sequence" if is_list else "mapping", at, 0, self._lines, "block")
            if around is not None:
                around.children.append(node)
            self._open.append(_Open(node, indent, is_list=is_list))
            if len(self._open) > _DEEPEST:
                raise _NotPlainError
        else:
            raise _NotPlainError

    def _pair(self, content: str, at: int, indent: int) -> None:
        name, _, rest = content.partition(":")
        if (
            len(name) > _LONGEST_KEY
            or name[:1] not in _KEY_STARTS
            or not _IN_KEY.issuperset(name)
            or rest[:1] not in {"", " "}
        ):
            raise _NotPlainError
        children = self._open[-1].children
        children.append(Node("scalar", at, at + len(name), self._lines, "plain", name))
        value = rest.lstrip(" ")
        start = at + len(content) - len(value)
        if value in {"|", "|-"}:
            children.append(self._literal(start, indent, is_clipped=value == "|"))
        elif value and value[0] != "#":
            children.append(self._scalar(value, start))

    def _scalar(self, content: str, at: int) -> Node:
        """A value on one row, perhaps with a comment behind it when it is bare."""
        quote = content[0]
        if quote in "\"'":
            inner = content[1:-1]
            if len(content) < 2 or content[-1] != quote or quote in inner or (quote == '"' and "\\" in inner):
                raise _NotPlainError
            style: Style = "double" if quote == '"' else "single"
            return Node("scalar", at, at + len(content), self._lines, style, inner)
        value = content.partition(" #")[0].rstrip(" ")
        if quote not in _BARE_STARTS or ": " in value or value.endswith(":"):
            raise _NotPlainError
        return Node("scalar", at, at + len(value), self._lines, "plain", value)

    def _literal(self, start: int, indent: int, *, is_clipped: bool) -> Node:
        """The block below a key at column `indent`, as deep as its first row."""
        first = self._rows[self._row] if self._row < len(self._rows) else ""
        depth = len(first) - len(first.lstrip(" "))
        kept, end = [], 0
        while self._row < len(self._rows) and (not (row := self._rows[self._row]) or row.startswith(" " * depth)):
            if row and not row.strip(" "):
                raise _NotPlainError
            row, begin = self._next()
            kept.append(row[depth:])
            end = begin + len(row) if row else end
        is_last = self._row == len(self._rows)
        if depth <= indent or (kept[-1] if is_last else not self._rows[self._row].strip(" ")):
            raise _NotPlainError  # no line break at the end, or blanks alone on a row, which may belong to the block
        value = "\n".join(kept).rstrip("\n")
        return Node("scalar", start, end, self._lines, "literal", f"{value}\n" if is_clipped else value)

    def _close(self, indent: int) -> None:
        """Finish every map and list that stands deeper than column `indent`."""
        while self._open and self._open[-1].indent > indent:
            self._finish(self._open.pop())

    def _finish(self, one: _Open) -> None:
        self._settle(one)
        node, children = one.node, one.children
        node.end = children[-1].end
        if one.is_list:
            node.items = children
            return
        keys = children[::2]
        node.pairs = list(zip(keys, children[1::2], strict=True))
        if not self._keep_duplicates and len({key.text for key in keys}) != len(keys):
            raise _NotPlainError

    def _settle(self, one: _Open) -> None:
        """A key without a value: nothing, right behind its colon."""
        if one.awaits:
            at = one.children[-1].end + 1
            one.children.append(Node("scalar", at, at, self._lines, "plain"))
