"""Three trees become one: what merges, what is a conflict, and which order it has."""

from __future__ import annotations

import pytest

from secrets_gitops.encrypted_files.merge_trees import ABSENT, DEEPEST, UNKNOWN, merge
from secrets_gitops.errors import DocumentError


def one(base, ours, theirs):
    """The merged tree; fails when there is a conflict."""
    found = merge(base, ours, theirs)
    assert found.conflicts == ()
    return found.ours


def conflicts(base, ours, theirs):
    return merge(base, ours, theirs).conflicts


def test_maps_merge_by_key_at_every_depth():
    base = {"a": 1, "b": {"c": 2, "d": 3}}
    assert one(base, {"a": 9, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2, "d": 8}}) == {
        "a": 9,
        "b": {"c": 2, "d": 8},
    }
    assert one(base, {"b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2}}) == {"b": {"c": 2}}


def test_a_new_key_stands_behind_the_one_before_it_on_its_side():
    base = {"a": 1, "z": 2}
    assert list(one(base, {"a": 1, "x": 0, "z": 2}, {"n": 5, "a": 1, "y": 7, "z": 2})) == ["n", "a", "y", "x", "z"]


def test_equal_changes_are_no_conflict():
    assert one({"a": 1}, {"a": 2}, {"a": 2}) == {"a": 2}
    assert one({"a": 1}, {}, {}) == {}


def test_of_equal_items_each_side_may_change_another():
    assert one(["x", "x"], ["one", "x"], ["x", "two"]) == ["one", "two"]
    assert one(["x", "x", "x"], ["x", "x", "one"], ["two", "x", "x"]) == ["two", "x", "one"]
    assert one(["x", "x"], ["x", "x", "new"], ["two", "x"]) == ["two", "x", "new"]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "path"),
    [
        ({"a": 1}, {"a": 2}, {"a": 3}, ("a",)),
        ({"a": 1}, {}, {"a": 3}, ("a",)),
        ({"a": {"b": 1}}, {}, {"a": {"b": 2}}, ("a",)),
        ({}, {"a": 1}, {"a": 2}, ("a",)),
        ({"a": 1}, {"a": True}, {"a": 1.0}, ("a",)),
        ({"a": [1]}, {"a": {"b": 1}}, {"a": [2]}, ("a",)),
        ({"a": [1]}, {"a": [1, 2]}, {"a": [1, 3]}, ("a",)),
        ({"a": [1, 2]}, {"a": [1, 3]}, {"a": [1, 4]}, ("a", 1)),
    ],
)
def test_what_both_changed_differently_is_a_conflict(base, ours, theirs, path):
    found = merge(base, ours, theirs)
    assert found.conflicts == (path,)
    assert found.ours == ours
    assert found.theirs == theirs


def test_types_count():
    assert one({"a": 1}, {"a": 1}, {"a": "1"}) == {"a": "1"}
    assert one({"a": 0.0}, {"a": 0.0}, {"a": -0.0}) == {"a": -0.0}
    assert str(one({"a": 1}, {"a": True}, {"a": 1})["a"]) == "True"


def test_lists_merge_where_the_changes_lie_apart():
    assert one([1, 2, 3, 4], [0, 1, 2, 3, 4], [1, 2, 3, 5]) == [0, 1, 2, 3, 5]
    assert one([1, 2, 3, 4], [1, 3, 4], [1, 2, 3, 4, 5]) == [1, 3, 4, 5]
    assert one([{"a": 1, "b": 2}], [{"a": 5, "b": 2}], [{"a": 1, "b": 6}]) == [{"a": 5, "b": 6}]


def test_lists_with_names_merge_as_maps_do():
    def pods(**images):
        return [{"name": name, "image": image} for name, image in images.items()]

    assert one(pods(a=1, b=2), pods(a=9, b=2, c=3), pods(d=4, a=1)) == pods(d=4, a=9, c=3)
    assert conflicts(pods(a=1), pods(a=2), pods(a=3)) == ((0, "image"),)
    assert one(pods(a=1, b=2), pods(a=9, b=2), pods(b=2, a=1)) == pods(b=2, a=9)
    assert conflicts(pods(a=1, b=2, c=3), pods(b=2, a=1, c=3), pods(a=1, c=3, b=2)) == ((),)


def test_without_a_base_what_both_added_is_put_together_where_it_fits():
    assert one(ABSENT, {"a": 1, "b": 2}, {"a": 1, "c": 3}) == {"a": 1, "c": 3, "b": 2}
    assert conflicts(ABSENT, {"a": 1}, {"a": 2}) == (("a",),)


def test_with_an_unknown_base_every_difference_is_a_conflict():
    assert conflicts(UNKNOWN, {"a": 1, "b": 2}, {"a": 1}) == (("b",),)
    assert conflicts(UNKNOWN, {"a": [1, 2]}, {"a": [1]}) == (("a",),)
    assert conflicts(UNKNOWN, {"a": [1, 2]}, {"a": [1, 3]}) == (("a", 1),)


def test_what_is_too_deep_is_refused():
    deep: object = 1
    for _ in range(DEEPEST + 2):
        deep = [deep]
    with pytest.raises(DocumentError):
        merge({"a": deep}, {"a": [deep]}, {"a": 1})
