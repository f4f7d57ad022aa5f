"""Writing new values. A user's text is never written anew: this is for what was not in it before, and new files.

Strings stand in double quotes, as in JSON, unless they are plainly a word: a letter, then letters, digits, `-` and `_`,
and not a word with a meaning of its own in YAML 1.1, in YAML 1.2 or in Go. Multi-line text may become a literal block.
Nothing here recurses.
"""

from __future__ import annotations

import binascii
import re

from secrets_gitops.errors import DocumentError
from secrets_gitops.golang.numbers import json_float, yaml_float
from secrets_gitops.golang.times import Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.documents.scalars import Scalar

_WORD = re.compile("[A-Za-z][A-Za-z0-9_-]*")
_MEANINGFUL = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})

_JSON_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_YAML_SPECIAL = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')
"""Beside JSON's own: what YAML takes for a line break or does not take at all."""
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

_NOT_IN_BLOCKS = "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
"""Compiled when a multi-line value is written: that takes as long as starting half an interpreter."""
_BLANK_BEFORE_BREAK = re.compile("[ \t](?:\n|$)")

_LONGEST_SIMPLE_KEY = 1000
"""A longer key needs a `?` before it: YAML's limit is 1,024 characters."""


def yaml_scalar(value: Scalar, *, indent: int = 0, inline_only: bool = True) -> str:
    """A value as YAML text, without a final line break.

    With `inline_only=False` the value is the last thing on its line in a block, and multi-line text may become a
    literal block whose lines are indented by `indent` blanks.
    """
    if isinstance(value, str):
        if _WORD.fullmatch(value) and value.lower() not in _MEANINGFUL:
            return value
        if "\n" in value and not inline_only and _suits_block(value):
            return _literal(value, indent)
        return f'"{_YAML_SPECIAL.sub(_escaped, value)}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return yaml_float(value)
    if isinstance(value, bytes):
        return "!!binary " + (binascii.b2a_base64(value, newline=False).decode() or '""')
    return value.text


def yaml_block(
    tree: Mapping[str, Tree] | Sequence[Tree], indent: int = 0, *, step: int = 2, dash: int = 0, blocks: bool = True
) -> str:
    """A mapping or a list as YAML block text with its final line break, each line indented by `indent` blanks or more.

    `step` more blanks for each mapping inside, `dash` more blanks for the dashes of a list under its key (kubectl
    writes none). `blocks=False` keeps multi-line text in double quotes.
    """
    if not tree:
        return f"{' ' * indent}{_leaf(tree, 0, blocks=False)}\n"
    lines: list[str] = []
    open_collections = [_Open(tree, indent, " " * indent)]
    while open_collections:
        current = open_collections[-1]
        member = next(current.members, None)
        if member is None:
            open_collections.pop()
            continue
        key, value = member
        lead, current.lead = current.lead, " " * current.indent
        head = f"{lead}-" if key is None else yaml_key(key, lead=lead, indent=current.indent)
        if not isinstance(value, dict | list) or not value:
            lines.append(f"{head} {_leaf(value, current.indent + (2 if key is None else step), blocks=blocks)}")
        elif key is None:
            open_collections.append(_Open(value, current.indent + 2, f"{head} "))
        else:
            lines.append(head)
            inner = current.indent + (step if isinstance(value, dict) else dash)
            open_collections.append(_Open(value, inner, " " * inner))
    return "\n".join(lines) + "\n"


def yaml_flow(tree: Tree) -> str:
    """A value on one line, as it may stand inside `{}` and `[]`."""
    return _flow(tree, yaml_scalar, _yaml_flow_key, ", ", lambda _: "")


def json_text(tree: Tree, *, indent: str | None = "  ", outer: str = "") -> str:
    """A value as JSON text without a final line break; on one line when `indent` is None.

    `outer` is the indentation of the line on which the value begins. Raises DocumentError for what JSON cannot hold.
    """
    if indent is None:
        return _flow(tree, json_scalar, _json_key, ", ", lambda _: "")
    return _flow(tree, json_scalar, _json_key, ",", lambda depth: f"\n{outer}{indent * depth}")


