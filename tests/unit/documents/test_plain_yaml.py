"""Plain YAML is read as libyaml reads it, or not at all."""

from __future__ import annotations

import pytest

from secrets_gitops.documents import plain_yaml, yaml
from secrets_gitops.documents.limits import Limits


def read_by_both(text: str, *, keep_duplicates: bool = True) -> tuple[object, object]:
    """What the two readers make of `text`; None where it is not plain."""
    plain = plain_yaml.compose(text, Limits(), keep_duplicates=keep_duplicates)
    if plain is None:
        return None, None
    return [
        [shape(root) for root in roots]
        for roots in (plain, yaml.compose(text, "x.yaml", Limits(), keep_duplicates=keep_duplicates))
    ]


def shape(node) -> tuple[object, ...]:
    own = node.kind, node.start, node.end, node.style, node.text, node.tag, node.anchor, node.line, node.column
    return (*own, [(shape(key), shape(value)) for key, value in node.pairs], [shape(item) for item in node.items])


@pytest.mark.parametrize(
    "text",
    [
        "a: 1", "a: 1\n", "---\na: b c # d\n", "a:\n  b: 'c # d'\n  e: \"f: g\"\n", "a:\nb:   \n\nc: # d\n",
        "a:\n- b: c\n  d: e\n- f: g\n", "a:\n  - b\n  - - c\n    - d\ne: f\n", "- a\n- b\n",
        "a: |\n  b\n\n   c # d\n\n\ne: |-\n    f\n",
        "# a\nb: c\n   # d\n\ne: f\n# g", "a: b:c\nd: http://e/f?g=h#i\n", "a:\n    b:\n        c: d\n    e: f\ng: ~\n",
        "a: |\n  b\n# c\n  # d\ne: f\n", "-  a:  b\n   c:  d\n-  e\n",
    ],
)  # fmt: skip
def test_plain_yaml_has_the_nodes_that_libyaml_finds(text):
    plain, expected = read_by_both(text)
    assert plain is not None
    assert plain == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "# a\n", "a", "a: &b c\n", "a: *b\n", "a: !b c\n", "a: {b: c}\n", "a: [b]\n", "a: >\n  b\n", "a: |2\n  b\n",
        "a: |+\n  b\n\n", "a: b\n  c\n", "- a\n  b\n", "a: 'b\n  c'\n", "a: 'b''c'\n", 'a: "\\x41"\n', "? a\n: b\n",
        "<<: a\n", "'a': b\n", "a b: c\n", "a: b: c\n", "a: b\n---\nc: d\n", "---\n---\na: b\n", "a: b\n...\n",
        "%YAML 1.1\n---\na: b\n", "a:\tb\n", "a: b\r\n", "a: é\n", "a: -\n", "-\n  a: b\n", "a: |\n\n  b\n",
        "a: |\nb: c\n",
        "a: |\n  b\n \nc: d\n", "a: |\n  b", "a:\n  b: c\n d: e\n", "a: b\n- c\n", "- a\nb: c\n", "a: - b\n", "@a: b\n",
        "a:\n    b: c\n  d: e\n", "- a: b\n c: d\n", "a: b\n" * 5000, "- " * 40 + "a\n", "k" * 200 + ": a\n",
    ],
)  # fmt: skip
def test_all_else_is_left_to_libyaml(text):
    assert plain_yaml.compose(text, Limits(), keep_duplicates=True) is None


def test_a_key_that_stands_twice_is_left_to_libyaml_unless_it_may():
    assert plain_yaml.compose("a: b\na: c\n", Limits(), keep_duplicates=False) is None
    plain, expected = read_by_both("a: b\na: c\n")
    assert plain == expected


def test_a_text_that_could_pass_a_limit_is_left_to_libyaml():
    text = "a: b\nc: d\n"
    for limits in (Limits(nodes=5), Limits(depth=1), Limits(documents=0)):
        assert plain_yaml.compose(text, limits, keep_duplicates=True) is None
