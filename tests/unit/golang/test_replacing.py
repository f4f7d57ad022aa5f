"""Go's ReplaceAllString; expectations are those of the standard library."""

from __future__ import annotations

import sys

import pytest

from secrets_gitops.golang.replacing import replace_all

CASES = [
    ("a(x*)b", "-ab-axxb-", "T", "-T-T-"),
    ("a(x*)b", "-ab-axxb-", "$1", "--xx-"),
    ("a(x*)b", "-ab-axxb-", "$1W", "---"),
    ("a(x*)b", "-ab-axxb-", "${1}W", "-W-xxW-"),
    (".*", "abc", "x", "x"),
    ("x*", "abc", "-", "-a-b-c-"),
    ("b*", "abc", "-", "-a-c-"),
    ("", "ab", "-", "-a-b-"),
    ("(?P<n>.)", "ab", "${n}$n$$", "aa$bb$"),
    ("a", "a", "$0$2$", "a$"),
    ("a", "a", "${", "${"),
    ("^a", "aa", "b", "ba"),
]


@pytest.mark.parametrize("engine", ["re2", "re"])
@pytest.mark.parametrize(("pattern", "text", "replacement", "wanted"), CASES)
def test_matches_and_references_are_those_of_go(monkeypatch, engine, pattern, text, replacement, wanted):
    if engine == "re":
        monkeypatch.setitem(sys.modules, "re2", None)
    else:
        pytest.importorskip("re2")
    assert replace_all(pattern, text, replacement) == wanted


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "(", "a{2000}"])
def test_what_re2_refuses_is_refused(pattern):
    with pytest.raises(ValueError, match=r"."):
        replace_all(pattern, "a", "b")
