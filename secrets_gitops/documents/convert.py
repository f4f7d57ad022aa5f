"""A plaintext document in another format, as sops writes it: comments stay where the format has them.

Values keep what type they have as far as the format can show it; `to_document` knows the types beyond that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from secrets_gitops.documents.branches import Branch, Items, Remark, branches
from secrets_gitops.documents.document import LINE_FORMATS, Document, encoded
from secrets_gitops.documents.line_values import key_text, section_text, value_text
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.errors import DocumentError, Place
from secrets_gitops.golang.numbers import json_float
from secrets_gitops.golang.times import Time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from secrets_gitops.documents.branches import Value
    from secrets_gitops.documents.document import Format, Node
    from secrets_gitops.documents.scalars import Scalar

    Source = Document | Sequence[Branch]

_NULL = "<nil>"
_JSON_SPECIAL = re.compile('["\\\\\x00-\x1f<>&\u2028\u2029\ud800-\udfff]')
_JSON_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f"}


def to_text(source: Source, format: Format, *, indent: int | None = None) -> str:  # noqa: A002  as in `read`
    """The text of a document, or of branches, in a format; for `binary` one character for each byte.

    `indent`: blanks for each level, where the format has levels; None, and 0 in YAML and -1 in JSON, for what sops
    does by itself. JSON, dotenv and binary have the first document alone, as in sops.
    Raises DocumentError for what the format cannot hold.
    """
    found = branches(source) if isinstance(source, Document) else list(source) or [Branch()]
    if format == "yaml":
        from secrets_gitops.documents import go_yaml  # noqa: PLC0415  other formats need none

        if indent is not None and indent < 0:
            raise DocumentError("the indentation of YAML cannot be negative")
        return go_yaml.documents_text(found, indent=indent or 0)
    if format == "json":
        return json_value(found[0], indent=indent) + "\n"
    if format == "dotenv":
        return _dotenv(found[0])
    if format == "ini":
        return _ini(found)
    return _binary(found).decode("latin-1")


def to_content(source: Source, format: Format, *, indent: int | None = None) -> bytes:  # noqa: A002
    """The same as a file's content. Raises DocumentError also for a comment whose bytes are no UTF-8, in YAML."""
    text = to_text(source, format, indent=indent)
    try:
        return encoded(text, format)
    except UnicodeEncodeError:
        raise DocumentError(
            "a comment holds bytes that are no UTF-8, which YAML cannot hold",
            hints=("write the file as UTF-8, or without that comment",),
            place=Place(source.path) if isinstance(source, Document) else None,
        ) from None


def to_document(source: Document, format: Format, *, indent: int | None = None) -> Document:  # noqa: A002
    """A plaintext document of another format to encrypt: its values keep their types, which the text may not show.

    Raises DocumentError where something would be lost: several documents, and null where all values are texts.
    """
    written: Format = "json" if format == "binary" else format
    found = branches(source)
    if len(found) > 1 and written not in {"yaml", "ini"}:
        raise DocumentError(
            "only YAML can hold several documents", hints=("encrypt them one by one",), place=Place(source.path)
        )
    values = list(_scalars(found))
    if written in LINE_FORMATS and any(value is None for value in values):
        raise DocumentError(
            "a null cannot be written here: sops would write `<nil>`, and could not read it back",
            hints=("remove it, or make it an empty text",),
            place=Place(source.path),
        )
    text = to_text(found, written, indent=indent)
    document = read(text, path=source.path, format=written, limits=Limits.LARGE, duplicates="keep")
    nodes = list(_leaves(document))
    for node, value in zip(nodes, values, strict=True):
        if type(resolve(node, "go_v3")) is not type(value):
            document.typed[node.start] = value
    return document


def _scalars(found: Sequence[Branch]) -> Iterator[Scalar]:
    """All values in the order of the text."""
    waiting: list[Value | Remark] = [*reversed(found)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Branch):
            waiting += [inner for _, inner in reversed(value.pairs())]
        elif isinstance(value, Items):
            waiting += reversed(value)
        elif not isinstance(value, Remark):
            yield value


def _leaves(document: Document) -> Iterator[Node]:
    waiting: list[Node] = list(reversed(document.roots))
    while waiting:
        node = waiting.pop()
        if node.kind == "mapping":
            waiting += [value for _, value in reversed(node.pairs)]
        elif node.kind == "sequence":
            waiting += reversed(node.items)
        elif node not in document.roots:
            yield node


def json_value(value: Value, *, indent: int | None = None) -> str:
    """A value as sops writes it into JSON, without a final line break; -1 and None indent by a tab."""
    if indent is not None and indent < -1:
        raise DocumentError("the indentation of JSON cannot be less than -1")
    step = "\t" if indent is None or indent < 0 else " " * indent
    return _json(value, lambda depth: f"\n{step * depth}")


