"""The test that decides whether YAML or JSON is parsed for the names of its leaves. Most files are not.

It reads no structure. It looks at every word that promises a secret when it is a key, and at what stands beside it: a
value that is more than a setting, a template or nothing; a list or a map below; `value:` in the same mapping. Where it
cannot tell, the file is parsed: what it lets go, no rule about names sees.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.assignments import MANY, WORD_BYTES, places, telling_name
from secrets_gitops.lint.below import (
    NOTHING,
    VALUE_NAMES,
    Values,
    column_of,
    flow_holds_secret,
    holds_secret,
    is_called_secret,
    is_filled_in,
    is_setting,
    may_hold_random,
    whole_key,
)
from secrets_gitops.lint.classify import is_file_of_secrets
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from secrets_gitops.lint.target import Target

_KIND = pattern(rb"^(?:kind|apiVersion|jobs|services):", re.MULTILINE)
_PAIR = pattern(rb"^[ \t]{0,200}(?!\{\{|\{%)[^\s#-][^\n]{0,400}:", re.MULTILINE)
_STRINGS = (b"stringdata", b"string-data", b"string_data", b"string.data", b"string data")
_SECURE = pattern(rb"secure[-_. ]?(?:json[-_. ]?data|settings)")
"""Maps whose children are secrets whatever they are called, in lower case."""
_OF_A_SECRET = pattern(
    rb"s?[^a-z0-9\n]{0,10}(?:envs?|environment|envvars|vars|variables|files)[^a-z\n:]{0,60}(?::|$)", re.MULTILINE
)
"""After `secret`: more of such maps."""
_SENSITIVE = pattern(rb"sensitive[\"']?[ \t]{0,20}:[ \t]{0,20}(?:[\r\n#{\[&!]|$)")
"""A map in which secrets stand beside settings."""
_ESCAPES = (b"\\u00", b"\\U0000", b"\\x")
"""Letters of a key written otherwise."""
_EXPLICIT = pattern(rb"[?*](?<![^\s-][?*])(?:(?<=\?)\s|(?<=\*)[^\s:]{1,200}+[ \t]{1,200}+:)")
"""Keys that stand behind a question mark, or that an alias stands for."""
_OPERATOR = pattern(rb"[\\\"']{0,4}\s{0,200}(?::=|=>|:|=(?![=~]))[ \t]{0,200}")
_KEY_GOES_ON = pattern(rb"[^\r\n]{0,200}?(?:[\"']\s{0,20}:|:(?=\s)|(?<!=)=(?![=~]))[ \t]{0,200}")
_QUOTED = pattern(rb"\\{0,2}\"((?:[^\"\\\r\n]|\\.){0,4000})\"|'((?:[^'\r\n]|''){0,4000})'|`([^`\r\n]{0,4000})`")
_BARE = pattern(rb"[^\r\n]{1,4000}")
_TEMPLATE = pattern(rb"[\"']?\{\{(?:(?!\}\})[^\r\n]){0,2000}\}\}[^\r\n]{0,2000}")
"""What a template fills in is no secret; what stands beside it may be, and in a flow what follows has names."""
_IN_WORDS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.%/-"
_VALUE_KEY = pattern(rb"[\"']?" + VALUE_NAMES + rb"[\"']?\s{0,200}(?::[ \t]{0,200}|$)", re.MULTILINE)
_NAME_KEY = pattern(rb"(?<![\w.-])(?:[nN]ame|[kK]ey)\Z")
_NAME_KEYS = (b"name", b"Name", b"key", b"Key")
_OPERATION = pattern(rb"(?<![\w.-])op\\{0,2}[\"']?\s{0,200}(?::|$)", re.MULTILINE)
_IN_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.${}()/ -" + bytes(range(128, 256))
_BEFORE_SCALAR = b" \t\r\n\"'|>-+0123456789"
_MAY_FOLLOW = frozenset(range(256)) - WORD_BYTES
_LONGEST_LINE = 2000
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
    if is_file_of_secrets(target.path) and not _holds_objects(data) and may_hold_random(data, Values()):
        return True
    text = _Text(data, target.different_words)
    if b"string" in lowered and any(text.holds_secrets(end, name) for name in _STRINGS for end in ends(lowered, name)):
        return True
    if b"secure" in lowered and _SECURE.search(lowered):
        return True
    if any(
        _OF_A_SECRET.match(lowered, at) for word in (b"secret", b"sensitive", b"private") for at in ends(lowered, word)
    ):
        return True
    if b"sensitive" in lowered and _SENSITIVE.search(lowered):
        return True
    if b"\\" in data and any(escape in data for escape in _ESCAPES):
        return True
    if (b"?" in data or b"*" in data) and any(_begins_line(data, key.start()) for key in _EXPLICIT.finditer(data)):
        return True
    words = target.telling_words
    if len(words) * len(data) > MANY:
        return True
    if len(data) > _MANY_PLACES and sum(map(data.count, words)) > _MANY_PLACES:
        return True
    found = places(data, words, _MAY_FOLLOW)
    return any(text.tells(at, word) for at, word in found)


def _holds_objects(data: bytes) -> bool:
    """Is each document an object of Kubernetes or the like, and not the names and values of secrets?"""
    return all(_KIND.search(part) or not _PAIR.search(part) for part in data.split(b"\n---"))


def _begins_line(data: bytes, at: int) -> bool:
    """Do only blanks and the dashes of lists, up to 200 of them, stand before `at` on its line?"""
    before = data[max(0, at - 201) : at]
    begin = before.rfind(b"\n") + 1
    return (begin > 0 or at <= 200) and not before[begin:].strip(b" \t-")


def ends(data: bytes, word: bytes) -> Iterator[int]:
    """Where `word` ends in `data`, each time it stands there, in other words too."""
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
        self._values = Values()

    def holds_secrets(self, end: int, name: bytes) -> bool:
        """May a secret stand under the key `name` that ends at byte `end`, whatever it is called there?"""
        operator = _OPERATOR.match(self._data, end)
        if operator is None:
            return False
        at = end - len(name)
        line = _line_before(self._data, at)
        return self._is_secret(line, at, self._data[at:end], operator.end(), strong=True)

    def tells(self, at: int, word: bytes) -> bool:
        """May the word at `at` name a secret?"""
        data, end = self._data, at + len(word)
        line = _line_before(data, at)
        content = line.lstrip(b" \t")
        strong = telling_name(word).sensitivity == "strong"
        operator = _OPERATOR.match(data, end)
        if content.startswith(b"#"):  # no leaf, but what is commented out was one, and is looked at too
            return operator is not None and self._is_secret(line, at, word, operator.end(), strong=strong, alone=True)
        if operator is None:
            if word.startswith(b"-") or content.startswith(b"[") or data[end : end + 1] > b"\x7f":
                return True  # an option of a command, a section of an ini text, a word that goes on beyond ASCII
            if b"&" in line and b"*" in data:
                return True  # an alias may put it anywhere
            operator = _KEY_GOES_ON.match(data, end) if _is_in_key(line) else None
        if operator is None:
            return self._is_name_of_secret(at, end, line, strong=strong)
        return self._is_secret(line, at, word, operator.end(), strong=strong)

    def _is_secret(self, line: bytes, at: int, word: bytes, start: int, *, strong: bool, alone: bool = False) -> bool:
        """May what begins at `start` be a secret, under a key with `word` at `at`, behind `line`?

        `alone`: on that line.
        """
        data = self._data
        between = data[at + len(word) : start]
        key = whole_key(line, word, between)
        first = data[start : start + 1]
        if first in b"#\r\n" and NOTHING.match(data, start):
            return not alone and holds_secret(data, self._values, line, key, start, strong=strong)
        if first in b"{\"'" and (filled_in := _TEMPLATE.match(data, start)) is not None:
            if strong and not is_filled_in(filled_in[0]) and is_called_secret(filled_in[0].strip(b" \t\"'"), key):
                return True
            is_key = not alone and b":" in between
            return is_key and holds_secret(data, self._values, line, key, filled_in.end(), strong=strong)
        if is_setting(data, start):
            return False
        if first in b"{[" and not alone and NOTHING.match(data, start + 1):
            return flow_holds_secret(data, self._values, key, start, strong=strong)
        quoted = _QUOTED.match(data, start) if first in b"\\\"'`" else None
        text = (quoted[1] or quoted[2] or quoted[3] or b"") if quoted is not None else b""
        if _is_in_template(line, data, at):
            return _is_more_than_words(text)
        if first in b"|>{[&*!#\r":
            return True
        if strong and (
            (quoted is None and (first in b"\"'\\" or self._goes_on(line, start))) or b"\\" in text or b"''" in text
        ):
            return True
        if quoted is None:
            bare = _BARE.match(data, start)
            value = bare[0] if bare else b""
            texts = {value, value.partition(b" #")[0], value.partition(b",")[0], value.rstrip(b" \t,}])\"'")}
        else:
            texts = {text}
        if not strong:
            return any(map(self._values.is_random, texts))
        return any(is_called_secret(text, key) for text in texts)

    def _goes_on(self, line: bytes, start: int) -> bool:
        """Does the value at `start`, under a key behind `line`, go on below its line?"""
        data = self._data
        line_break = data.find(b"\n", start)
        if line_break < 0:
            return False
        indent = column_of(line)
        following = data[line_break + 1 : line_break + 1 + indent + 1]
        return following[:1] in (b"\r", b"\n", b"\t") or (len(following) > indent and not following.strip(b" "))

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
        if all(self._data.find(word, start, end) < 0 for word in (b"alue", b"efault")):
            return False
        return any(
            self._is_secret(
                _line_before(self._data, found.start()), found.start(), found[0], found.end(), strong=strong
            )
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


def _line_before(data: bytes, at: int) -> bytes:
    """What stands before byte `at` on its line; of a long line the last of it, which a key does not reach over."""
    begin = max(0, at - _LONGEST_LINE)
    return data[max(begin, data.rfind(b"\n", begin, at) + 1) : at]


def _is_in_template(line: bytes, data: bytes, at: int) -> bool:
    """Is byte `at`, behind `line`, within `{{ … }}` that ends on its line?

    No leaf is there, and what is assigned is a variable.
    """
    opening = line.rfind(b"{{")
    if opening < 0 or line[opening - 1 : opening] == b"$" or b"}}" in line[opening:]:
        return False
    close = data.find(b"}}", at, at + _LONGEST_LINE)
    return close >= 0 and data.find(b"\n", at, close) < 0


def _is_more_than_words(text: bytes) -> bool:
    """Might it look made (`lint.text_values`)? Formats and names do not."""
    return len(text) >= 8 and b" " not in text and bool(text.translate(None, _IN_WORDS))


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
        if left.endswith(b":") and _NAME_KEY.search(left[:-1].rstrip(b" \t\r\n\"'")[-5:]) is not None:
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
