"""Patterns that wait: they behave as compiled ones do."""

from __future__ import annotations

import re

import pytest

from secrets_gitops.patterns import pattern


def test_nothing_is_compiled_before_the_first_use(monkeypatch):
    calls = []
    compile_now = re.compile
    monkeypatch.setattr(re, "compile", lambda *arguments: calls.append(arguments) or compile_now(*arguments))
    waiting = pattern(r"a(b+)", re.IGNORECASE)
    assert calls == []
    assert waiting.search("xABBy")[1] == "BB"
    assert waiting.sub("-", "ab") == "-"
    assert len(calls) == 1


@pytest.mark.parametrize("member", ["pattern", "flags", "groups"])
def test_members_are_those_of_the_compiled_expression(member):
    assert getattr(pattern(rb"(?i)(a)(b)"), member) == getattr(re.compile(rb"(?i)(a)(b)"), member)


def test_a_wrong_expression_is_noticed_at_first_use():
    with pytest.raises(re.error):
        pattern("(").match("")


def test_it_is_not_taken_for_something_else():
    import copy

    assert not hasattr(pattern("a"), "__len__")
    assert not hasattr(pattern("a"), "nothing")
    assert copy.copy(pattern("a")).match("a")