def _json(value: Value, line: Callable[[int], str]) -> str:
    out: list[str] = []
    opened: list[tuple[Iterator[object], str]] = []
    current: object = value
    while True:
        if isinstance(current, Branch | Items):
            members = [item for item in current if not isinstance(item, Remark)]
            brackets = "{}" if isinstance(current, Branch) else "[]"
            if members:
                out.append(brackets[0])
                opened.append((iter(members), brackets[1]))
                separator = ""
            else:
                out.append(brackets)
                separator = ","
        else:
            out.append(_json_scalar(current))  # type: ignore[arg-type]  # no collection
            separator = ","
        while opened:
            left, bracket = opened[-1]
            member = next(left, _END)
            if member is not _END:
                out += (separator, line(len(opened)))
                if bracket == "}":
                    assert isinstance(member, tuple)
                    out += (_json_string(member[0]), ": ")
                    current = member[1]
                else:
                    current = member
                break
            opened.pop()
            out += (line(len(opened)), bracket)
            separator = ","
        else:
            return "".join(out)


_END = object()


def _json_scalar(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        try:
            return json_float(value)
        except ValueError as error:
            raise DocumentError(str(error)) from None
    if isinstance(value, bytes):
        return _json_string(value.decode("utf-8", "surrogateescape"))
    return _json_string(value.text if isinstance(value, Time) else value)


def _json_string(text: str) -> str:
    return f'"{_JSON_SPECIAL.sub(_json_escape, text)}"'


def _json_escape(match: re.Match[str]) -> str:
    char = match[0]
    code = 0xFFFD if "\ud800" <= char <= "\udfff" else ord(char)  # Go's mark for a byte that is not UTF-8
    return _JSON_SHORT.get(char) or f"\\u{code:04x}"


def _simple(value: Value, place: str) -> Scalar:
    if isinstance(value, Branch | Items):
        raise DocumentError(f"`{place}` is a map or a list, which has no place in this format")
    return _NULL if value is None else value


def _dotenv(branch: Branch) -> str:
    lines = []
    for item in branch:
        if isinstance(item, Remark):
            lines += [f"#{line}" for line in item.text.split("\n")]
        else:
            lines.append(f"{key_text(item[0], 'dotenv')}={value_text(_simple(item[1], item[0]), 'dotenv')}")
    return "\n".join([*lines, ""]) if lines else ""


def _ini(found: Sequence[Branch]) -> str:
    """Sections with aligned keys and a blank line between; a comment after a key is of that key."""
    sections: list[str] = []
    above: list[str] = []
    for item in (item for branch in found for item in branch):
        if isinstance(item, Remark):
            above.append(item.text)
            continue
        name, members = item
        if not isinstance(members, Branch):
            raise DocumentError(
                f"`{name}` is no map: INI has sections, and keys in them", hints=("take another format",)
            )
        sections.append(_section(name, members, above, first=not sections))
        above = []
    return "\n".join(section for section in sections if section)


def _section(name: str, members: Branch, above: Sequence[str], *, first: bool) -> str:
    comment = list(above)
    keys: dict[str, tuple[str, list[str]]] = {}
    last: list[str] | None = None
    for item in members:
        if isinstance(item, Remark):
            (comment if last is None else last).append(item.text)
            continue
        last = []
        keys[item[0]] = value_text(_simple(item[1], item[0]), "ini"), last
    names = {key: key_text(key, "ini") for key in keys}
    width = max((len(text.encode("utf-8", "surrogateescape")) for text in names.values()), default=0)
    lines = _ini_comment(comment)
    if not first or name != "DEFAULT":
        lines.append(section_text(name))
    elif not keys:
        return "".join(f"{line}\n" for line in lines)
    for key, (text, remarks) in keys.items():
        lines += _ini_comment(remarks)
        blanks = " " * (width - len(names[key].encode("utf-8", "surrogateescape")))
        lines.append(f"{names[key]}{blanks} = {text}")
    return "".join(f"{line}\n" for line in lines)


def _ini_comment(texts: Sequence[str]) -> list[str]:
    lines = [line.strip() for text in texts for line in text.split("\n") if text.strip()]
    return [f"{line[0]} {line[1:].strip()}" if line[:1] in {"#", ";"} else f"; {line}" for line in lines]


def _binary(found: Sequence[Branch]) -> bytes:
    if len(found) == 1:
        for key, value in found[0].pairs():
            if key == "data" and isinstance(value, str | bytes):
                return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    raise DocumentError(
        "only a document with a text `data` can be written as a binary file", hints=("name another output type",)
    )
