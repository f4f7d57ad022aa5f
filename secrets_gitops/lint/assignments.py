"""Assignments: every `key op value` of a text whose key promises a secret, in one pass over its bytes.

All rules about texts share the pass. It asks first which different words a text holds (a translation and a split, both
in C), then which of them are keys of secrets (remembered from file to file), and looks only where those stand. Every
expression is bounded, and what an assignment took is not looked at again, so that the time is linear.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.key_names import read_key
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secrets_gitops.lint.key_names import KeyName

LONGEST_KEY = 100
LONGEST_VALUE = 4096

_IN_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
_BLANKED = bytes(c if c in _IN_WORD else 0x20 for c in range(256))
_WORD_BYTES = frozenset(_IN_WORD)
_MAY_FOLLOW = frozenset(b"\\\"'`])>:=?+| \t")
"""What may stand between a key and what sets it, or sets it."""
_STEM = pattern(
    rb"pass|pwd|pw|secret|token|cred|key|dsn|psk|pat|hmac|seed|mnemonic|otp|pin|salt|bearer|basic|jwt|docker"
    rb"|connection|auth|hash|cert|session|code|webhook|licen[cs]e|routing|integration",
    re.IGNORECASE,
)
"""What no key of a secret is without."""
_WORD = pattern(rb"[\w.-]{2,100}+", re.ASCII)
_AFTER_KEY = rb"""
    [\\"'`\])>]{0,4}+
    [ \t]{0,20}+
    (?P<op>
        :[ \t]{0,4}[A-Za-z_*&][\w.\[\]|?*&<>]{0,40}[ \t]{1,4}=(?![=~>])   # with its type between
      | :=|=>|[?+|]{0,2}=(?![=~>])|:(?![:=])|(?<=["'`]),
    )
    [ \t]{0,20}+
    (?:
        (?:[bBrRuU]{1,2}|@|\$)?+(?P<quote>["'`])(?P<quoted>
            (?<=")(?:[^"\\\r\n]|\\[^\r\n]){0,4096}+(?=")
          | (?<=')(?:[^'\\\r\n]|\\[^\r\n]){0,4096}+(?=')
          | (?<=`)[^`\r\n]{0,4096}+(?=`)
        )
      | (?P<escape>\\{1,7}["'])(?P<escaped>[^"'\\\r\n]{0,4096}+)(?=\\)
      | (?P<bare>BARE)
    )
"""
_TO_LINE_END = pattern(_AFTER_KEY.replace(b"BARE", rb"[^\s][^\r\n]{0,4095}+"), re.VERBOSE)
_TO_SPACE = pattern(_AFTER_KEY.replace(b"BARE", rb"[^\s]{1,4096}+"), re.VERBOSE)
_MANY = 64 * 1024 * 1024
"""Bytes that may be searched for the places of words before one expression finds them all."""
_MEMORY = 200_000
"""Words that are remembered as no keys of secrets."""

_dull: set[bytes] = set()
_telling: dict[bytes, KeyName] = {}


class Assignment(NamedTuple):
    """A key that promises a secret, and what it is set to."""

    key: str
    name: KeyName
    value: str
    """Without its quotes."""
    quote: str
    """The quote around it, or nothing."""
    op: str
    """`=`, `:`, `:=`, `=>`, or `,` (between the arguments of a call)."""
    start: int
    """Where the key begins, in bytes."""
    value_start: int
    end: int
    """Where the value ends; a quote after it is not counted."""


def find(data: bytes, words: Iterable[bytes] | None = None, *, by_line: bool = False) -> list[Assignment]:
    """All assignments in `data` whose key is strong or weak, in order.

    `words` are the different words of `data`. A value without quotes ends at a space; with `by_line`, at the end of its
    line, so that there is one assignment on a line.
    """
    keys = telling(split(data) if words is None else words)
    return list(_assignments(data, keys, _TO_LINE_END if by_line else _TO_SPACE)) if keys else []


def split(data: bytes) -> set[bytes]:
    """The different words of `data`: letters, digits and what joins them in keys."""
    return set(data.translate(_BLANKED).split())


def telling(words: Iterable[bytes]) -> list[bytes]:
    """Those of `words` that promise a secret when they are keys."""
    found = []
    if len(_dull) > _MEMORY:
        _dull.clear()
    if len(_telling) > _MEMORY:
        _telling.clear()
    for word in set(words) - _dull:
        if word in _telling:
            found.append(word)
        elif len(word) <= LONGEST_KEY:
            if _STEM.search(word) and word[-1] in _ENDS:
                name = read_key(word.decode("ascii").rstrip("0123456789"))  # a number says nothing, and they are many
                if name.is_sensitive:
                    _telling[word] = name
                    found.append(word)
                    continue
            _dull.add(word)
    return found


_ENDS = frozenset(_IN_WORD) - frozenset(b".-")


def _places(data: bytes, words: list[bytes]) -> list[tuple[int, bytes]]:
    """Where the words stand with something after them that may set them, in order."""
    places: list[tuple[int, bytes]] = []
    if len(words) * len(data) > _MANY:
        wanted = set(words)
        return [(found.start(), found[0]) for found in _WORD.finditer(data) if found[0] in wanted]
    find, size = data.find, len(data)
    for word in words:
        length = len(word)
        at = find(word)
        while at >= 0:
            after = at + length
            if (after == size or data[after] in _MAY_FOLLOW) and (not at or data[at - 1] not in _WORD_BYTES):
                places.append((at, word))
            at = find(word, after)
    places.sort()
    return places


def _assignments(data: bytes, words: list[bytes], after_key: re.Pattern[bytes]) -> Iterator[Assignment]:
    done = 0
    match = after_key.match
    for start, word in _places(data, words):
        if start < done:
            continue
        found = match(data, start + len(word))
        if found is None:
            continue
        kind = found.lastgroup
        assert kind is not None
        value_start, done = found.span(kind)
        name = _telling[word]
        if done - value_start < (4 if name.sensitivity == "strong" else 10):
            continue
        op = found["op"]
        yield Assignment(
            word.decode("ascii"),
            name,
            found[kind].decode("utf-8", "replace").rstrip(),
            (found["quote"] or found["escape"] or b"").decode("ascii"),
            "=" if len(op) > 2 else op.decode("ascii"),
            start,
            value_start,
            done,
        )
