"""New values: strings in double quotes unless plainly a word; blocks for text of several lines."""

from __future__ import annotations

import time

import pytest

from secrets_gitops.documents.emit import json_text, yaml_block, yaml_flow, yaml_scalar
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError
from secrets_gitops.golang.times import Time


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("word", "word"),
        ("two-words_9", "two-words_9"),
        ("Opaque", "Opaque"),
        ("", '""'),
        ("two words", '"two words"'),
        ("y", '"y"'),
        ("Off", '"Off"'),
        ("NULL", '"NULL"'),
        ("nan", '"nan"'),
        ("9a", '"9a"'),
        ("v1.2", '"v1.2"'),
        ("a/b", '"a/b"'),
        ("true", '"true"'),
        ("1", '"1"'),
        ('say "hi" \\', '"say \\"hi\\" \\\\"'),
        ("a\tb\r\n", '"a\\tb\\r\\n"'),
        ("\x7f\x85", '"\\u007f\\u0085"'),
        ("\u2028\ufeff", '"\\u2028\\ufeff"'),
        ("é🎉", '"é🎉"'),
        (None, "null"),
        (True, "true"),
        (-5, "-5"),
        (1.0, "1.0"),
        (float("inf"), ".inf"),
        (b"\xff\x00", "!!binary /wA="),
        (b"", '!!binary ""'),
        (Time("2001-01-02T00:00:00Z"), "2001-01-02T00:00:00Z"),
    ],
)
def test_a_scalar_is_written_so_that_every_dialect_reads_it(value, text):
    assert yaml_scalar(value) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\nb\n", "|\n  a\n  b"),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n\n  b\n", "|\n  a\n\n    b"),
        ("-----BEGIN X-----\nMII\n-----END X-----\n", "|\n  -----BEGIN X-----\n  MII\n  -----END X-----"),
        (" a\nb", '" a\\nb"'),
        ("\na", '"\\na"'),
        ("\ta\nb", '"\\ta\\nb"'),
        ("a \nb", '"a \\nb"'),
        ("a\nb ", '"a\\nb "'),
        ("a\n\n", '"a\\n\\n"'),
        ("a\r\nb", '"a\\r\\nb"'),
        ("a\u2028\nb", '"a\\u2028\\nb"'),
        ("a\x01\nb", '"a\\u0001\\nb"'),
        ("one line", '"one line"'),
    ],
)
def test_text_of_several_lines_is_a_block_where_nothing_of_it_can_be_lost(text, written):
    assert yaml_scalar(text, indent=2, inline_only=False) == written
    assert "\n" not in yaml_scalar(text)


def test_a_block_looks_as_kubectl_writes_it():
    tree = {"a": {"b": [1, {"c": "d", "e": ["f"]}, ["g"], []], "h": {}}, "two words": "x\ny\n"}
    assert yaml_block(tree) == (
        'a:\n  b:\n  - 1\n  - c: d\n    e:\n    - f\n  - - g\n  - []\n  h: {}\n"two words": |\n  x\n  y\n'
    )
    assert yaml_block(tree, 2, step=4, dash=2, blocks=False) == (
        "  a:\n      b:\n        - 1\n        - c: d\n          e:\n            - f\n        - - g\n        - []\n"
        '      h: {}\n  "two words": "x\\ny\\n"\n'
    )
    assert yaml_block({}) == "{}\n"
    assert yaml_block([]) == "[]\n"


def test_flow_text_stays_on_one_line():
    assert yaml_flow({"a": ["x", {"b c": "y\nz"}], "d": []}) == '{a: [x, {"b c": "y\\nz"}], d: []}'


def test_json_is_written_with_characters_as_they_are():
    tree = {"a": [1, 1.0, 1e21, True, None], "é": '<"\\\n\x01>', "e": {}, "t": Time("2001-01-02T00:00:00Z"), "b": b"x"}
    assert json_text(tree, indent="\t") == (
        '{\n\t"a": [\n\t\t1,\n\t\t1,\n\t\t1e+21,\n\t\ttrue,\n\t\tnull\n\t],\n'
        '\t"é": "<\\"\\\\\\n\\u0001>",\n\t"e": {},\n'
        '\t"t": "2001-01-02T00:00:00Z",\n\t"b": "x"\n}'
    )
    assert json_text([{"a": 1}, 2], indent=None) == '[{"a": 1}, 2]'


@pytest.mark.parametrize("value", [float("inf"), float("nan"), b"\xff"])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(DocumentError):
        json_text({"k": value})


def test_a_key_longer_than_yaml_allows_is_written_with_a_question_mark():
    tree = {"k" * 2000: {"a": 1}, "l" * 2000: "v"}
    assert to_plain(read(yaml_block(tree), path="x.yaml").roots[0], "go_v3") == tree
    assert to_plain(read(yaml_flow(tree), path="x.yaml").roots[0], "go_v3") == tree


def test_deep_trees_are_written_without_recursion():
    tree: list = []
    for _ in range(5000):
        tree = [tree]
    assert yaml_flow(tree) == json_text(tree, indent=None) == "[" * 5001 + "]" * 5001
    assert yaml_block(tree).startswith("- - - ")


def test_a_thousand_secrets_are_written_quickly():
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "data": {f"k{n}": "v" * 700 for n in range(4)},
    }
    started = time.perf_counter()
    for _ in range(1000):
        yaml_block(secret)
    assert time.perf_counter() - started < 3  # about 0.05 s
