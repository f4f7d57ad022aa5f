"""JSON text to nodes with spans. Strings are scalars of style `double`; numbers, true, false and null of style `json`.

Strict as RFC 8259 says, but for a repeated key, which the caller may ask to keep. Nothing here recurses.
"""

from __future__ import annotations

from secrets_gitops.documents.complaints import duplicate_key
from secrets_gitops.documents.document import Node
from secrets_gitops.documents.lines import JSON_BREAK, Lines
from secrets_gitops.errors import DocumentError, LimitExceeded, Place
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from secrets_gitops.documents.limits import Limits

_SIMPLE = r'"([^"\\\x00-\x1f]*+)"'
"""A string without escapes."""
_KEY = pattern(rf"[ \t\r\n]*+{_SIMPLE}[ \t\r\n]*+:")
_VALUE = pattern(
    rf"[ \t\r\n]*+(?:{_SIMPLE}"  # 1
    r"|(true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)(?![0-9A-Za-z_.+-])"  # 2
    r"|([\[{]))"  # 3
)
_AFTER = pattern(r"[ \t\r\n]*+([,\]}])")
_BLANKS = pattern(r"[ \t\r\n]*+")
_STRING = pattern(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+)"')
_ESCAPE = pattern(r"\\(?:u([0-9A-Fa-f]{4})(?:\\u([dD][c-fC-F][0-9A-Fa-f]{2}))?|(.))")
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def parse(text: str, path: str, limits: Limits, *, keep_duplicates: bool, stream: bool) -> list[Node]:
    """The one value of `text`, or with `stream` all values that stand one after another."""
    # One loop: at its top a value begins; it ends where the next value begins or the text is done.
    value_at, key_at, after_at = _VALUE.match, _KEY.match, _AFTER.match
    most_nodes = limits.nodes
    lines = Lines(text, JSON_BREAK)
    roots: list[Node] = []
    open_collections: list[tuple[Node, list[Node]]] = []
    """Each with the children of the collection around it."""
    children = roots
    """What the innermost open collection holds so far; keys and values of an object in turn."""
    at = count = 0

    while True:
        match = value_at(text, at)
        if match is None:
            at = _skip_blanks(text, at)
            if at == len(text) and stream and roots and not open_collections:
                return roots
            raw, start = _escaped_string(text, at, lines, path, "value" if children or not open_collections else "item")
            at = start + len(raw) + 2
            children.append(Node("scalar", start, at, lines, "double", _unescaped(raw, lines, start, path)))
            count += 1
        elif match.lastindex == 3:
            start = match.start(3)
            at = start + 1
            is_object = match[3] == "{"
            if len(open_collections) >= limits.depth:
                raise LimitExceeded(f"nested deeper than {limits.depth} levels", place=Place(path, *lines.at(start)))
            node = Node("mapping" if is_object else "sequence", start, start, lines, "flow")
            children.append(node)
            count += 1
            open_collections.append((node, children))
            children = []
            after = after_at(text, at)
            if after is None or after[1] != ("}" if is_object else "]"):
                if is_object:
                    at = _key(text, at, children, lines, path, "first key")
                    count += 1
                continue
        elif match.lastindex == 1:
            at = match.end()
            value = match[1]
            children.append(Node("scalar", at - len(value) - 2, at, lines, "double", value))
            count += 1
        else:
            at = match.end()
            value = match[2]
            children.append(Node("scalar", at - len(value), at, lines, "json", value))
            count += 1
        if count > most_nodes:
            raise LimitExceeded(f"more than {most_nodes} values", place=Place(path, *lines.at(children[-1].start)))

        while open_collections:
            node = open_collections[-1][0]
            after = after_at(text, at)
            sign = after[1] if after is not None else ""
            if sign == ",":
                at = after.end()  # type: ignore[union-attr]  # there is a sign
                if node.kind == "mapping":
                    key = key_at(text, at)
                    if key is None:
                        at = _key(text, at, children, lines, path, "key")
                    else:
                        start = key.start(1) - 1
                        at = key.end()
                        children.append(Node("scalar", start, key.end(1) + 1, lines, "double", key[1]))
                    count += 1
                break
            if after is None or (sign == "}") != (node.kind == "mapping"):
                raise _unexpected(text, _skip_blanks(text, at), lines, path, "comma")
            at = node.end = after.end()
            if sign == "}":
                node.pairs = list(zip(children[::2], children[1::2], strict=True))
                if not keep_duplicates:
                    _refuse_duplicates(children[::2], path)
            else:
                node.items = children
            children = open_collections.pop()[1]
        if not open_collections and not stream:
            at = _skip_blanks(text, at)
            if at < len(text):
                raise DocumentError("something stands behind the JSON value", place=Place(path, *lines.at(at)))
            return roots


def _key(text: str, at: int, children: list[Node], lines: Lines, path: str, wants: str) -> int:
    """Read a key with its colon; gives back where its value begins."""
    raw, start = _escaped_string(text, _skip_blanks(text, at), lines, path, wants)
    at = start + len(raw) + 2
    children.append(Node("scalar", start, at, lines, "double", _unescaped(raw, lines, start, path)))
    at = _skip_blanks(text, at)
    if not text.startswith(":", at):
        raise _unexpected(text, at, lines, path, "colon")
    return at + 1


def _skip_blanks(text: str, at: int) -> int:
    return _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # matches always


def _escaped_string(text: str, at: int, lines: Lines, path: str, wants: str) -> tuple[str, int]:
    """The raw text of the string at `at` and where it begins. Raises DocumentError when there is something else."""
    match = _STRING.match(text, at)
    if match is None:
        raise _unexpected(text, at, lines, path, wants)
    return match[1], at


def _refuse_duplicates(keys: list[Node], path: str) -> None:
    if len({key.text for key in keys}) == len(keys):
        return
    seen: dict[str, Node] = {}
    for key in keys:
        first = seen.setdefault(key.text, key)
        if first is not key:
            raise duplicate_key(key, first, path)


def _unescaped(raw: str, lines: Lines, start: int, path: str) -> str:
    if "\\" not in raw:
        return raw

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
        raise DocumentError("half of a surrogate pair in a JSON string", place=Place(path, *lines.at(start)))
    return value


_WANTED = {
    "value": "a value",
    "key": "a key in double quotes",
    "colon": "`:`",
    "first key": "a key in double quotes or `}`",
    "item": "a value or `]`",
    "comma": "`,` or the end of the object or list",
}


def _unexpected(text: str, at: int, lines: Lines, path: str, wants: str) -> DocumentError:
    place = Place(path, *lines.at(at))
    wanted = _WANTED[wants]
    if at >= len(text):
        return DocumentError(f"not valid JSON: the text ends where {wanted} should be", place=place)
    if text[at] == '"' and wants not in {"colon", "comma"}:
        reason = "a string with a bad escape, a line break or a control character, or without its end"
        return DocumentError(f"not valid JSON: {reason}", place=place)
    return DocumentError(f"not valid JSON: {wanted} should be here", place=place)
