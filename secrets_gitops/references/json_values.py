r"""A JSON text as External Secrets reads it: its members, part of it by a path, and each value as bytes.

Two ways from a value to bytes are in use. As *written*: strings are undone, all else keeps its text. As *typed*:
numbers pass through a 64-bit float, objects and lists are written anew with sorted keys, and `<`, `>`, `&` as escapes.

Paths are a subset of gjson: names, numbers, `\.`, `#`, `#.name`, `#(name==value)`. Wildcards, modifiers and other
queries are refused by name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.read import read
from secrets_gitops.errors import BackendError, DocumentError, NotBuiltYet
from secrets_gitops.golang.numbers import format_float, json_float
from secrets_gitops.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document, Node

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_SEPARATORS = {"\u2028": "\\u2028", "\u2029": "\\u2029"}
_QUERY = pattern(r"#\(\s*([^=!<>%()\"]*?)\s*==\s*(\"(?:[^\"\\]|\\.)*\"|[^\"()\s]+)\s*\)(#?)")
_NOT_BUILT = frozenset("*?@|!{[")


class Json:
    """One JSON value with the text that it was read from."""

    __slots__ = ("_document", "_node")

    def __init__(self, document: Document, node: Node) -> None:
        self._document = document
        self._node = node

    @classmethod
    def read(cls, data: bytes | str, name: str) -> Json:
        """The value in `data`, which messages call `name`. Raises BackendError, never with a part of it."""
        try:
            document = read(data, path=name, format="json", limits=Limits.LARGE, duplicates="keep")
        except DocumentError:
            raise BackendError(f"{name} is not JSON") from None
        return cls(document, document.roots[0])

    def members(self) -> dict[str, Json] | None:
        """The members of an object, of a repeated name the last; those of null are none. None for another value."""
        if self._node.kind == "mapping":
            return {key.text: Json(self._document, value) for key, value in self._node.pairs}
        return {} if self._is("null") else None

    def written(self) -> bytes:
        """A string's text, nothing for null, anything else as it stands."""
        return self._text(self._raw())

    def found(self) -> bytes:
        """As `written`, but with a number that has a point or an exponent in its shortest form: gjson's own text."""
        text = self._node.text
        if self._node.style == "json" and not text.lstrip("-").isdigit() and text not in {"true", "false", "null"}:
            return format_float(float(text)).encode()
        return self.written()

    def typed(self, *, keep_numbers: bool = False, html: bool = True) -> bytes:
        """As Go makes text of the decoded value. `keep_numbers`: they keep their text at every depth."""
        text = self._node.text
        if self._node.style == "json" and text not in {"true", "false", "null"} and not keep_numbers:
            return format_float(float(text)).encode()
        return self._text("".join(_marshalled(self._node, keep_numbers=keep_numbers, html=html)))

    def marshalled(self, *, keep_numbers: bool = False, html: bool = True) -> str:
        """As JSON: compact, keys sorted."""
        return "".join(_marshalled(self._node, keep_numbers=keep_numbers, html=html))

    def at(self, path: str) -> Json | None:
        """What gjson finds under `path`; None when there is nothing. Raises NotBuiltYet for what the subset lacks."""
        return _walk(self, tuple(_steps(path)))

    def child(self, name: str) -> Json | None:
        """The first member `name` of an object, or the item of that number."""
        if self._node.kind == "mapping":
            node = next((value for key, value in self._node.pairs if key.text == name), None)
        elif self._node.kind == "sequence" and name.isascii() and name.isdigit() and len(name) < 10:
            node = self._node.items[int(name)] if int(name) < len(self._node.items) else None
        else:
            node = None
        return None if node is None else Json(self._document, node)

    def items(self) -> list[Json] | None:
        """The items of a list; None for another value."""
        return [Json(self._document, item) for item in self._node.items] if self._node.kind == "sequence" else None

    @property
    def is_scalar(self) -> bool:
        """Whether it is neither an object nor a list."""
        return self._node.kind == "scalar"

    def raw(self) -> str:
        """The text as it stands."""
        return self._raw()

    def _raw(self) -> str:
        return self._document.text[self._node.start : self._node.end]

    def _is(self, word: str) -> bool:
        return self._node.style == "json" and self._node.text == word

    def _text(self, otherwise: str) -> bytes:
        if self._is("null"):
            return b""
        return (self._node.text if self._node.style == "double" else otherwise).encode()


