"""What a key's name says of its value. Decided once for each distinct key."""

from __future__ import annotations

from itertools import pairwise

from secrets_gitops.lint import key_words
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Sensitivity = Literal["strong", "weak", "open", "plain"]

_WORD = pattern(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")
_MEMORY = 20_000
"""Distinct keys that are remembered; a scan with more starts over, so that memory stays bounded."""
_LONGEST = 256
"""Characters of a key that are read, from its end."""
_LONG = 100
"""A key with more characters is what its last words say."""
_LAST = 3
_DOMAIN = pattern(r"(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,20}/(?=[A-Za-z])")
"""What stands before the name of an annotation or a label, and says whose it is."""


class KeyName(NamedTuple):
    """A key's words in lower case, and what they promise.

    `strong`: the value is a secret however it looks. `weak`: it is one when it looks random. `plain`: it is none (a
    name, a path, a setting). `open`: the key says nothing.
    """

    words: tuple[str, ...]
    sensitivity: Sensitivity

    @property
    def is_sensitive(self) -> bool:
        """Strong or weak."""
        return self.sensitivity in {"strong", "weak"}

    @property
    def holds_prose(self) -> bool:
        """Does it hold text for people, for example a description?"""
        return bool(self.words) and self.words[-1] in key_words.PROSE

    @property
    def asks_a_person(self) -> bool:
        """Does it hold what a person makes up and types, for example a password? Such a value may be a word."""
        return any(
            word in key_words.MADE_UP_WHOLE or any(part in word for part in key_words.MADE_UP) for word in self.words
        )

    @property
    def identifies(self) -> bool:
        """Does it hold an id, a digest or the like?"""
        return not key_words.IDENTIFYING.isdisjoint(self.words)


_known: dict[str, KeyName] = {}


def read_key(key: str) -> KeyName:
    """The words of `key`, split at anything but letters and digits and at changes of case, and what they promise.

    Of a long key its last words count.
    """
    key = key[-_LONGEST:]
    found = _known.get(key)
    if found is None:
        if len(_known) >= _MEMORY:
            _known.clear()
        if key[:2] == "-D":
            key = key[2:]  # a property of Java
        domain = _DOMAIN.match(key) if "/" in key else None
        words = tuple(word.lower() for word in _WORD.findall(key, domain.end() if domain else 0))[
            -_LAST if len(key) > _LONG else 0 :
        ]
        found = _known[key] = KeyName(words, _sensitivity(words))
    return found


def _sensitivity(words: tuple[str, ...]) -> Sensitivity:
    while len(words) > 1 and words[-1].isdigit():
        words = words[:-1]
    if not words:
        return "open"
    together = {*words, *(a + b for a, b in pairwise(words))}
    if (
        words[-1] in key_words.PLAIN_LAST
        or (len(words) > 1 and words[0] in key_words.PLAIN_FIRST)
        or (not key_words.PLAIN_TOGETHER.isdisjoint(together) and not words[-1].startswith("passw"))
    ):
        return "plain"
    if not key_words.STRONG.isdisjoint(together) or any(word.endswith(key_words.STRONG_ENDS) for word in words):
        return "plain" if words[-1] in key_words.PLAIN_AFTER else "strong"
    if key_words.WEAK.isdisjoint(words):
        return "open"
    return "plain" if words[-1] in key_words.PLAIN_AFTER else "weak"
