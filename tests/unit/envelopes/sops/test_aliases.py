"""Aliases are written out where they repeat something encrypted, and only there."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selector


@pytest.mark.parametrize(
    "text",
    [
        "a: &x secret\nb: *x\nc: [*x, *x]\n",
        "a: &x\n  b: 1\n  c:\n  - d\nlist:\n- *x\n- - *x\n",
        "base: &b {x: 1, y: [2]}\nuse:\n  <<: *b\n  z: 3\n",
        "base: &b\n  x: 1\nmore: &m\n  y: 2\nuse:\n  <<: [*b, *m]\n",
        "base: &b\n  x: 1\nflow: {a: *b, b: [*b]}\n",
        "a: &x\n    b: &y inner\n    c: *y\nd: *x\n",
        "a: &x |\n  line\n  line\nb: *x\nl:\n- *x\n",
        "a: &x 'it''s'\nb: *x # comment\n",
        "deep:\n    deeper:\n        at: &x\n            k: v\nl: *x\n",
        "a: &x !vault secret\nb: *x\n",
        "a: &x 1.50\nb: *x\nc: &t 2001-01-01\nd: *t\n",
        "a: &x\nb: *x\n",
    ],
)
def test_the_tree_stays_and_every_copy_opens(seal, unseal, text: str):
    opened = unseal(seal(text))
    assert to_plain(opened.plain.roots[0], "go_v3") == to_plain(read(text, path="f.yaml").roots[0], "go_v3")


def test_what_stays_in_clear_stays_an_alias(seal):
    text = seal("labels: &l {app: web}\nselector: *l\nsecret: x\n", Selector("encrypted_regex", "^secret$")).text
    assert "selector: *l\n" in text


def test_a_copy_in_an_encrypted_place_is_written_out_though_its_anchor_is_clear(seal, unseal):
    sealed = seal("name: &n web\nsecret: *n\n", Selector("encrypted_regex", "^secret$"))
    assert "name: &n web\n" in sealed.text
    assert "secret: ENC[" in sealed.text
    assert unseal(sealed).text == "name: &n web\nsecret: web\n"


def test_envelopes_behind_aliases_of_other_writers_are_read(seal, unseal):
    """In one list all items have the same additional data, so an alias of an envelope opens."""
    text = seal("l:\n- x\n- y\n", DEFAULT).text
    first = text.splitlines()[1].removeprefix("- ")
    other = text.splitlines()[2].removeprefix("- ")
    opened = unseal(text.replace(first, f"&e {first}").replace(other, "*e"), verify_mac=False)
    assert to_plain(opened.plain.roots[0], "go_v3") == {"l": ["x", "x"]}
