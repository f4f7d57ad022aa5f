"""Points in time: which text is one, and how it is printed."""

from __future__ import annotations

import pytest

from secrets_gitops.golang.times import Time, parse_rfc3339, parse_timestamp


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2001-12-14", "2001-12-14T00:00:00Z"),
        ("2001-12-14 21:59:43.10", "2001-12-14T21:59:43.1Z"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.1-05:00"),
        ("2001-12-14T21:59:43+00:00", "2001-12-14T21:59:43Z"),
        ("2001-1-2T3:4:5.1234567899Z", "2001-01-02T03:04:05.123456789Z"),
    ],
)
def test_a_time_is_printed_as_go_prints_it(text, printed):
    assert parse_timestamp(text) == Time(printed)
    assert parse_rfc3339(printed) == Time(printed)


@pytest.mark.parametrize(
    "text", ["2001-13-01", "2001-02-29", "2001-01-02T03:04:05", "2001-01-02T24:00:00Z", "01-01-01"]
)
def test_other_text_is_no_time(text):
    assert parse_timestamp(text) is None


@pytest.mark.parametrize("text", ["2001-1-01T00:00:00Z", "2001-01-01 00:00:00Z", "2001-01-01T00:00:00,5Z"])
def test_strict_rfc_3339_takes_no_short_forms(text):
    assert parse_rfc3339(text) is None
