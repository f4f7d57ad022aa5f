"""The line machine on text that does not parse."""

from __future__ import annotations

from secrets_gitops.lint.line_machine import find

BROKEN = "  broken: [\n"


def read(text: str) -> list[tuple[str, str, str, int, int]]:
    return [(v.field, v.key, v.text, v.region.line, v.region.end_line) for v in find(text)]


def test_values_after_and_before_kind():
    assert read(f"kind: Secret\nmetadata:\n{BROKEN}stringData:\n  a: one\n  b: 'two'\ntype: x\n") == [
        ("stringData", "a", "one", 5, 5),
        ("stringData", "b", "two", 6, 6),
    ]
    assert read(f"data:\n  a: b25l\nkind: Secret\nmetadata:\n{BROKEN}") == [("data", "a", "b25l", 2, 2)]


def test_comments_quotes_and_block_scalars():
    text = 'kind: "Secret" # mine\nstringData:\n  # note\n  a: "x # y"  # z\n\n  b: |\n    one\n\n    two\n  c: d # e\n'
    assert read(text) == [
        ("stringData", "a", "x # y", 4, 4),
        ("stringData", "b", "one\n\ntwo", 6, 9),
        ("stringData", "c", "d", 10, 10),
    ]


def test_other_kinds_beside_it_are_not_read():
    assert read("kind: ConfigMap\ndata:\n  a: b\n---\nkind: Secret\ndata:\n  c: d\n") == [("data", "c", "d", 7, 7)]
    text = "kind: List\nitems:\n  - kind: ConfigMap\n    data:\n      a: b\n  - data:\n      c: d\n    kind: Secret\n"
    assert read(text) == [("data", "c", "d", 7, 7)]


def test_flow_mappings():
    assert read("kind: Secret\nstringData: {a: b, c: 'd e'}\n") == [
        ("stringData", "a", "b", 2, 2),
        ("stringData", "c", "d e", 2, 2),
    ]
    assert read('{"kind": "Secret",\n "data": {"a": "b",\n  "c": "d"},,\n') == [
        ("data", "a", "b", 2, 2),
        ("data", "c", "d", 3, 3),
    ]


def test_crlf_is_no_part_of_a_value():
    assert read("kind: Secret\r\nstringData:\r\n  a: b\r\n") == [("stringData", "a", "b", 3, 3)]


def test_without_a_secret_there_is_nothing():
    assert read("kind: ConfigMap\ndata:\n  password: x\n") == []
    assert read("no yaml at all: [") == []
