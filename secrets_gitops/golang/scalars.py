"""What a plain YAML scalar means to the Go programs beside us.

`go_v3` is gopkg.in/yaml.v3, which sops and kustomize use. `k8s` is sigs.k8s.io/yaml (a fork of yaml.v2), which kubectl
and the API server use: there `yes`, `on`, `n` are booleans and times stay strings.
"""

from __future__ import annotations

import re

from secrets_gitops.golang.times import parse_timestamp
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from secrets_gitops.golang.times import Time

    Dialect = Literal["go_v3", "k8s"]
    Plain = None | bool | int | float | str | Time

_INFINITY, _NAN = float("inf"), float("nan")

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), _INFINITY),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -_INFINITY),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), _NAN),
}
_WORDS_OF_DIALECT: dict[Dialect, dict[str, bool | float | None]] = {
    "go_v3": _WORDS,
    "k8s": {
        **_WORDS,
        **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
        **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
    },
}

_INT = pattern(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))", re.ASCII
)  # fmt: skip
_FLOAT = pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
# Only behind a point does Go leave the underscores to its own rule: between digits.
_POINT_FLOAT = pattern(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?", re.ASCII)
# Behind `0b` and `0o` Go reads another signed number.
_INNER_SIGN = pattern(r"0(?:b([-+][01]+)|o([-+][0-7]+))", re.ASCII)

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
_UINT64_MAX = 2**64 - 1
_MOST_DIGITS = 20
"""Of 2**64 in decimal; a longer number need not be converted to know that it is too large."""


def resolve_plain(text: str, dialect: Dialect) -> Plain:
    """The value of a plain scalar without a tag.

    Integers reach up to 2**64-1; whether those above 2**63-1 are taken is the caller's business.
    """
    words = _WORDS_OF_DIALECT[dialect]
    if text in words:
        return words[text]
    first = text[0]
    if first.isdigit() or first in "+-":
        return _number(text, dialect)
    if first == ".":
        found = _float(text.replace("_", "")) if _POINT_FLOAT.fullmatch(text) else None
        return text if found is None else found
    return text


def _number(text: str, dialect: Dialect) -> Plain:
    time = parse_timestamp(text)
    if time is not None:
        return time if dialect == "go_v3" else text
    plain = text.replace("_", "")
    whole = _integer(plain, dialect)
    if whole is not None:
        return whole
    found = _float(plain)
    return text if found is None else found


def _integer(plain: str, dialect: Dialect) -> int | None:
    match = _INT.fullmatch(plain)
    if match is None:
        inner = _INNER_SIGN.fullmatch(plain)
        if inner is None or (inner[2] is not None and dialect == "k8s"):
            return None
        value = int(inner[1], 2) if inner[1] is not None else int(inner[2], 8)
        return value if INT64_MIN <= value <= INT64_MAX else None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    if decimal is not None:
        if len(decimal) > _MOST_DIGITS:
            return None
        value = int(decimal)
    else:
        value = int(hexadecimal, 16) if hexadecimal else int(binary, 2) if binary else int(octal, 8)
    if sign == "-":
        return -value if -value >= INT64_MIN else None
    return value if value <= (INT64_MAX if sign else _UINT64_MAX) else None


def _float(plain: str) -> float | None:
    if _FLOAT.fullmatch(plain) is None:
        return None
    value = float(plain)
    return None if value in {_INFINITY, -_INFINITY} else value
