"""Character classes of RE2 as lists of code-point ranges, and as text for Python's `re`."""

from __future__ import annotations

import re
from functools import lru_cache

from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    Ranges = list[tuple[int, int]]

_LAST = 0x10FFFF

_DIGIT = [(0x30, 0x39)]
_UPPER, _LOWER = [(0x41, 0x5A)], [(0x61, 0x7A)]
_PERL: dict[str, Ranges] = {
    "d": _DIGIT,
    "s": [(0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)],
    "w": [*_DIGIT, *_UPPER, (0x5F, 0x5F), *_LOWER],
}
_POSIX: dict[str, Ranges] = {
    "alnum": [*_DIGIT, *_UPPER, *_LOWER],
    "alpha": [*_UPPER, *_LOWER],
    "ascii": [(0x00, 0x7F)],
    "blank": [(0x09, 0x09), (0x20, 0x20)],
    "cntrl": [(0x00, 0x1F), (0x7F, 0x7F)],
    "digit": _DIGIT,
    "graph": [(0x21, 0x7E)],
    "lower": _LOWER,
    "print": [(0x20, 0x7E)],
    "punct": [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)],
    "space": [(0x09, 0x0D), (0x20, 0x20)],
    "upper": _UPPER,
    "word": _PERL["w"],
    "xdigit": [*_DIGIT, (0x41, 0x46), (0x61, 0x66)],
}
_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

_NUMBER = pattern(r"x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2})")
_POSIX_NAME = pattern(r"\[:(\^?)([a-z]+):\]")
_PROPERTY = pattern(r"[pP](?:([A-Z])|\{(\^?)([A-Za-z_]+)\})")

# Go folds simply: these two belong to ASCII letters; the dotted and dotless i, which Python folds, do not.
_FOLDS_INTO_ASCII = {0x4B: 0x212A, 0x6B: 0x212A, 0x53: 0x17F, 0x73: 0x17F}
_UPPER_ONLY = {0xDF: 0x1E9E, 0xE5: 0x212B, 0x3B8: 0x3F4, 0x3C9: 0x2126}
"""Capitals that lower to a letter which has another capital, or none, of its own."""
_MOST_FOLDED = 4096
"""A non-ASCII range larger than this is one of scripts, with both cases in it."""


def escaped(pattern: str, at: int) -> tuple[str, int]:
    """The character for the escape whose backslash stands before `at`, and where it ends. Raises ValueError."""
    char = pattern[at : at + 1]
    if char in _CONTROL:
        return _CONTROL[char], at + 1
    match = _NUMBER.match(pattern, at)
    if match is not None:
        digits = match[1] or match[2]
        code = int(digits, 16) if digits else int(match[3], 8)
        if code > _LAST:
            raise ValueError("an escape beyond the last character of Unicode")
        return chr(code), match.end()
    if char and char.isascii() and not char.isalnum():
        return char, at + 1
    raise ValueError(f"the escape `\\{char}` is not known to RE2" if char else "a backslash at the end")


def named(pattern: str, at: int, *, folded: bool) -> tuple[Ranges, int]:
    r"""The class for `\d`, `\W`, `\pL`, `\p{Lu}` …, whose backslash stands before `at`, and where it ends."""
    char = pattern[at]
    if char in "pP":
        match = _PROPERTY.match(pattern, at)
        if match is None:
            raise ValueError(f"`\\{char}` without a class of characters")
        ranges = _property(match[1] or match[3])
        negative = (char == "P") != bool(match[2])
        at = match.end()
    else:
        ranges, negative = _PERL[char.lower()], char.isupper()
        at += 1
    if folded:
        ranges = fold(ranges)
    return (_complement(ranges) if negative else ranges), at


