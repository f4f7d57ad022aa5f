"""Keys of an ExternalSecret's `dataFrom`: conversion into what a Secret takes, and the check that follows."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, TypeVar

from secrets_gitops.errors import DocumentError
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    Values = TypeVar("Values")

LONGEST_KEY = 253
"""Bytes."""


def fits(char: str) -> bool:
    """Whether External Secrets leaves a character of a key as it is: letters and numbers of any script, `-._`."""
    return char in "-._" or unicodedata.category(char)[0] in "LN"


def convert(key: str, strategy: str) -> str:
    """The key with everything else replaced: by `_`, with `Unicode` by `_U`, its code in hex, `_`."""
    if strategy == "Unicode":
        return "".join(char if fits(char) else f"_U{ord(char):04x}_" for char in key)
    if strategy not in {"", "Default"}:
        return key
    return "".join(char if fits(char) else "_" for char in key)


def convert_all(values: Mapping[str, Values], strategy: str) -> dict[str, Values]:
    """All keys converted. Raises DocumentError when two become one."""
    out: dict[str, Values] = {}
    for key, value in values.items():
        name = convert(key, strategy)
        if name in out:
            raise DocumentError(
                f"two keys become `{printable(name)}` when they are converted",
                hints=("`conversionStrategy: Unicode` keeps them apart",),
            )
        out[name] = value
    return out


def checked(values: Mapping[str, Values]) -> dict[str, Values]:
    """The values without the one that has no key. Raises DocumentError for a key that no Secret can have."""
    for key in values:
        if len(key.encode()) > LONGEST_KEY:
            raise DocumentError(f"a key is longer than {LONGEST_KEY} bytes; it begins with `{printable(key[:40])}`")
        if not all(fits(char) for char in key):
            raise DocumentError(
                f"the key `{printable(key)}` cannot stand in a Secret",
                hints=("with a `rewrite` keys are not converted: add one that replaces the character",),
            )
    return {key: value for key, value in values.items() if key}
