"""The text report: lines that editors parse, then `fix:`; nothing that drives a terminal."""

from __future__ import annotations

import pytest
from reports import finding, report, rich

from secrets_gitops.lint.report import text


def test_a_finding_is_a_line_for_editors_and_its_fix():
    one = finding(fix="secrets-gitops encrypt -i apps/db.yaml")
    assert text.findings(report(one)) == (
        "apps/db.yaml:3:5: private-key: a key stands here [high]\n  fix: secrets-gitops encrypt -i apps/db.yaml\n"
    )


def test_findings_are_grouped_by_file_in_order():
    out = text.findings(report(finding(path="b"), finding(path="a", line=9), finding(path="a", line=2)))
    assert [line.partition(" ")[0] for line in out.splitlines()] == ["a:2:5:", "a:9:5:", "", "b:3:5:"]


def test_a_hostile_name_or_message_stays_on_its_line():
    out = text.findings(rich()) + text.summary(rich())
    assert "\x1b" not in out
    assert r"apps/caf\xe9 \x1b[2J\x0a::x.yaml:3:5: " in out
    out.encode()  # no lone surrogates


def test_colour_changes_nothing_but_colour():
    import re

    plain, coloured = text.findings(rich()), text.findings(rich(), colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_info_is_counted_and_not_shown():
    out = text.findings(rich())
    assert "parse-error" not in out
    assert "1 note of severity info" in text.sums(rich())


def test_nothing_found_prints_nothing():
    assert text.findings(report()) == ""


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (report(), "no findings; 15 files, 42 kB, 3 documents scanned"),
        (report(finding(), files=1), "1 finding in 1 file; 1 file, 42 kB, 3 documents scanned"),
        (report(finding(), finding(line=4)), "2 findings in 1 file; 15 files, 42 kB, 3 documents scanned"),
    ],
)
def test_the_sum_says_how_much_was_scanned(made, expected):
    assert text.sums(made) == expected


def test_what_was_not_scanned_is_an_error_with_its_place_and_hint():
    out = text.summary(rich())
    assert "error: not scanned: too large\n  --> big.txt\nhint: raise it\n" in out
    assert "warning: unknown field `agee`\n  --> .sops.yaml:4:3\n" in out
    assert "incomplete: 1 part not scanned" in out


def test_a_finding_of_a_commit_names_it():
    line = text.findings(report(finding(commit="0123456789abcdef0123456789abcdef01234567"))).splitlines()[0]
    assert line.endswith("[high] in 0123456789ab")