def marshalled(members: dict[str, Json], *, html: bool = True) -> str:
    """An object with these members as JSON: compact, keys sorted, numbers through a float."""
    pairs = (f"{_string(key, html=html)}:{members[key].marshalled(html=html)}" for key in sorted(members))
    return "{" + ",".join(pairs) + "}"


def _marshalled(root: Node, *, keep_numbers: bool, html: bool) -> Iterator[str]:
    """Piece by piece, without recursion: a stack of nodes and of text that stands between them."""
    waiting: list[Node | str] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif node.kind == "mapping":
            members = {key.text: value for key, value in node.pairs}
            parts: list[Node | str] = ["{"]
            for key in sorted(members, key=lambda name: name.encode()):
                parts += (("," if len(parts) > 1 else "") + _string(key, html=html) + ":", members[key])
            waiting += reversed([*parts, "}"])
        elif node.kind == "sequence":
            listed: list[Node | str] = ["["]
            for item in node.items:
                listed += ("," if len(listed) > 1 else "", item)
            waiting += reversed([*listed, "]"])
        elif node.style == "double":
            yield _string(node.text, html=html)
        elif node.text in {"true", "false", "null"} or keep_numbers:
            yield node.text
        else:
            yield json_float(float(node.text))


def _string(text: str, *, html: bool) -> str:
    out = json.dumps(text, ensure_ascii=False)
    for char, escape in {**_SEPARATORS, **(_HTML if html else {})}.items():
        out = out.replace(char, escape)
    return out


def _steps(path: str) -> Iterator[str]:
    """The steps of a path; a step that begins with NUL is a name that was escaped and nothing else."""
    at = 0
    while at <= len(path):
        query = _QUERY.match(path, at) if path.startswith("#(", at) else None
        if query is not None:
            step, at = query[0], query.end()
        else:
            begin, step, escaped = at, "", False
            while at < len(path) and path[at] != ".":
                if path[at] == "\\" and at + 1 < len(path):
                    escaped, at = True, at + 1
                elif path[at] in _NOT_BUILT or (path[at] in "#(" and at == begin and path[begin : begin + 2] == "#("):
                    raise NotBuiltYet(
                        f"`{path[at]}` in the property path `{path}` is not built yet",
                        hints=("names, numbers, `#`, `#.name` and `#(name==value)` are; `\\.` is a dot in a name",),
                    )
                step, at = step + path[at], at + 1
            step = "\0" + step if escaped else step
        yield step
        if at < len(path) and path[at] != ".":
            raise NotBuiltYet(f"what follows `{step}` in the property path `{path}` is not built yet")
        at += 1
        if at == len(path):
            yield ""


def _walk(value: Json, steps: tuple[str, ...]) -> Json | None:
    for at, step in enumerate(steps):
        items = value.items()
        if items is None or not step.startswith("#"):
            below = value.child(step.removeprefix("\0"))
            if below is None:
                return None
            value = below
            continue
        rest = steps[at + 1 :]
        if step == "#":
            if not rest:
                return Json.read(str(len(items)), "a count")
            return _list([hit for item in items if (hit := _walk(item, rest)) is not None])
        query = _QUERY.fullmatch(step)
        assert query is not None
        hits = [item for item in items if _fits(item, query[1], query[2])]
        if query[3]:
            return _list([hit for item in hits if (hit := _walk(item, rest)) is not None])
        if not hits:
            return None
        value = hits[0]
    return value


def _fits(item: Json, name: str, wanted: str) -> bool:
    found = item if not name else item.at(name)
    if found is None:
        return False
    if wanted.startswith('"'):
        return found.raw().startswith('"') and found.written() == Json.read(wanted, "a query").written()
    return not found.raw().startswith('"') and found.found() == Json.read(wanted, "a query").found()


def _list(items: list[Json]) -> Json:
    return Json.read("[" + ",".join(item.raw() for item in items) + "]", "a list")
