"""Property paths and the two ways from a JSON value to bytes."""

from __future__ import annotations

import pytest

from secrets_gitops.errors import BackendError, NotBuiltYet
from secrets_gitops.references.json_values import Json

TEXT = (
    '{"a": {"b": "x", "l": [1.50, {"n": "p", "k": "v"}, {"n": "q", "k": 7}]}, "d.t": "dot",'
    ' "big": 12345678901234567890, "z": null}'
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", "x"),
        ("a.l.0", "1.5"),
        ("a.l.1.n", "p"),
        ("a.l.#", "3"),
        ("a.l.#.n", '["p","q"]'),
        ('a.l.#(n=="q").k', "7"),
        ("a.l.#(k==7).n", "q"),
        (r"d\.t", "dot"),
        ("big", "12345678901234567890"),
        ("z", ""),
        ("d.t", None),
        ("a.x", None),
        ("a.l.9", None),
        ("a.", None),
        ("", None),
    ],
)
def test_a_path_finds_what_gjson_finds(path, found):
    value = Json.read(TEXT, "the secret").at(path)
    assert (None if value is None else value.found().decode()) == found


@pytest.mark.parametrize("path", ["a.*", "a.?", "@reverse", "a|b", 'a.l.#(n%"p*").k', "{a,b}"])
def test_what_the_subset_lacks_is_refused_and_not_taken_for_a_name(path):
    with pytest.raises(NotBuiltYet):
        Json.read(TEXT, "the secret").at(path)


def test_typed_and_written_differ_as_they_do_upstream():
    members = Json.read('{"f": 1.50, "h": {"b": "<", "a": 1.0}, "n": null}', "the secret").members()
    assert members is not None
    assert {key: value.typed().decode() for key, value in members.items()} == {
        "f": "1.5",
        "h": '{"a":1,"b":"\\u003c"}',
        "n": "",
    }
    assert {key: value.written().decode() for key, value in members.items()} == {
        "f": "1.50",
        "h": '{"b": "<", "a": 1.0}',
        "n": "",
    }


def test_what_is_no_json_is_said_without_any_of_it():
    with pytest.raises(BackendError) as caught:
        Json.read("c4nary", "the secret `k`")
    assert str(caught.value) == "the secret `k` is not JSON"
