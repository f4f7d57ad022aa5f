"""Conflict markers: two texts become one, and one becomes the two again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_gitops.documents import conflicts

LINES = st.lists(st.text("ab<>=| \r\u2028", max_size=4).filter(lambda line: line[:1] not in "<>=|"), max_size=8)


@given(LINES, LINES, st.integers(7, 12))
def test_what_was_joined_comes_apart_again(one: list[str], other: list[str], size: int) -> None:
    ours, theirs = ("".join(f"{line}\n" for line in lines) for lines in (one, other))
    text = conflicts.join(ours, theirs, size=size, labels=("HEAD", "topic branch"))
    found = conflicts.split(text)
    if ours == theirs:
        assert (text, found) == (ours, None)
    else:
        assert found is not None
        assert (found.ours, found.theirs) == (ours, theirs)


def test_the_form_is_that_of_git() -> None:
    assert conflicts.join("a\nb\n", "a\nc\n") == "a\n<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n"


def test_line_breaks_follow_the_text() -> None:
    assert conflicts.join("a\r\nb\r\n", "a\r\n").startswith("a\r\n<<<<<<< ours\r\n")


def test_a_text_without_a_last_line_break_gets_one_between_markers() -> None:
    assert conflicts.join("a", "b") == "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"


def test_the_base_that_git_may_show_is_left_out() -> None:
    found = conflicts.split("x\n<<<<<<< ours\na\n||||||| base\no\n=======\nb\n>>>>>>> theirs\ny\n")
    assert found == conflicts.Sides("x\na\ny\n", "x\nb\ny\n", 2)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n",
        "<<<<<<< ours\na\n=======\n",
        "=======\n>>>>>>> theirs\n",
        "<<<<<<< ours\na\n>>>>>>> theirs\n",
        "  <<<<<<< ours\n  =======\n  >>>>>>> theirs\n",
        "<<<<<<<x\n=======\n>>>>>>> y\n",
    ],
)
def test_markers_that_do_not_belong_together_are_text(text: str) -> None:
    assert conflicts.split(text) is None
