"""The test that decides whether YAML or JSON is parsed for the names of its leaves. Most files are not.

It reads no structure. It looks at every word that promises a secret when it is a key, and at what stands beside it: a
value that is more than a setting, a template or nothing; a list or a map below; `value:` in the same mapping. Where it
cannot tell, the file is parsed: what it lets go, no rule about names sees.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.assignments import MANY, places, telling_name
from secrets_gitops.lint.classify import is_file_of_secrets
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from secrets_gitops.lint.target import Target

_STRINGS = (b"stringdata", b"string-data", b"string_data", b"string.data", b"string data")
_SECURE = pattern(rb"secure[-_. ]?(?:json[-_. ]?data|settings)")
"""Maps whose children are secrets whatever they are called, in lower case."""
_OF_A_SECRET = pattern(
    rb"s?[^a-z0-9\n]{0,10}(?:envs?|environment|envvars|vars|variables|files)[^a-z\n:]{0,60}(?::|$)", re.MULTILINE
)
"""After `secret`: more of such maps."""
_SENSITIVE = pattern(rb"sensitive[\"']?[ \t]{0,20}:[ \t]{0,20}(?:[\r\n#{&!]|$)")
"""A map in which secrets stand beside settings."""
_ESCAPES = (b"\\u00", b"\\U0000", b"\\x")
"""Letters of a key written otherwise."""
_EXPLICIT = pattern(rb"^[ \t-]{0,200}(?:\?\s|\*[^\s:]{1,200}[ \t]{1,200}:)", re.MULTILINE)
"""Keys that stand behind a question mark, or that an alias stands for."""
_OPERATOR = pattern(rb"[\\\"']{0,4}\s{0,200}(?::=|=>|[:=])[ \t]{0,200}")
_KEY_GOES_ON = pattern(rb"[^\r\n]{0,200}?(?:[\"']\s{0,20}:|:(?=\s)|=)[ \t]{0,200}")
_ENVELOPE = rb"""
    (?-i:ENC\[AES256_GCM,data:[A-Za-z0-9+/]{2,4000}={0,2},iv:[A-Za-z0-9+/]{43}=,tag:[A-Za-z0-9+/]{22}==,
        type:(?:str|int|float|bytes|bool)\])
