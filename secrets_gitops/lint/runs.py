"""Runs: the parts of a text that could hold a token at all, and the texts that base64 in it stands for.

Words and markup are most of a file. Looking for some hundred anchors only in the runs of 20 and more token characters
is what makes the look cheap.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.token_bodies import decoded
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 20
"""No token that we know is shorter (an AWS access key id has 20 characters)."""

_KEPT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+=~:%"
_SHAPE = bytes(0x78 if c in _KEPT else 0x20 for c in range(256))
_PRINTABLE = bytes((*range(0x20, 0x7F), 9, 10, 13))
_LOW = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
"""The base64 characters of 0 to 31."""
_HEX = b"0123456789abcdef"
"""What digests are made of, many of which are as long as a line of base64."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
_WRAPPED = pattern(
    rb"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{60,128}(?:\\n|\r?\n[ \t]{0,60})){1,2000}[A-Za-z0-9+/]{1,128}={0,2}"
)
"""Base64 in lines of 60 to 128 characters, as `base64` and most libraries break it."""


def runs(data: bytes) -> bytes:
    """Every different run of token characters, each after a line break."""
    shape = data.translate(_SHAPE)  # `x` for a token character, a blank for any other
    find, long = shape.find, b"x" * SHORTEST
    found, at = set(), find(long)
    while at >= 0:
        end = find(b" ", at + SHORTEST)
        end = end if end >= 0 else len(data)
        found.add(data[at:end])
        at = find(long, end)
    return b"\n" + b"\n".join(found) if found else b""


class Hidden(NamedTuple):
    """A text that stands in base64 in another."""

    encoded: bytes
    text: bytes

    def places(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where in `data` it stands, at most 20 places."""
        at = -1
        for _ in range(20):
            at = data.find(self.encoded, at + 1)
            if at < 0:
                return
            yield at, at + len(self.encoded)


def hidden(data: bytes, dense: bytes) -> Iterator[Hidden]:
    """The texts behind base64 of 24 and more characters, where nine tenths of them are printable.

    `dense` are the runs of `data`.
    """
    candidates = set(_BASE64.findall(dense))
    if sum(60 <= len(found) <= 129 and bool(found.translate(None, _HEX)) for found in candidates) > 1:
        candidates.update(_WRAPPED.findall(data))
    for encoded in candidates:
        plain = b"".join(encoded.replace(b"\\n", b"").split()) if b"\n" in encoded or b"\\" in encoded else encoded
        # The first of four characters stands for the upper bits of the first of three bytes: a printable one is low.
        # One more for the last group, which may be cut.
        if len(plain[::4].translate(None, _LOW)) * 40 > 3 * len(plain) + 40:
            continue
        text = decoded(plain)
        if text and len(text.translate(None, _PRINTABLE)) * 10 <= len(text):
            yield Hidden(encoded, text)
