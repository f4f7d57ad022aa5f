"""What cannot be parsed is still read by its lines: one broken line hides nothing but itself."""

from __future__ import annotations

import pytest

from secrets_gitops.lint.loose import read
from secrets_gitops.lint.run import Run
from secrets_gitops.lint.target import Target

BROKEN = "  bad: a: b: [\n"

TEXTS = {
    "a mapping": "a: 1\nb:\n  c: two # why\n  'd': \"e f\"\n",
    "lists": "a:\n  - b: 1\n    c: 2\n  - d\nx:\n- y\n- z: 1\n",
    "lists in lists": "- - a\n  - b: c\n- d\n",
    "flow": "a:\n  - {b: 1, c: 'x y'}\n",
    "a block": "a: |\n  one\n    two\n\n  three\nb: c\n",
    "back out": "a:\n  b:\n    c:\n      d: 1\n  e: 2\nf: 3\n",
    "a list as deep as its key": "a:\n- name: x\n  value: y\nb: 1\n",
}


def tree(node):
    if node.kind == "mapping":
        return {key.text: tree(value) for key, value in node.pairs}
    if node.kind == "sequence":
        return [tree(item) for item in node.items]
    return node.text


@pytest.mark.parametrize("name", TEXTS)
def test_sound_text_is_read_as_the_real_reader_reads_it(name):
    from secrets_gitops.documents.read import read as really

    expected = really(TEXTS[name], path="a.yaml", format="yaml").roots
    assert [tree(root) for root in read(TEXTS[name], "a.yaml").roots] == [tree(root) for root in expected]


def test_a_broken_line_hides_only_itself(memory):
    text = f"spec:\n{BROKEN}  env:\n  - name: DB_PASSWORD\n    value: x y\n---\n'token': z\n"
    target = Target("a.yaml", text.encode(), Run(memory({})))
    assert target.document is None
    named = {leaf.name: (leaf.text, leaf.region(target)[:2]) for leaf in target.leaves}
    assert named["DB_PASSWORD"] == ("x y", (5, 5))
    assert named["token"] == ("z", (7, 1))


def test_text_of_another_kind_is_not_read_so(memory):
    target = Target("a.md", b"kind: [\n  token: {x\n", Run(memory({})))
    assert target.leaves == ()


@pytest.mark.parametrize(
    "piece", ["- ", "k: ", "a:\n ", "{", "'", '"', "- k:\n", "k: |\n", "  " * 40 + "a:\n", "k: {a: b,"]
)
def test_what_comes_after_hostile_text_is_still_read(piece):
    text = piece * (100_000 // len(piece)) + "\n---\npassword: found\n"
    assert tree(read(text, "a.yaml").roots[-1]) == {"password": "found"}