def json_scalar(value: Scalar) -> str:
    """A value as JSON text. Times become strings, bytes too when they are text."""
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            raise DocumentError("bytes that are not text cannot be written as JSON") from None
    if isinstance(value, Time):
        value = value.text
    if isinstance(value, str):
        return f'"{_JSON_SPECIAL.sub(_escaped, value)}"'
    if isinstance(value, float):
        try:
            return json_float(value)
        except ValueError as error:
            raise DocumentError(str(error)) from None
    return yaml_scalar(value)


class _Open:
    """A collection being written: what is left of it, the indentation of its lines, and the start of the next one."""

    __slots__ = ("indent", "lead", "members")

    def __init__(self, tree: Mapping[str, Tree] | Sequence[Tree], indent: int, lead: str) -> None:
        self.members = _members(tree)
        self.indent = indent
        self.lead = lead


def _members(tree: Mapping[str, Tree] | Sequence[Tree]) -> Iterator[tuple[str | None, Tree]]:
    if isinstance(tree, dict):
        yield from tree.items()
    else:
        for item in tree:
            yield None, item


def _flow(
    tree: Tree,
    scalar: Callable[[Scalar], str],
    key_text: Callable[[str], str],
    comma: str,
    line: Callable[[int], str],
) -> str:
    """A value in brackets and braces; `line(depth)` is what stands before a member at that depth and before the end."""
    out: list[str] = []
    open_collections: list[tuple[Iterator[tuple[str | None, Tree]], str]] = []
    value = tree
    while True:
        if isinstance(value, dict | list):
            brackets = "{}" if isinstance(value, dict) else "[]"
            if value:
                open_collections.append((_members(value), brackets[1]))
                out.append(brackets[0])
                separator = ""
            else:
                out.append(brackets)
                separator = comma
        else:
            out.append(scalar(value))  # type: ignore[arg-type]  # a Mapping is a dict, a Sequence a list or a tuple
            separator = comma
        while open_collections:
            members, bracket = open_collections[-1]
            member = next(members, None)
            if member is not None:
                key, value = member
                out += (separator, line(len(open_collections)))
                if key is not None:
                    out += (key_text(key), " ")
                break
            open_collections.pop()
            out += (line(len(open_collections)), bracket)
            separator = comma
        else:
            return "".join(out)


def _json_key(key: str) -> str:
    return f"{json_scalar(key)}:"


def _yaml_flow_key(key: str) -> str:
    text = yaml_scalar(key)
    return f"{text}:" if len(text) <= _LONGEST_SIMPLE_KEY else f"? {text} :"


def yaml_key(key: str, *, lead: str = "", indent: int = 0) -> str:
    """A key of a block mapping with its colon. `lead` goes before it; `indent` is the indentation of the mapping."""
    text = yaml_scalar(key)
    return f"{lead}{text}:" if len(text) <= _LONGEST_SIMPLE_KEY else f"{lead}? {text}\n{' ' * indent}:"


def _leaf(value: Tree, indent: int, *, blocks: bool) -> str:
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    return yaml_scalar(value, indent=indent, inline_only=not blocks)  # type: ignore[arg-type]  # as in _flow


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    return _ESCAPES.get(char) or f"\\u{ord(char):04x}"


def _suits_block(text: str) -> bool:
    return (
        text[0] not in " \t\n"
        and not text.endswith("\n\n")
        and re.search(_NOT_IN_BLOCKS, text) is None
        and _BLANK_BEFORE_BREAK.search(text) is None
    )


def _literal(text: str, indent: int) -> str:
    lead = " " * indent
    lines = text.removesuffix("\n").split("\n")
    return ("|" if text.endswith("\n") else "|-") + "".join(f"\n{lead}{line}" if line else "\n" for line in lines)
