"""Index paths as sops writes them: `["key"][0]`, with comments of lists as items."""

from __future__ import annotations

import pytest

from secrets_gitops.cli.drop_in.exit_codes import BAD_SET, Stop
from secrets_gitops.cli.drop_in.index_path import Target, keys_of
from secrets_gitops.documents.read import read

TEXT = """\
a:
  b: x
l:
  # first
  - one
  # second
  - two
  - k: v
"""


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ('["a"]["b"]', ("a", "b")),
        ("['a'][0]", ("a", 0)),
        ('["a.b"]', ("a.b",)),
        ('["a]b"]', ("a]b",)),
        ('[""]', ("",)),
        ('["0"][0]', ("0", 0)),
    ],
)
def test_steps(text, steps) -> None:
    assert keys_of(text) == steps


@pytest.mark.parametrize("text", ["a", "", '["a"', "[a]", "[-1]", '["a"]x', "[]", '["a"] "v"', "[1.5]"])
def test_what_is_no_path(text) -> None:
    with pytest.raises(Stop) as stop:
        keys_of(text, BAD_SET)
    assert stop.value.code == BAD_SET


def target(*steps: str | int) -> Target:
    return Target(read(TEXT, path="f.yaml"), steps)


def test_comments_in_lists_are_counted() -> None:
    assert target("l", 0).comment is not None
    assert target("l", 1).path == ["l", 0]
    assert target("l", 2).comment is not None
    assert target("l", 3).path == ["l", 1]
    assert target("l", 4, "k").path == ["l", 2, "k"]


def test_beyond_the_end_is_a_new_item() -> None:
    found = target("l", 99)
    assert (found.node, found.path) == (None, ["l", 3])


def test_through_a_single_value() -> None:
    assert target("a", "b", "c").blocked is not None


@pytest.mark.parametrize("steps", [("l", "k"), ("a", 0), ("l", 0, "k")], ids=["key in list", "index in map", "comment"])
def test_steps_that_never_fit(steps) -> None:
    assert target(*steps).misfit