"""
_END = rb"[ \t]{0,20}[,}\])]{0,4}[ \t]{0,20}(?:\#[^\r\n]{0,400})?(?=[\r\n]|\Z|\\n)"
_SETTING = rb"""
    (?:
        \\{0,2}(?:""|'') | \{\s{0,4}\} | \[\s{0,4}\] | null\b | ~ | (?:true|false|yes|no|on|off)\b | [0-9.]{1,5}\b
      | ["']?\{\{[^\r\n"'`]{0,400}\}\}["']?
      | ["']?\$\{[a-z_][a-z0-9_]{0,80}\}["']?
    )
"""
_DULL = pattern(_SETTING + _END, re.VERBOSE | re.IGNORECASE)
_DULL_STARTS = b"\\\"'{[~.$0123456789nNtTfFyYoO"
_SEALED = pattern(_ENVELOPE + _END, re.VERBOSE | re.IGNORECASE)
"""What is no secret, to the end of its line: a setting, or an envelope. Each begins as nothing else does."""
_NOTHING = pattern(rb"(?:#[^\r\n]{0,2000})?(?:\r?\n|\Z)")
_QUOTED = pattern(rb"\\{0,2}\"((?:[^\"\\\r\n]|\\.){0,4000})\"|'((?:[^'\r\n]|''){0,4000})'")
_BARE = pattern(rb"[^\r\n]{1,4000}")
_SKIPPED = pattern(rb"(?:[ \t]{0,400}(?:(?:\#|\{\{|\{%)[^\n]{0,2000})?\r?\n){0,60}")
"""Lines without YAML: comments, templates, nothing."""
_KEY = pattern(rb"(?:\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[^\s\"'{\[&*!|>#][^\n#]{0,200}?)[ \t]{0,200}:(?=\s|\Z)")
_CHILD = pattern(
    rb"""
    ^[ \t]{0,400}(?:-[ \t]{1,20}){0,4}
    (?:
        (?!(?:description|type|format|pattern)["']?[ \t]{0,4}:)[^\s\#][^\n]{0,200}?:[ \t]{1,200}(?![\#\r\n]|SETTING)
      | [^\s\#][^\n]{0,200}?:[ \t]{0,200}(?:\#[^\n]{0,3000})?\r?\n
        (?:[ \t]{0,400}(?:\#[^\n]{0,3000})?\r?\n){0,100}[ \t]{1,400}(?![^\n]{0,200}:(?:\s|\Z)|[\#\s-])
      | (?<=-[ ])(?![^\n]{0,200}:(?:\s|\Z)|[\#\r\n]|SETTING)
    )
    \S
    """.replace(b"SETTING", b"(?:" + _SETTING + b"|" + _ENVELOPE + b")" + _END),
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
"""In a map below: a value that is more than a setting, on the line of its key or the next, or in a list."""
_VALUE_KEY = pattern(rb"[\"']?(?:[vV]alues?|[dD]efault|defaultValue)[\"']?\s{0,200}(?::[ \t]{0,200}|$)", re.MULTILINE)
_NAME_KEYS = (b"name", b"Name", b"key", b"Key")
_OPERATION = pattern(rb"(?<![\w.-])op\\{0,2}[\"']?\s{0,200}(?::|$)", re.MULTILINE)
_WEAK = read_key("auth")
_SHORTEST = 10
"""Characters of a value that looks made by chance."""
_IN_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.${}()/ -" + bytes(range(128, 256))
_BEFORE_SCALAR = b" \t\r\n\"'|>-+0123456789"
_MAY_FOLLOW = frozenset(range(256))
_LONGEST_NAME = 80
_BEFORE = 3000
_LINES = 40
"""How far the other lines of a mapping are looked at; where it is longer, the whole file decides."""
_MANY_PLACES = 100_000
"""No file that people write has so many; to parse it is quicker than to look at them all."""


def may_be_called_secret(target: Target) -> bool:
    """False promises that no leaf of the text has both a sensitive name and a value that could be a secret."""
    data = target.data
    lowered = target.lowered
    if is_file_of_secrets(target.path):
        return True
    if b"string" in lowered and any(name in lowered for name in _STRINGS):
        return True
    if b"secure" in lowered and _SECURE.search(lowered):
        return True
    if any(
        _OF_A_SECRET.match(lowered, at) for word in (b"secret", b"sensitive", b"private") for at in _ends(lowered, word)
    ):
        return True
    if b"sensitive" in lowered and _SENSITIVE.search(lowered):
        return True
    if b"\\" in data and any(escape in data for escape in _ESCAPES):
        return True
    if (b"?" in data or b"*" in data) and _EXPLICIT.search(data):
        return True
    words = target.telling_words
    if len(words) * len(data) > MANY:
        return True
    if len(data) > _MANY_PLACES and sum(map(data.count, words)) > _MANY_PLACES:
        return True
    found = places(data, words, _MAY_FOLLOW)
    text = _Text(data, target.different_words)
    return any(text.tells(at, word) for at, word in found)


def _ends(data: bytes, word: bytes) -> Iterator[int]:
    at = data.find(word)
    while at >= 0:
        at += len(word)
        yield at
        at = data.find(word, at)


class _Text:
    """A text, and what is found out about all of it when it is first asked for."""

    def __init__(self, data: bytes, words: Set[bytes]) -> None:
        self._data = data
        self._words = words
        self._anywhere: bool | None = None
        self._patches: bool | None = None
        self._judged: dict[bytes, bool] = {}

    def tells(self, at: int, word: bytes) -> bool:
        """May the word at `at` name a secret?"""
        data, end = self._data, at + len(word)
        begin = data.rfind(b"\n", 0, at) + 1
        line = data[max(begin, at - 2000) : at]
        content = line.lstrip(b" \t")
        strong = telling_name(word).sensitivity == "strong"
        operator = _OPERATOR.match(data, end)
        if content.startswith(b"#"):  # no leaf, but what is commented out was one, and is looked at too
            return operator is not None and self._is_secret(at, operator.end(), strong=strong, alone=True)
        if operator is None:
            if word.startswith(b"-") or content.startswith(b"[") or data[end : end + 1] > b"\x7f":
                return True  # an option of a command, a section of an ini text, a word that goes on beyond ASCII
            if b"&" in line and b"*" in data:
                return True  # an alias may put it anywhere
            operator = _KEY_GOES_ON.match(data, end) if _is_in_key(line) else None
        if operator is None:
            return self._is_name_of_secret(at, end, line, strong=strong)
        return self._is_secret(at, operator.end(), strong=strong)

    def _is_secret(self, at: int, start: int, *, strong: bool, alone: bool = False) -> bool:
        """May what begins at `start` be a secret, under a key at `at`? `alone`: on that line."""
        data = self._data
        first = data[start : start + 1]
        if first in _DULL_STARTS and _DULL.match(data, start):
            return False
        if first == b"E" and _SEALED.match(data, start):
            return False
        if first in b"#\r\n" and _NOTHING.match(data, start):
            return not alone and self._has_secret_below(at, start, strong=strong)
        if strong or first in b"|>{[&*!#\r":
            return True
        quoted = _QUOTED.match(data, start) if first in b"\\\"'" else None
        if quoted is not None:
            return self._is_random(quoted[1] or quoted[2] or b"")
        bare = _BARE.match(data, start)
        value = bare[0] if bare else b""
        return any(self._is_random(part) for part in {value, value.partition(b" #")[0], value.partition(b",")[0]})

    def _is_random(self, value: bytes) -> bool:
        """Is it a secret under a weak key, quotes and what closes a flow left out?"""
        if len(value) < _SHORTEST:
            return False
        judged = self._judged.get(value)
        if judged is None:
            text = value.replace(b'\\"', b'"').strip(b" \t\"'\\,}]").decode("utf-8", "replace")
            judged = self._judged[value] = len(text) >= _SHORTEST and is_secret(text, _WEAK)
        return judged

    def _has_secret_below(self, at: int, start: int, *, strong: bool) -> bool:
        """What stands below a key without a value of its own: a list, a map that could hold secrets, or its value."""
        data = self._data
        line_break = data.find(b"\n", start)
        if line_break < 0:
            return False
        line = data[data.rfind(b"\n", 0, at) + 1 : at]
        key_indent = len(line) - len(line.lstrip(b" "))
        skipped = _SKIPPED.match(data, line_break + 1)
        begin = skipped.end() if skipped else line_break + 1
        if begin >= len(data):
            return False
        ahead = data[begin : begin + 400]
        content = ahead.lstrip(b" \t")
        if content[:1] in (b"", b"#", b"\r", b"\n"):
            return True  # too much between to say
        indent = len(ahead) - len(content)
        if content[:1] == b"-" and content[1:2] in (b" ", b"\t", b"\r", b"\n", b""):
            return indent >= key_indent
        if indent <= key_indent:
            return data[at - 1 : at] in (b'"', b"'") and content[:1] in b"\"'{["  # JSON, whose lines stand as they like
        if _KEY.match(data, begin + indent) is None:
            return True
        if not strong:
            return False
        end = re.compile(rb"^ {0,%d}[^\s#{]" % key_indent, re.MULTILINE).search(data, begin)
        return _CHILD.search(data, begin, end.start() if end else len(data)) is not None

    def _is_name_of_secret(self, at: int, end: int, line: bytes, *, strong: bool) -> bool:
        """Is the word the value of `name:`, or the end of it, with a `value:` that may be a secret beside it?"""
        data = self._data
        before = data[max(0, at - _BEFORE) : at]
        if b"/" in before and self._holds_operations:
            return self._has_secret_value_anywhere
        if before.rfind(b"{{") > before.rfind(b"}}") or not _is_after_name(before):
            return False
        content = line.lstrip(b" ")
        dashes = len(content) - len(content.lstrip(b"- "))
        indent = len(line) - len(content) + dashes
        content = content[dashes:].lstrip(b"\"'")
        if b"{" in line or b"[" in line or not content.startswith(_NAME_KEYS):
            return self._has_secret_value_anywhere
        after = _end_of_mapping(data, end, indent)
        if after is None:
            return self._has_secret_value_anywhere
        if self._has_secret_value(end, after, strong=strong):
            return True
        return dashes == 0 and _has_value_before(data, data.rfind(b"\n", 0, at) + 1, indent)

    def _has_secret_value(self, start: int, end: int, *, strong: bool) -> bool:
        if all(self._data.find(word, start, end) < 0 for word in (b"alue", b"default")):
            return False
        return any(
            self._is_secret(found.start(), found.end(), strong=strong)
            for found in _VALUE_KEY.finditer(self._data, start, end)
        )

    @property
    def _holds_operations(self) -> bool:
        """Are there operations of a JSON patch? The end of their path is the name of their value."""
        if self._patches is None:
            self._patches = b"op" in self._words and b"path" in self._data and _OPERATION.search(self._data) is not None
        return self._patches

    @property
    def _has_secret_value_anywhere(self) -> bool:
        if self._anywhere is None:
            self._anywhere = self._has_secret_value(0, len(self._data), strong=True)
        return self._anywhere


def _is_in_key(line: bytes) -> bool:
    """Does what comes after `line`, the begin of one, still belong to a key?"""
    inner = line[max(line.rfind(b","), line.rfind(b"{")) + 1 :]
    return b": " not in inner and b":\t" not in inner and b'":' not in inner and b"=" not in inner


def _is_after_name(before: bytes) -> bool:
    """Is what begins after `before`, or a little earlier, the value of `name:` or `key:`, with tags and comments?"""
    left = before.rstrip(_IN_NAME)
    if len(before) - len(left) > _LONGEST_NAME:
        return False
    for _ in range(8):
        left = left.rstrip(_BEFORE_SCALAR)
        line = left[left.rfind(b"\n") + 1 :]
        last = line[line.rfind(b" ") + 1 :]
        if left.endswith(b":") and left[:-1].rstrip(b" \t\r\n\"'").endswith((b"ame", b"ey")):
            return True
        if b"#" in line:
            left = left[: len(left) - len(line) + line.find(b"#")]
        elif last[:1] in (b"!", b"&"):
            left = left[: -len(last)]
        else:
            return len(before) == _BEFORE and b"\n" not in left
    return True


def _end_of_mapping(data: bytes, at: int, indent: int) -> int | None:
    """Where the lines below `at` end that stand as deep as a mapping; None when that is too far to look."""
    for _ in range(_LINES):
        begin = data.find(b"\n", at) + 1
        if not begin or begin >= len(data):
            return len(data)
        line = data[begin : data.find(b"\n", begin) + 1 or len(data)]
        content = line.lstrip(b" ")
        if content.strip() and content[:1] not in (b"#", b"{") and len(line) - len(content) < indent:
            return begin
        at = begin
    return None


def _has_value_before(data: bytes, begin: int, indent: int) -> bool:
    """Does a `value:` stand in a mapping before the line that begins at `begin`? True also when it is far up."""
    for _ in range(_LINES):
        if not begin:
            return False
        end, begin = begin, data.rfind(b"\n", 0, begin - 1) + 1
        line = data[begin:end]
        content = line.lstrip(b" -")
        depth = len(line) - len(content)
        if depth <= indent and _VALUE_KEY.match(content) is not None:
            return True
        if depth < indent and content.strip() and content[:1] not in b"#{":
            return False
        if depth == indent and line.lstrip(b" ").startswith(b"-"):
            return False
    return True
