"""JSON is read into nodes with exact spans; what RFC 8259 does not allow is refused with its place."""

from __future__ import annotations

import time

import pytest

from secrets_gitops.documents.document import walk
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.errors import DocumentError, LimitExceeded, Place


def refusal(text: str | bytes, **options) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(text, path="bad.json", **options)
    return caught.value


def test_every_node_has_the_span_and_the_place_of_its_own_text():
    text = '{\r\n\t"é🎉": [1, -2.5e+3, true],\r\n  "a\\n": {"b": "\\u00e9\\ud83c\\udf89"} }\r\n'
    document = read(text, path="x.json")
    found = [(document.text[node.start : node.end], node.line, node.column) for node in walk(document.roots[0])]
    assert found == [
        (text.strip(), 1, 1), ('"é🎉"', 2, 2), ("[1, -2.5e+3, true]", 2, 8), ("1", 2, 9), ("-2.5e+3", 2, 12),
        ("true", 2, 21), ('"a\\n"', 3, 3), ('{"b": "\\u00e9\\ud83c\\udf89"}', 3, 10), ('"b"', 3, 11),
        ('"\\u00e9\\ud83c\\udf89"', 3, 16),
    ]  # fmt: skip
    assert to_plain(document.roots[0], "go_v3") == {"é🎉": [1, -2500.0, True], "a\n": {"b": "é🎉"}}
    assert document.comments() == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"1"', "1"),
        ("1", 1),
        ("-0", 0),
        ("1.0", 1.0),
        ("1e2", 100.0),
        ("null", None),
        ("true", True),
        ("false", False),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9007199254740993", 9007199254740993),
        ("9223372036854775808", 2.0**63),
        ("-9223372036854775809", -(2.0**63)),
        ('"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'),
        ('"null"', "null"),
        ('""', ""),
        ("[]", []),
        ("{}", {}),
        ('"\u2028"', "\u2028"),
        ('"\\u0000"', "\0"),
    ],
)
def test_values_mean_what_sops_makes_of_them(text, value):
    """Integers within 64 bits are integers, all other numbers floats."""
    found = to_plain(read(text, path="x.json").roots[0], "go_v3")
    assert (found, type(found)) == (value, type(value))


def test_a_number_that_no_double_holds_is_refused_when_its_value_is_asked_for():
    document = read('{"a": 1e400}', path="x.json")
    with pytest.raises(DocumentError, match="too large") as caught:
        resolve(document.roots[0].pairs[0][1], "go_v3", path="x.json")
    assert str(caught.value.place) == "x.json:1:7"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", "1:1", "the text ends where a value should be"),
        ("   \n ", "2:2", "the text ends where a value should be"),
        ('{"a": 1', "1:8", "the text ends where `,` or the end of the object or list should be"),
        ('{"a": 1,}', "1:9", "a key in double quotes should be here"),
        ("{a: 1}", "1:2", "a key in double quotes or `}` should be here"),
        ("[1,\n 2,]", "2:4", "a value should be here"),
        ("[,1]", "1:2", "a value or `]` should be here"),
        ("[1 2]", "1:4", "`,` or the end of the object or list should be here"),
        ('{"a" 1}', "1:6", "`:` should be here"),
        ('{"a": 1]', "1:8", "`,` or the end of the object or list should be here"),
        ("]", "1:1", "a value should be here"),
        ("[01]", "1:2", "a value or `]` should be here"),
        ("[1.]", "1:2", None),
        ("[.5]", "1:2", None),
        ("[+1]", "1:2", None),
        ("[NaN]", "1:2", None),
        ("[truely]", "1:2", None),
        ("{'a': 1}", "1:2", None),
        ("// c\n{}", "1:1", None),
        ('["a\nb"]', "1:2", "a string with a bad escape, a line break or a control character, or without its end"),
        ('["\\x41"]', "1:2", "a string with a bad escape, a line break or a control character, or without its end"),
        ('["\\u12"]', "1:2", None),
        ('["open]', "1:2", None),
        ("[1\u00a0]", "1:3", None),
    ],
)
def test_text_that_is_not_json_is_refused_with_its_place(text, place, message):
    error = refusal(text)
    assert str(error.place) == f"bad.json:{place}"
    assert message is None or error.message == f"not valid JSON: {message}"


@pytest.mark.parametrize("text", ['["\\ud800"]', '["\\udc00\\ud800"]', '["\\ud800\\u0041"]', '["\ud800"]'])
def test_half_of_a_surrogate_pair_is_refused(text):
    assert refusal(text).message.startswith("half of a surrogate pair")


def test_a_repeated_key_is_refused_or_kept():
    text = '{"a": 1,\n "b": {"x": 1, "\\u0078": 2}}'
    error = refusal(text)
    assert (error.message, error.place) == (
        "the key `x` stands twice in one mapping, first on line 2",
        Place("bad.json", 2, 16),
    )
    assert [value.text for _, value in read(text, path="x.json", duplicates="keep").roots[0].get("b").pairs] == [
        "1",
        "2",
    ]


def test_text_behind_the_value_is_refused_unless_a_stream_is_asked_for():
    text = '{"a": 1}\n{"b": 2} 3 [4]\n'
    assert refusal(text).message == "something stands behind the JSON value"
    document = read(text, path="x.json", stream=True)
    assert [to_plain(root, "go_v3") for root in document.roots] == [{"a": 1}, {"b": 2}, 3, [4]]
    assert refusal(text + "}", stream=True).place == Place("bad.json", 3, 1)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" + "1," * 1_000_000])
def test_hostile_text_ends_quickly_at_a_limit(text):
    started = time.perf_counter()
    assert isinstance(refusal(text), LimitExceeded)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "text", ['["' + "a" * 5_000_000, '["' + "\\n" * 2_000_000, " " * 5_000_000, "[" + "1" * 5_000_000, '"' * 1_000_001],
    ids=["an open string", "an open string of escapes", "blanks", "a long number", "quotes"],
)  # fmt: skip
def test_long_broken_text_is_refused_quickly(text):
    started = time.perf_counter()
    refusal(text)
    assert time.perf_counter() - started < 5


def test_the_limit_of_depth_counts_collections():
    read('[{"a": []}]', path="x.json", limits=Limits(depth=3))
    assert refusal('[{"a": []}]', limits=Limits(depth=2)).place == Place("bad.json", 1, 8)


@pytest.mark.parametrize("text", ['{"k": "S3cret}', '{"k": "S3cret" "x"}', '{"k": S3cret}', '{"k": "S3cret\\ud800"}'])
def test_a_refusal_does_not_quote_the_file(text):
    error = refusal(text)
    assert "S3cret" not in f"{error.message} {error.hints} {error.__cause__} {error.__context__}"