def bracketed(pattern: str, at: int, *, folded: bool) -> tuple[Ranges, int]:
    """The class whose `[` stands before `at`, and where it ends. Raises ValueError."""
    negative = pattern.startswith("^", at)
    at += negative
    ranges: Ranges = []
    first = True
    while first or not pattern.startswith("]", at):
        if at >= len(pattern):
            raise ValueError("a `[` without its `]`")
        first = False
        posix = _POSIX_NAME.match(pattern, at)
        if posix is not None:
            if posix[2] not in _POSIX:
                raise ValueError(f"no class of characters is named `{posix[2]}`")
            members = fold(_POSIX[posix[2]]) if folded else _POSIX[posix[2]]
            ranges += _complement(members) if posix[1] else members
            at = posix.end()
        elif pattern[at] == "\\" and pattern[at + 1 : at + 2] in {*"dDsSwWpP"}:
            members, at = named(pattern, at + 1, folded=folded)
            ranges += members
        else:
            low, at = _member(pattern, at)
            high = low
            if pattern.startswith("-", at) and not pattern.startswith("]", at + 1):
                high, at = _member(pattern, at + 1)
            if high < low:
                raise ValueError("a range of characters whose end comes before its start")
            ranges += fold([(low, high)]) if folded else [(low, high)]
    return (_complement(ranges) if negative else ranges), at + 1


def _member(pattern: str, at: int) -> tuple[int, int]:
    if at >= len(pattern):
        raise ValueError("a `[` without its `]`")
    if pattern[at] == "\\":
        char, at = escaped(pattern, at + 1)
        return ord(char), at
    return ord(pattern[at]), at + 1


def fold(ranges: Ranges) -> Ranges:
    """The ranges with the other cases of their letters, by Go's simple folding."""
    found = list(ranges)
    for low, high in ranges:
        for code in range(max(low, 0x41), min(high, 0x7A) + 1):
            if chr(code).isalpha():
                found.append((code ^ 0x20, code ^ 0x20))
            if code in _FOLDS_INTO_ASCII:
                found.append((_FOLDS_INTO_ASCII[code],) * 2)
        low = max(low, 0x80)  # noqa: PLW2901
        if high - low <= _MOST_FOLDED:
            for code in range(low, high + 1):
                found += ((other, other) for other in _other_cases(code))
    return _merged(found)


def _other_cases(code: int) -> set[int]:
    if code in {0x130, 0x131}:
        return set()
    char = chr(code)
    cases = {char.lower(), char.upper(), char.title()}
    cases |= {one.lower() for one in cases} | {one.upper() for one in cases}
    codes = {ord(one) for one in cases if len(one) == 1}
    codes |= {_UPPER_ONLY[one] for one in codes if one in _UPPER_ONLY}
    return codes - {0x130, 0x131}


@lru_cache(maxsize=64)
def _property(name: str) -> Ranges:
    """A general category of Unicode. Scripts, such as `Greek`, are not in Python's library."""
    if name == "Any":
        return [(0, _LAST)]
    if len(name) > 2 or name[0] not in "CLMNPSZ":
        raise ValueError(f"the class of characters `\\p{{{name}}}` is not handled; categories such as `\\p{{Lu}}` are")
    import unicodedata  # noqa: PLC0415  rare

    category = unicodedata.category
    codes = [code for code in range(_LAST + 1) if category(chr(code)).startswith(name)]
    if not codes or name == "Cn":
        raise ValueError(f"no class of characters is named `{name}`")
    return _merged([(code, code) for code in codes])


def _merged(ranges: Ranges) -> Ranges:
    """The same characters in sorted ranges that do not touch."""
    merged: Ranges = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _complement(ranges: Ranges) -> Ranges:
    gaps: Ranges = []
    at = 0
    for low, high in _merged(ranges):
        if low > at:
            gaps.append((at, low - 1))
        at = high + 1
    if at <= _LAST:
        gaps.append((at, _LAST))
    return gaps


def text(ranges: Ranges) -> str:
    """A class as an expression of Python's `re` that matches one character of it."""
    merged = _merged(ranges)
    if not merged:
        return "(?!)"
    if len(merged) == 1 and merged[0][0] == merged[0][1]:
        return re.escape(chr(merged[0][0]))
    if merged[0][0] == 0 and merged[-1][1] == _LAST and len(merged) > 1:
        return f"[^{_listed(_complement(merged))}]"
    return f"[{_listed(merged)}]"


def _listed(ranges: Ranges) -> str:
    return "".join(_char(low) if low == high else f"{_char(low)}-{_char(high)}" for low, high in ranges)


def _char(code: int) -> str:
    char = chr(code)
    return char if char.isascii() and char.isalnum() else f"\\x{code:02x}" if code < 0x100 else f"\\U{code:08x}"
