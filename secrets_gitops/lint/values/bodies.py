"""Configuration inside a value: the assignments of an ini, dotenv, properties, YAML or JSON text in one scalar."""

from __future__ import annotations

import re
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Assignment(NamedTuple):
    """One line (or JSON member): its key, empty when it has none, its value, and its line, from 0."""

    key: str
    value: str
    line: int


_LINE = re.compile(r"\s*(?:-\s+)?(?:export\s+)?[\"']?([A-Za-z_.][\w.\-/ ]{0,80}?)[\"']?\s*(?::=|[=:])\s*(.*?)[\s,]*$")
_NOTHING = re.compile(r"\s*(?:[#;].*|//.*|---.*|\.\.\.|\[[\w .:\"'-]{1,80}\]|[{}\[\],|>-]*)\s*$")
_MEMBER = re.compile(r'"((?:[^"\\]|\\.){0,80})"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",{}\[\]]+))')
_COMMENT = re.compile(r"\s[#;]\s.*$")


def is_body(text: str) -> bool:
    """Does `text` hold assignments rather than one value?"""
    if "\n" not in text.strip():
        return text.startswith(("{", "[")) and _MEMBER.search(text) is not None
    lines = [line for line in text.splitlines() if not _NOTHING.match(line)]
    return bool(lines) and sum(_LINE.match(line) is not None for line in lines) * 2 > len(lines)


def assignments(text: str) -> Iterator[Assignment]:
    """All assignments of a body, and every line that is none (with an empty key), so that nothing goes unseen."""
    if text.lstrip().startswith(("{", "[")) and _MEMBER.search(text):
        yield from _members(text)
        return
    for number, line in enumerate(text.splitlines()):
        if _NOTHING.match(line):
            continue
        found = _LINE.match(line)
        if found is None:
            yield Assignment("", line.strip(), number)
        else:
            yield Assignment(found[1].strip(), _bare(found[2]), number)


def _members(text: str) -> Iterator[Assignment]:
    line, at = 0, 0
    for found in _MEMBER.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        value = found[2] if found[2] is not None else found[3]
        yield Assignment(found[1], value.replace("\\n", "\n").replace('\\"', '"'), line)


def _bare(value: str) -> str:
    """The value without quotes and without a comment after it; the head of a block scalar is no value."""
    if value[:1] in {'"', "'"}:
        end = value.find(value[0], 1)
        if end > 0:
            return value[1:end]
    if value[:1] in {"|", ">"} and len(value) <= 3:
        return ""
    return _COMMENT.sub("", value)
