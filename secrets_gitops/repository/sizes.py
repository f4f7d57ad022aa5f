"""Sizes as people write them: `5242880`, `5MiB`, `5 MB`."""

from __future__ import annotations

import re

from secrets_gitops.patterns import pattern

_SIZE = pattern(r"([1-9][0-9]{0,14}) ?([kmg]i?)?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}


def size(text: str) -> int | None:
    """The number of bytes that `text` says; None when it says none, and for 0."""
    found = _SIZE.fullmatch(text)
    return int(found[1]) * _UNITS[(found[2] or "").lower()] if found else None
