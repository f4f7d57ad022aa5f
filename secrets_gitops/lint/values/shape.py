"""The shape of a text: entropy, character classes, and how much of it looks like words. Says nothing of meaning."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import log2

from secrets_gitops.patterns import pattern

_BIGRAMS = (
    "25661351503766050767433341"
    "64447333652733641664621152"
    "72446316506642730546521030"
    "64458531721543642554522230"
    "53664542302557343776243531"
    "63446632801633741655522030"
    "53338346600546530664521122"
    "73348222703443730546411141"
    "54655450102658641566140304"
    "74457330514334742463734030"
    "64448443603545540465535130"
    "73458321702623740355531150"
    "75348222602453671253521120"
    "62666472504434630367451020"
    "44562441414667560755645310"
    "72447325502633650756532040"
    "34342412310633032565942112"
    "73558341704454640566432040"
    "52637435603533553367523140"
    "63447426701443641665422151"
    "56545440500667460766010200"
    "73438333700343540454123131"
    "73447436703446631664123210"
    "54647424602453472458223442"
    "54546442501666571576334233"
    "62439323602442631435312043"
)
"""26 rows of 26, row a, column b: how often b follows a in words, in powers of two: 5 as by chance, 6 twice that.

Counted over the distinct words of Python's own documentation and sources and of public Kubernetes manifests.
"""

_RUN = pattern(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_HEX = pattern(r"[0-9a-f]+|[0-9A-F]+")
_LETTER_OR_DIGIT = pattern(r"[A-Za-z0-9]")


def entropy(text: str) -> float:
    """Shannon entropy in bits for each character."""
    size = len(text)
    return -sum((share := text.count(char) / size) * log2(share) for char in set(text)) if text else 0.0


def classes(text: str) -> int:
    """How many of lower case, upper case, digits and anything else occur."""
    return sum(
        (
            any(c.islower() for c in text),
            any(c.isupper() for c in text),
            any(c.isdigit() for c in text),
            any(not c.isalnum() for c in text),
        )
    )


def is_word_like(letters: str) -> bool:
    """Do these letters follow one another as in words? One in seven chance texts of five letters does."""
    word = letters.lower()
    total = sum(ord(_BIGRAMS[26 * (ord(a) - 97) + ord(b) - 97]) - 48 for a, b in pairwise(word))
    return total >= 5 * (len(word) - 1)


def word_share(text: str) -> float:
    """The share of letters and digits that stand in runs of four letters or more which look like words."""
    size = len(_LETTER_OR_DIGIT.findall(text))
    covered = sum(len(run) for run in _RUN.findall(text) if len(run) >= 4 and is_word_like(run))
    return covered / size if size else 0.0


def is_jumbled(text: str) -> bool:
    """Are these 10 to 24 letters without words, that change their case as often as chance does?"""
    if not (10 <= len(text) <= 24 and text.isascii() and text.isalpha()):
        return False
    turns = sum(a.isupper() != b.isupper() for a, b in pairwise(text))
    return turns * 2 >= len(text) - 2 and entropy(text) >= 3.0 and word_share(text) < 0.3


def is_random_looking(text: str) -> bool:
    """Does `text` look made by chance rather than by a person? Only its first 4096 characters count."""
    return _looks_random(text[:4096])


@lru_cache(maxsize=1024)
def _looks_random(text: str) -> bool:
    if len(text) >= 16:
        enough = entropy(text) >= (3.1 if len(text) >= 32 and _HEX.fullmatch(text) else 3.5)  # of 16 digits: at most 4
    else:
        enough = len(text) >= 10 and classes(text) >= 3 and entropy(text) >= 3.0
    if not enough and len(text) <= 24 and text.isalnum():  # too short for its share of chance to even out
        enough = classes(text) >= 3 and entropy(text) >= 3.2
    # Lower case without a digit is how people write; a generator that keeps to it is rare.
    return enough and word_share(text) < (0.6 if any(c.isdigit() or c.isupper() for c in text) else 0.4)
