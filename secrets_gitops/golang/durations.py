"""Go's durations: `1h30m`, `1.5h`, `0`; there is no unit for a day."""

from __future__ import annotations

import re
from fractions import Fraction

from secrets_gitops.patterns import pattern

_UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
    "m": 60_000_000_000, "h": 3_600_000_000_000,
}  # fmt: skip
"""Nanoseconds."""
_PART = pattern(r"([0-9]*)(?:(\.)([0-9]*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_LARGEST = 2**63 - 1


def parse(text: str) -> int:
    """The nanoseconds of a duration, as `time.ParseDuration` reads it. Raises ValueError with the reason."""
    sign = -1 if text[:1] == "-" else 1
    rest = text[1:] if text[:1] in {"-", "+"} else text
    if rest == "0":
        return 0
    total = at = 0
    while at < len(rest):
        found = _PART.match(rest, at)
        if found is None or not (found[1] or found[3]):
            raise ValueError("not a duration such as `1h30m`")
        number = Fraction(int(found[1] or "0"))
        if found[3]:
            number += Fraction(int(found[3]), 10 ** len(found[3]))
        total += int(number * _UNITS[found[4]])
        at = found.end()
    if not rest or total > _LARGEST:
        raise ValueError("not a duration such as `1h30m`" if not rest else "a duration of more than 292 years")
    return sign * total


def text(nanoseconds: int) -> str:
    """The duration as Go prints it: `1h0m0s`, `100ms`, `0s`."""
    if not nanoseconds:
        return "0s"
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if rest < size * 1_000:
            return f"{sign}{_decimal(rest, size)}{unit}"
    minutes, seconds = divmod(rest, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    out = f"{_decimal(seconds, _UNITS['s'])}s"
    if hours or minutes:
        out = f"{minutes}m{out}"
    return f"{sign}{hours}h{out}" if hours else sign + out


def _decimal(count: int, size: int) -> str:
    whole, part = divmod(count, size)
    digits = f"{part:0{len(str(size)) - 1}d}".rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)
