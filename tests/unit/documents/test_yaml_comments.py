"""Comments are found by their places; a `#` inside a value is none."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.read import read


def comments(text: str) -> list[tuple[str, int, int, bool]]:
    document = read(text, path="x.yaml")
    for comment in document.comments():
        assert document.text[comment.start : comment.end] == f"#{comment.text}"
    return [(comment.text, comment.line, comment.column, comment.inline) for comment in document.comments()]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# a\nk: v\n", [(" a", 1, 1, False)]),
        ("k: v # b\n", [(" b", 1, 6, True)]),
        ("k: v\n  #c\n", [("c", 2, 3, False)]),
        ("#\n", [("", 1, 1, False)]),
        ("k: # on the key\n  a: 1\n", [(" on the key", 1, 4, True)]),
        ("- # on the dash\n  a\n", [(" on the dash", 1, 3, True)]),
        ("[a, # one\n b] # two\n", [(" one", 1, 5, True), (" two", 2, 5, True)]),
        ("k: | # header\n  # text\n  x\n# after\n", [(" header", 1, 6, True), (" after", 4, 1, False)]),
        ("k: &x !!str # between\n  v\n", [(" between", 1, 13, True)]),
        ("k: &x # of no value\nl: 1\n", [(" of no value", 1, 7, True)]),
        ("%YAML 1.1 # d\n--- # s\nk: v\n... # e\n", [(" d", 1, 11, True), (" s", 2, 5, True), (" e", 4, 5, True)]),
        ("🎉: é # wide\n", [(" wide", 1, 6, True)]),
        ("k: v # a\r\n# b\r\n", [(" a", 1, 6, True), (" b", 2, 1, False)]),
        ("? k # q\n: v # w\n", [(" q", 1, 5, True), (" w", 2, 5, True)]),
        ("k: *x # alias\n".replace("*x", "v"), [(" alias", 1, 6, True)]),
        ("# one ## two\n", [(" one ## two", 1, 1, False)]),
    ],
)
def test_comments_are_found(text, wanted):
    assert comments(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "k: 'a # b'\n", 'k: "a # b"\n', "k: a#b\n", "k: |\n  # a\n  b # c\n", "k: >\n  a\n\n  # b\n", "'# k': v\n",
        "k: 'over\n  # two'\n", "k: https://example.com/#x\n", "[a#b, '#']\n", "k: &a#b\n".replace("#b", ""),
    ],
)  # fmt: skip
def test_other_hash_signs_are_no_comments(text):
    assert comments(text) == []
