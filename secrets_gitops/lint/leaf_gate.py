"""The test that decides whether YAML or JSON is parsed for the names of its leaves. Most files are not.

It reads no structure. It looks at every word that promises a secret when it is a key, and at what stands beside it: a
value that is more than a setting, a template or nothing; a list or a map below; `value:` on the next line.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.assignments import MANY, places, telling_name
from secrets_gitops.lint.values.shape import is_random_looking
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.target import Target

_ALWAYS = (b"tringData", b"ecureJsonData", b"ecure_json_data", b"ecureSettings", b"\\u00", b"\\x")
"""Maps whose children are secrets whatever they are called, and letters of a key written as escapes."""
_MAY_FOLLOW = frozenset(b"\\\"'`])>:=?+| \t\r\n,}")
_OPERATOR = pattern(rb"[\\\"']{0,4}[ \t]{0,20}(?::=|=>|[:=])[ \t]{0,20}")
_DULL = pattern(
    rb"""
    (?:
        \\{0,2}(?:""|'') | \{\s{0,4}\} | \[\s{0,4}\] | null\b | ~ | (?:true|false|yes|no|on|off)\b | [0-9.]{1,5}\b
      | ["']?\{\{[^\r\n]{0,400}\}\}["']?
      | ["']?\$\{?[A-Za-z_]{1,80}\}?["']?
    )
    [ \t]{0,20}[,}\])]{0,4}[ \t]{0,20}(?:\#[^\r\n]{0,400})?(?=[\r\n]|\Z|\\n)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOTHING = pattern(rb"(?:\#[^\r\n]{0,400})?(?:\r?\n|\Z)")
_VALUE = pattern(rb"[\"'\\]{0,4}([^\s\"',\\]{1,400})[ \t]?([^\s#,\"'}])?")
_BELOW = pattern(
    rb"(?:[ \t]*(?:\#[^\n]{0,400})?\r?\n){0,5}([ \t]{0,200})(-[ \t\r\n])?([\w.\"'/-]{1,100}[ \t]{0,4}:(?=\s))?"
)
_SCHEMA = (
    b"description",
    b"type",
    b"properties",
    b"default",
    b"items",
    b"$ref",
    b"title",
    b"anyof",
    b"oneof",
    b"allof",
)
_CHILD = pattern(
    rb":\s{1,200}[\"']?(?![\"'\s{}\[\]#~*]|true|false|null|[0-9.]{1,5}\s|\{\{|\$|[\w.-]{1,80}[\"']?\s{0,3}:\s)[^\s]{4}"
)
"""A value below, on the line of its key or the next, that is more than a setting."""
_VALUE_KEY = pattern(rb"[\"']?(?:[vV]alues?|default|defaultValue)[\"']?[ \t]{0,20}(?::[ \t]{0,20}|$)", re.MULTILINE)
_LINES = 30
_IN_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.${}()/ -"
_BEFORE_SCALAR = b" \t\r\n\"'|>-+0123456789"
_EXPLICIT = pattern(rb"^[ \t-]{0,200}\?\s", re.MULTILINE)
_BLOCK = 4000
_MANY_PLACES = 100_000
"""No file that people write has so many; to parse it is quicker than to look at them all."""
_NEAR = 400


def may_be_called_secret(target: Target) -> bool:
    """False promises that no leaf of the text has both a sensitive name and a value that could be a secret."""
    data = target.data
    if any(always in data for always in _ALWAYS):
        return True
    if (b"? " in data or b"?\n" in data) and _EXPLICIT.search(data):
        return True
    words = target.telling_words
    if len(words) * len(data) > MANY:
        return True
    found = places(data, words, _MAY_FOLLOW)
    return len(found) > _MANY_PLACES or any(_is_telling(data, at, word) for at, word in found)


def _is_telling(data: bytes, at: int, word: bytes) -> bool:
    end = at + len(word)
    strong = telling_name(word).sensitivity == "strong"
    operator = _OPERATOR.match(data, end)
    if operator is None:
        if word.startswith(b"-") or data[at - 1 : at] + data[end : end + 1] == b"[]":
            return True  # an option of a command, and its value in the next item; a section of an ini text
        before = max(0, at - 200), at
        if data.rfind(b"{{", *before) > data.rfind(b"}}", *before):
            return False  # a template fills it in
        return _is_name(data[max(0, at - 200) : at]) and _has_value_beside(data, at, end, strong=strong)
    return _tells(data, at, operator.end(), strong=strong)


def _tells(data: bytes, at: int, start: int, *, strong: bool) -> bool:
    """May what begins at `start` be a secret, under a key at `at`?"""
    if _DULL.match(data, start):
        return False
    if _NOTHING.match(data, start):
        return _has_telling_block(data, at, start, strong=strong)
    if data[start : start + 1] in b"|>{[&*!":
        return True
    value = _VALUE.match(data, start)
    if value is None:
        return True
    if strong:
        return len(value[1]) >= 3
    return len(value[1]) >= 10 and value[2] is None and is_random_looking(value[1].decode("utf-8", "replace"))


def _is_name(before: bytes) -> bool:
    """Is what begins after `before`, or a little earlier, the value of `name:` or `key:`, with tags and comments?"""
    before = before[-60:].rstrip(_IN_NAME) or before[-1:]
    for _ in range(5):
        before = before.rstrip(_BEFORE_SCALAR)
        line = before[before.rfind(b"\n") + 1 :]
        last = line[line.rfind(b" ") + 1 :]
        if b"#" in line:
            before = before[: len(before) - len(line) + line.find(b"#")]
        elif last[:1] in (b"!", b"&"):
            before = before[: -len(last)]
        else:
            break
    return before.endswith(b":") and before[:-1].rstrip(b" \t\"'").endswith((b"ame", b"ey"))


def _has_value_beside(data: bytes, at: int, end: int, *, strong: bool) -> bool:
    """Is there a `value:` that tells in the mapping whose `name:` the word ends? It may stand before it."""
    begin = data.rfind(b"\n", 0, at) + 1
    line = data[begin:at]
    content = line.lstrip(b" ")
    indent = len(line) - len(content)
    while content.startswith(b"- "):
        content = content[2:].lstrip(b" ")
        indent = len(line) - len(content)
    is_flow = b"{" in line or b"[" in line
    if is_flow or not content.lower().startswith((b"name", b"key", b'"name', b'"key', b"'name", b"'key")):
        return any(
            _tells(data, found.start(), found.end(), strong=strong)
            for found in _VALUE_KEY.finditer(data, max(0, at - _NEAR), end + _NEAR)
        )
    after = _VALUE_KEY.search(data, end, _end_of_mapping(data, end, indent))
    if after is not None and _tells(data, after.start(), after.end(), strong=strong):
        return True
    return indent == len(line) - len(line.lstrip(b" ")) and _has_value_before(data, begin, indent)


def _end_of_mapping(data: bytes, at: int, indent: int) -> int:
    """Where the lines below `at` that stand as deep as a mapping end, as far as it is worth to look."""
    for _ in range(_LINES):
        begin = data.find(b"\n", at) + 1
        if not begin or begin >= len(data):
            return len(data)
        line = data[begin : data.find(b"\n", begin) + 1 or len(data)]
        content = line.lstrip(b" ")
        if content.strip() and not content.startswith(b"#") and len(line) - len(content) < indent:
            return begin
        at = begin
    return at


def _has_value_before(data: bytes, begin: int, indent: int) -> bool:
    for _ in range(_LINES):
        if not begin:
            return False
        end, begin = begin, data.rfind(b"\n", 0, begin - 1) + 1
        line = data[begin:end]
        content = line.lstrip(b" -")
        depth = len(line) - len(content)
        if depth <= indent and _VALUE_KEY.match(content) is not None:
            return True
        if depth < indent and content.strip():
            return False
        if depth == indent and line.lstrip(b" ").startswith(b"-"):
            return False
    return True


def _has_telling_block(data: bytes, at: int, start: int, *, strong: bool) -> bool:
    """What stands below a key without a value of its own: a list, a map that could hold secrets, or its value."""
    line_break = data.find(b"\n", start)
    if line_break < 0:
        return False
    line = data[data.rfind(b"\n", 0, at) + 1 : at]
    key_indent = len(line) - len(line.lstrip(b" "))
    below = _BELOW.match(data, line_break + 1)
    assert below is not None
    if below[2] is not None:
        return True
    if len(below[1]) < key_indent:
        return False
    if below[3] is None:
        return len(below[1]) > key_indent and below.end() < len(data)
    if not strong or below[3].strip(b"\"' \t:").lower() in _SCHEMA:
        return False
    return _CHILD.search(data, below.end() - 1, below.end() + _BLOCK) is not None
