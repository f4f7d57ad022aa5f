"""Values that stand for a value: `changeme`, `<your-token>`, `xxxx`, what vendors print in their documentation."""

# ruff: noqa: SIM905  words are read best as text

from __future__ import annotations

import re

from secrets_gitops.lint.values import shape
from secrets_gitops.patterns import pattern

STOCK_WORDS = frozenset(
    """
    my your our the a an some any this that it is with in by for to of not real none no only please put enter insert add
    set use replace replaced change changed fill generate generated super very strong long random secure safe insecure
    unsafe secret secrets password passwords pass passwd passwort pwd passphrase token tokens key keys api access auth
    client private credential credentials cred creds admin administrator root user username login test testing tests
    tester default demo dev local value values here example examples sample dummy fake mock foo bar baz placeholder todo
    tbd string text data db database me base64 encoded encrypted hashed account json file session cookie shared signing
    webhook jwt oauth oidc invalid wrong incorrect
    """.split()
)
"""A text built only from these is a placeholder or a default that everybody knows."""

DOCUMENTED = frozenset(
    {
        "abcdef.0123456789abcdef",  # kubeadm's documentation
        "07401b.f395accd246ae52d",  # Kubernetes' page on bootstrap tokens
        "9vkG8sPzWXgzsQ4GvSN3qkGRb2g8hNQz",
        "correct horse battery staple",
        "ZXhhbXBsZS1hcHAtc2VjcmV0",  # Dex' example client
    }
)
"""Values that documentation prints, whole. Those with EXAMPLE in them need no entry."""

_DOCUMENTED_ENDS = ("SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c", "TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ")
"""The signatures of the JWTs that jwt.io shows, without their secret parts."""

_BETWEEN = pattern(r"[^A-Za-z0-9+/=~]+")
_MARKERS = ("PLACEHOLDER", "REPLACE", "INSERT", "YOUR_", "_HERE", "CHANGEME", "CHANGE_ME")
_WHOLE = pattern(
    r"""
    change[-_\ ]?(?:me|it|this)(?:[-_\ !.?].{0,60}|[0-9]{0,4})
    | (?:please[-_\ ])?(?:replace|fill)[-_\ ]?(?:me|this|with|in)(?:[-_\ !.].{0,60})?
    | todo(?:[-_:\ ].{0,80})? | tbd | tba | fixme(?:[-_:\ ].{0,80})? | redacted | removed | masked | hidden | omitted
    | data\+omitted
    | postgres | guest | unused | ignored? | irrelevant
    | not[-_\ ]?(?:used|needed|required|set|real|important|secret|applicable)
    | (?:placeholder|dummy|fake)(?:[-_\ ].{1,80})?
    | ENC\[AES256_GCM\] | example | sample | none | null | nil | undefined | n/?a | empty | unset | passw0rd
    | your[-_\ ].{1,80} | my[-_\ ]?(?:secret|password|token)
    | <[^<>\n]{1,120}> | \[[a-z][a-z_\-\ ]{2,60}\] | \{_{0,2}[a-z][a-z_.\-\ ]{2,60}\}
    | [\w+/=-]{0,120}(?:\.{3,}|…+)
    | x{3,} | \*{3,}(?:\w{1,4}|[ ].{0,80})? | \.{3,} | …+ | -+ | 0+ | \?{2,} | _+ | \#{1,200}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_RUNS = ("abcdefghijklmnopqrstuvwxyz" * 2, "01234567890123456789", "123456789123456789", "0123456789abcdef" * 4)
_SEALED_CUT = pattern(r"A(?:g[A-D]|QA|YA)[A-Za-z0-9+/]{1,60}(?:\.{3,}|…+)")
"""The begin of a sealed value, as manuals show it."""
_BLOT = pattern(r"[xX]{8,200}|\*{8,200}")
_LETTERS_THEN_DIGITS = pattern(r"([a-z]{3,26})[-_]?([0-9]{3,12})")
_LONGEST = max(map(len, STOCK_WORDS))


def is_documented(text: str) -> bool:
    """Is it, whole, a value that a vendor's documentation prints?"""
    return text in DOCUMENTED or text.endswith(_DOCUMENTED_ENDS)


def _is_blotted(text: str) -> bool:
    """Is most of it one sign repeated, as in `SCWXXXXXXXXXXXXXXXXX`?"""
    found = _BLOT.search(text)
    return found is not None and len(found[0]) * 2 > len(text)


def is_placeholder(text: str) -> bool:
    """Does `text`, whole and on one line, only stand for a value?"""
    if len(text) > 200 or "\n" in text:
        return False
    text = text.strip(" \t\"'`")
    bare = text.rstrip("=:")  # `password=`, cut off before what it is set to
    while len(bare) >= 2 and bare[0] + bare[-1] in {"''", '""', "()", "[]", "{}"}:
        bare = bare[1:-1].strip()
    for candidate in dict.fromkeys((text, bare)):
        if not candidate or _is_run(candidate) or _is_blotted(candidate) or is_stock(candidate.strip("_")):
            return True
        if _WHOLE.fullmatch(candidate) and (_SEALED_CUT.fullmatch(candidate) or not _holds_value(candidate)):
            return True
    if "EXAMPLE" in text:  # vendors print values that look real, and have it in them
        return len(text) <= 120
    return any(marker in text for marker in _MARKERS) and len(text) <= 120 and not _holds_value(text)


def _holds_value(text: str) -> bool:
    """Does something stand beside the words, as in `changeme-` and a password, that no person writes?"""
    return any(len(run) >= 10 and shape.is_random_looking(run) for run in _BETWEEN.split(text))


def _is_run(text: str) -> bool:
    """One character repeated, or at least eight letters or digits that ascend; a whole alphabet too."""
    lower = text.lower()
    if _RUNS[0][:26] in lower:
        return True
    if len(lower) >= 3 and lower == lower[0] * len(lower):
        return True
    if len(lower) < 8:
        return False
    parts = _LETTERS_THEN_DIGITS.fullmatch(lower)  # `abcd1234`
    return all(any(part in run for run in _RUNS) for part in (parts.groups() if parts else (lower,)))


def is_stock(text: str) -> bool:
    """Is `text` built only from stock words, with at most `123…` after them?"""
    if not text[:1].isalpha() or len(text) > 80 or any(ord(c) > 127 for c in text):
        return False
    pieces = [piece.lower() for piece in re.split(r"[-_. /:@]+", text) if piece]
    if len(pieces) > 1 and _is_count(pieces[-1]):
        del pieces[-1]
    return bool(pieces) and all(_is_stock_word(piece) for piece in pieces)


def _is_count(digits: str) -> bool:
    """`123`, `1234` and so on; other digits make a real password, if a bad one."""
    return len(digits) >= 3 and "123456789".startswith(digits)


def _is_stock_word(letters: str) -> bool:
    """Can the letters be cut into stock words?"""
    letters = letters.replace("base64", "")
    stem = letters.rstrip("0123456789")
    if not letters:
        return True
    if not stem.isalpha() or (stem != letters and not _is_count(letters[len(stem) :])):
        return False
    reachable = [True] + [False] * len(stem)
    for end in range(1, len(stem) + 1):
        reachable[end] = any(
            reachable[start] and stem[start:end] in STOCK_WORDS for start in range(max(0, end - _LONGEST), end)
        )
    return reachable[-1]
