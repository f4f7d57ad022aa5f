"""JSON text to nodes with spans. Strings are scalars of style `double`; numbers, true, false and null of style `json`.

Strict as RFC 8259 says, but for a repeated key, which the caller may ask to keep. Nothing here recurses.
"""

from __future__ import annotations

import re

from secrets_gitops.documents.complaints import duplicate_key
from secrets_gitops.documents.document import Node
from secrets_gitops.errors import DocumentError, LimitExceeded, Place
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.limits import Limits

_TOKEN = pattern(
    r"""[ \t\r\n]*+(?:
        "([^"\\\x00-\x1f]*+)"                                           # 1: a string as it is
      | "((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+)"      # 2: a string with escapes
      | (true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)(?![0-9A-Za-z_.+-])   # 3
      | ([\[\]{},:])                                                    # 4
    )""",
    re.VERBOSE,
)
_BLANKS = pattern(r"[ \t\r\n]*+")
_ESCAPE = pattern(r"\\(?:u([0-9A-Fa-f]{4})(?:\\u([dD][c-fC-F][0-9A-Fa-f]{2}))?|(.))")
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class _Lines:
    """Line and column of growing offsets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line = 1
        self._line_start = 0
        self._next_line = text.find("\n") + 1

    def at(self, offset: int) -> tuple[int, int]:
        while 0 < self._next_line <= offset:
            self._line += 1
            self._line_start = self._next_line
            self._next_line = self._text.find("\n", self._next_line) + 1
        return self._line, offset - self._line_start + 1


def parse(text: str, path: str, limits: Limits, *, keep_duplicates: bool, stream: bool) -> list[Node]:
    """The one value of `text`, or with `stream` all values that stand one after another."""
    lines = _Lines(text)
    token = _TOKEN.match
    roots: list[Node] = []
    open_collections: list[tuple[Node, list[Node]]] = []
    """Each with the children of the collection around it; keys and values of an object in turn."""
    children = roots
    wants = "value"
    """What may come next: value, key, colon, `first key` or `first item` (or the end), comma (or the end)."""
    at = count = 0

    while True:
        match = token(text, at)
        if match is None:
            at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # matches always
            if at < len(text) or open_collections or not roots:
                raise _unexpected(text, at, lines, path, wants)
            return roots
        at = match.end()
        group = match.lastindex
        if group == 4:
            sign = match[4]
            start = at - 1
            if sign == ",":
                if wants != "comma":
                    raise _unexpected(text, start, lines, path, wants)
                wants = "key" if open_collections[-1][0].kind == "mapping" else "value"
                continue
            if sign == ":":
                if wants != "colon":
                    raise _unexpected(text, start, lines, path, wants)
                wants = "value"
                continue
            if sign in "[{":
                if wants not in {"value", "first item"}:
                    raise _unexpected(text, start, lines, path, wants)
                line, column = lines.at(start)
                if len(open_collections) >= limits.depth:
                    raise LimitExceeded(f"nested deeper than {limits.depth} levels", place=Place(path, line, column))
                node = Node("mapping" if sign == "{" else "sequence", start, start, line, column, "flow")
                children.append(node)
                open_collections.append((node, children))
                children = []
                wants = "first key" if sign == "{" else "first item"
                count += 1
            else:
                ends = {"comma", "first key"} if sign == "}" else {"comma", "first item"}
                right = bool(open_collections) and (open_collections[-1][0].kind == "mapping") == (sign == "}")
                if wants not in ends or not right:
                    raise _unexpected(text, start, lines, path, wants)
                node, around = open_collections.pop()
                node.end = at
                if sign == "}":
                    node.pairs = list(zip(children[::2], children[1::2], strict=True))
                    if not keep_duplicates:
                        _refuse_duplicates(children[::2], path)
                else:
                    node.items = children
                children = around
                wants = "comma" if open_collections else "value"
        else:
            value = match[group] if group else ""
            start = at - len(value) - (0 if group == 3 else 2)
            line, column = lines.at(start)
            if group == 2:
                value = _unescaped(value, path, line, column)
            if wants in {"key", "first key"}:
                if group == 3:
                    raise _unexpected(text, start, lines, path, wants)
                wants = "colon"
            elif wants in {"value", "first item"}:
                wants = "comma" if open_collections else "value"
            else:
                raise _unexpected(text, start, lines, path, wants)
            children.append(Node("scalar", start, at, line, column, "json" if group == 3 else "double", value))
            count += 1
        if count > limits.nodes:
            raise LimitExceeded(f"more than {limits.nodes} values", place=Place(path, *lines.at(start)))
        if not open_collections and not stream:
            end = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # matches always
            if end < len(text):
                raise DocumentError("something stands behind the JSON value", place=Place(path, *lines.at(end)))
            return roots


def _refuse_duplicates(keys: list[Node], path: str) -> None:
    if len({key.text for key in keys}) == len(keys):
        return
    seen: dict[str, Node] = {}
    for key in keys:
        first = seen.setdefault(key.text, key)
        if first is not key:
            raise duplicate_key(key, first, path)


def _unescaped(raw: str, path: str, line: int, column: int) -> str:
    def one(match: re.Match[str]) -> str:
        first, second, short = match.groups()
        if short is not None:
            return _ESCAPED.get(short, short)
        high = int(first, 16)
        if second is not None and 0xD800 <= high < 0xDC00:
            return chr(0x10000 + ((high - 0xD800) << 10) + int(second, 16) - 0xDC00)
        return chr(high) + (chr(int(second, 16)) if second is not None else "")

    value = _ESCAPE.sub(one, raw)
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise DocumentError("half of a surrogate pair in a JSON string", place=Place(path, line, column))
    return value


_WANTED = {
    "value": "a value",
    "key": "a key in double quotes",
    "colon": "`:`",
    "first key": "a key in double quotes or `}`",
    "first item": "a value or `]`",
    "comma": "`,` or the end of the object or list",
}


def _unexpected(text: str, at: int, lines: _Lines, path: str, wants: str) -> DocumentError:
    place = Place(path, *lines.at(at))
    wanted = _WANTED[wants]
    if at >= len(text):
        return DocumentError(f"not valid JSON: the text ends where {wanted} should be", place=place)
    if text[at] == '"':
        return DocumentError(
            "not valid JSON: a string with a bad escape, a line break or a control character, or without its end"
            if wants in {"value", "key", "first key", "first item"} and _TOKEN.match(text, at) is None
            else f"not valid JSON: {wanted} should be here",
            place=place,
        )
    return DocumentError(f"not valid JSON: {wanted} should be here", place=place)
