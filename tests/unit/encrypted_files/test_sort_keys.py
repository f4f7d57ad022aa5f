"""Keys in the order of the API server: the same values, comments beside what they speak of, nothing else touched."""

from __future__ import annotations

import random

import pytest
import yaml

from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.sort_keys import in_order
from secrets_gitops.envelopes.sops.selection import Selector
from secrets_gitops.errors import DocumentError, SettingsError

EVERYTHING = Selector("unencrypted_suffix", "_unencrypted")
TEMPLATES = Selector("encrypted_suffix", "Templates")


def ordered(text: str, selector: Selector = EVERYTHING, path: str = "a.yaml") -> str:
    return in_order(read(text, path=path), selector).text


def test_pairs_move_with_their_lines_and_comments():
    text = "# about the file\n---\nc:\n  # on b\n  b: |\n    x\n\n    y\n\n  # on a\n  # too\n  a: 1  # one\n"
    assert ordered(text) == (
        "# about the file\n---\nc:\n  # on a\n  # too\n  a: 1  # one\n  # on b\n  b: |\n    x\n\n    y\n\n"
    )


def test_the_first_pair_of_an_item_stands_behind_its_dash():
    assert ordered("l:\n  - z: 1\n    # on b\n    m: 2\n    a:\n      - 3\n") == (
        "l:\n  - a:\n      - 3\n    # on b\n    m: 2\n    z: 1\n"
    )


def test_what_is_not_encrypted_stays_where_it_is():
    text = "z: 1\nspec:\n  y: 1\n  b: 2\n  bTemplates: {q: 1, c: 2}\na: 1\n"
    assert ordered(text, TEMPLATES) == text.replace("{q: 1, c: 2}", "{c: 2, q: 1}")
    assert ordered(text.replace("{q: 1, c: 2}", "{c: 2}"), TEMPLATES) == text.replace("{q: 1, c: 2}", "{c: 2}")


def test_json_keeps_its_commas_and_lines():
    text = '{\n  "b": {"y": 1, "x": [2]},\n  "a": "é"\n}\n'
    assert ordered(text, path="a.json") == '{\n  "a": "é",\n  "b": {"x": [2], "y": 1}\n}\n'


def test_a_last_line_without_its_end():
    assert ordered("b: 1\na: 2") == "a: 2\nb: 1"


def test_an_alias_is_not_moved_before_its_anchor():
    with pytest.raises(DocumentError, match="cannot be sorted") as caught:
        ordered("b: &x 1\na: *x\nc: 1\nB: 2\n")
    assert "by hand" in caught.value.hints[0]


def test_a_comment_that_would_stand_behind_a_dash():
    with pytest.raises(DocumentError, match="hinders its move"):
        ordered("- z: 1\n  # on a\n  a: 2\n".replace("- ", "l:\n- ", 1))


def test_formats_of_lines_are_refused():
    with pytest.raises(SettingsError, match="YAML and JSON"):
        in_order(read("B=1\nA=2\n", path=".env"), EVERYTHING)


class Writer:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def tree(self, depth: int = 0):
        kind = self.rng.random()
        if depth > 3 or (depth and kind < 0.4):
            return self.rng.choice(("x", "two words", "a\nb\n", "", 7, "é", "# no"))
        if depth and kind < 0.55:
            return [self.tree(depth + 1) for _ in range(self.rng.randrange(1, 4))]
        keys = self.rng.sample(["a", "b", "B", "z1", "z10", "é", "with space", "10", "q-r"], self.rng.randrange(1, 5))
        return {key: self.tree(depth + 1) for key in keys}


def is_sorted(tree) -> bool:
    if isinstance(tree, dict):
        return list(tree) == sorted(tree, key=str.encode) and all(map(is_sorted, tree.values()))
    return all(map(is_sorted, tree)) if isinstance(tree, list) else True


@pytest.mark.parametrize("seed", range(60))
def test_any_tree_is_the_same_tree_in_order(seed):
    writer = Writer(seed)
    for style in (False, None):
        tree = writer.tree()
        text = yaml.safe_dump(tree, sort_keys=False, default_flow_style=style, allow_unicode=True)
        result = ordered(text)
        assert yaml.safe_load(result) == tree
        assert is_sorted(yaml.safe_load(result)), result
        assert ordered(result) == result
