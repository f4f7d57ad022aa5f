"""What stands beside a template span or a variable in a value: `{{ prefix }}S3cretPart`, `${PREFIX}S3cretPart`.

Names are often put together so (`{{ fullname }}-postgresql`, `${ENV}-db2`), and URLs: what is left of those is no
secret, although it stands under a key that promises one.
"""

from __future__ import annotations

from itertools import pairwise

from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern

_APART = pattern(r"[^A-Za-z0-9!@$%^&*+~?_.-]+")
_SHORTEST = 8
_OF_HOST = 2
"""Dots in the name of a host."""
_PUNCTUATION = frozenset("!@$%^&*+~?")
_JOIN = pattern(r"[-_.]")
"""What joins the parts of a name."""


def literals(text: str, *, typed: bool) -> list[str]:
    """The parts of `text`, from which what is filled in was taken out, that may be a secret, or an end of one.

    They look made by chance; where a person made the secret up (`typed`), it is enough that they are no name.
    """
    if "://" in text:
        return []
    typed = typed and "/" not in text
    parts = (part.strip("-_.") for part in _APART.split(text))
    return [
        part
        for part in parts
        if len(part) >= _SHORTEST and part.count(".") < _OF_HOST and (_is_made(part) or (typed and _is_typed(part)))
    ]


def _is_made(part: str) -> bool:
    return shape.is_random_looking(part) and shape.classes(part) >= 3


def _is_typed(part: str) -> bool:
    """Are there digits and signs among letters, or one long word as `hunter2xyz` or `Summer2031`?"""
    if not any(map(str.isdigit, part)) or not any(map(str.isalpha, part)):
        return False
    return not _PUNCTUATION.isdisjoint(part) or any(map(_is_made_up, _JOIN.split(part)))


def _is_made_up(word: str) -> bool:
    """Has it digits among its letters, or three kinds of characters? `postgresql14` has not."""
    if len(word) < _SHORTEST or not any(map(str.isdigit, word)):
        return False
    return shape.classes(word) >= 3 or any(a.isdigit() and b.isalpha() for a, b in pairwise(word.lstrip("0123456789")))
