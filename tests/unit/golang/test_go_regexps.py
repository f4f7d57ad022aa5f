"""Patterns of Go: what it refuses is refused, and what it finds is found, at the same place."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from secrets_gitops.golang import regexp

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "go"
ROWS = json.loads((VECTORS / "regexps.json").read_text(encoding="utf-8"))


def test_every_recorded_answer_of_go_is_ours():
    different = []
    for pattern, text, wanted in ROWS:
        try:
            found = regexp.compile(pattern).search(text)
            answer = None if found is None else list(found.span())
        except ValueError:
            answer = "error"
        if answer != wanted:
            different.append((pattern, text, wanted, answer))
    assert different == []
    assert sum(wanted == "error" for _, _, wanted in ROWS) > 100
    assert sum(isinstance(wanted, list) for _, _, wanted in ROWS) > 300


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[", "without its `]`"),
        ("(a", "without its `)`"),
        ("a)", "without its `(`"),
        ("*a", "repetition of nothing"),
        ("a**", "one repetition behind another"),
        ("a++", "one repetition behind another"),
        (r"(a)\1", "not known to RE2"),
        (r"a\Z", "not known to RE2"),
        ("(?=a)", "look-around"),
        ("(?<!a)b", "look-around"),
        ("(?>a)", "look-around"),
        ("a{1001}", "out of bounds"),
        ("(a{50}){50}", "more than 1000"),
        (r"\p{Greek}", "not handled"),
        ("[[:word:]-[:nope:]]", "named `nope`"),
        ("[b-a]", "end comes before"),
        ("(" * 3000 + ")" * 3000, "nested deeper"),
        ("\\", "backslash at the end"),
        ("(?P<n>a)(?P<n>b)", "two groups"),
    ],
)
def test_the_reason_of_a_refusal_is_said(pattern, reason):
    with pytest.raises(ValueError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        regexp.compile(pattern)


def test_a_dollar_matches_at_the_very_end_only():
    assert regexp.compile("^data$").search("data\n") is None
    assert regexp.compile("(?m)^data$").search("x\ndata\n") is not None


def test_names_of_groups_are_kept():
    assert regexp.compile("(?P<user>a+)(?<other>b)").search("xaab")["user"] == "aa"


@pytest.mark.parametrize("row", ROWS[:250], ids=lambda row: row[0])
def test_the_tester_says_what_the_pattern_finds_with_and_without_the_linear_engine(row, monkeypatch):
    pattern, text, wanted = row
    regexp.tester.cache_clear()
    if wanted == "error":
        with pytest.raises(ValueError):
            regexp.tester(pattern)
        return
    assert regexp.tester(pattern)(text) == (wanted is not None)  # google-re2 where it is installed
    regexp.tester.cache_clear()
    monkeypatch.setitem(sys.modules, "re2", None)  # as if it were not installed
    assert regexp.tester(pattern)(text) == (wanted is not None)
    regexp.tester.cache_clear()


def test_with_the_linear_engine_a_hostile_pattern_ends_in_time():
    pytest.importorskip("re2", reason="google-re2 is not installed: `pip install google-re2`")
    assert regexp.tester("(a+)+$")("a" * 5000 + "!") is False
