"""Points in time as Go's YAML reader takes them and as Go prints them."""

from __future__ import annotations

import re

from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple


class Time(NamedTuple):
    """A point in time with its offset, as Go prints it: RFC 3339, up to nine fraction digits, no trailing zeros."""

    text: str


# The four layouts of gopkg.in/yaml.v3. Go takes a comma before the fraction, and any number of its digits.
_CLOCK = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?"
_TIMESTAMP = pattern(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})(?:[Tt]{_CLOCK}(Z|[+-]\d\d:\d\d)| +{_CLOCK})?", re.ASCII)
_RFC_3339 = pattern(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII
)  # fmt: skip
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_timestamp(text: str) -> Time | None:
    """The time that a plain YAML scalar stands for in Go, or None when Go takes it as a string."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    year, month, day, *rest = match.groups()
    zoned, unzoned = rest[:5], rest[5:]
    hour, minute, second, fraction, zone = zoned if zoned[0] is not None else (*unzoned, "Z")
    return _time(year, month, day, hour or "0", minute or "0", second or "0", fraction, zone)


def parse_rfc3339(text: str) -> Time | None:
    """The time that `text` says in strict RFC 3339 (what Go's `time.Time` unmarshals), or None."""
    match = _RFC_3339.fullmatch(text)
    return None if match is None else _time(*match.groups())


def _time(
    year: str, month: str, day: str, hour: str, minute: str, second: str, fraction: str | None, zone: str
) -> Time | None:
    leap = int(year) % 4 == 0 and (int(year) % 100 != 0 or int(year) % 400 == 0)
    if not 1 <= int(month) <= 12 or not 1 <= int(day) <= _MONTHS[int(month) - 1] + (leap and int(month) == 2):
        return None
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        return None
    offset = 0
    if zone != "Z":
        if int(zone[1:3]) > 24 or int(zone[4:6]) > 60:  # Go takes offsets of 24 hours and of 60 minutes
            return None
        offset = int(zone[1:3]) * 60 + int(zone[4:6])
        if offset >= 24 * 60:  # but then cannot print the time: as text it at least survives
            return None
    shown_zone = f"{zone[0]}{offset // 60:02}:{offset % 60:02}" if offset else "Z"
    digits = (fraction or "")[:9].rstrip("0")
    clock = f"{int(hour):02}:{int(minute):02}:{int(second):02}{'.' + digits if digits else ''}"
    return Time(f"{year}-{int(month):02}-{int(day):02}T{clock}{shown_zone}")
