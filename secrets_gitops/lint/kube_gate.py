"""The byte test that decides whether a text can hold a Secret at all, so that most files are never parsed.

It must not be outwitted by legal spelling: tags, anchors, quotes, comments between key and value, block scalars,
explicit keys, escapes, quotes escaped in JSON inside YAML.
"""

from __future__ import annotations

from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set

_FIELDS = frozenset((b"data", b"stringData"))
_KIND = pattern(
    rb"kind\\{0,8}[\"']?\s{0,200}:\s{0,200}(?:[!&]\S{0,200}\s{1,200}){0,4}(?:[|>][-+0-9]{0,2}\s{1,200})?"
    rb"(?:#[^\n]{0,400}\s{1,200}){0,4}\\{0,8}[\"']?Secret(?:List)?(?![-.\w])"
)
_EXPLICIT = pattern(rb"\?\s{1,200}(?:[!&]\S{0,200}\s{1,200}){0,4}[\"']?kind")
_FAR = pattern(rb"kind\\{0,8}[\"']?\s{0,200}+(?:\s|#|:\s{0,200}+[\s*#!&])")
_ALIAS = pattern(rb"\*[^\s,\[\]{}]{1,200}\s{1,200}:")
"""`kind` as an explicit key, with more than one thinks of between it and its value, or as an alias."""
_ESCAPED = pattern(
    rb"\\(?:(?:x|u00|U000000)(?:6[4569bBeE]|53|63|7[24])"
    rb"|\r?\n[ \t]{0,200}(?:kind|ind|nd|d[\"']|Secret|ecret|cret|ret|et[\"']|t[\"']|\\))"
)
"""A letter of `kind` or `Secret` written as an escape, or a line break escaped in the middle of either."""
GENERATOR = b"ecretGenerator"
"""In the bytes of every file with a generator of Secrets."""


def may_hold_secret(data: bytes) -> bool:
    """False promises that nothing in `data` is a mapping of kind Secret."""
    if b"Secret" in data and (
        _KIND.search(data) is not None
        or _FAR.search(data) is not None
        or (b"?" in data and _EXPLICIT.search(data) is not None)
        or (b"*" in data and _ALIAS.search(data) is not None)
    ):
        return True
    return b"\\" in data and _ESCAPED.search(data) is not None


def may_hold_values(data: bytes, words: Set[bytes]) -> bool:
    """False promises that nothing in `data` is a Secret with values: many objects only name one.

    `words` are those of `data` (`lint.assignments.split`); behind an escape a key is part of another word.
    """
    return (not _FIELDS.isdisjoint(words) or b"\\" in data) and may_hold_secret(data)
