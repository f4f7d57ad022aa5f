"""The metadata of dotenv and INI files: names taken apart, put together, and refused where they make no tree."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.envelopes.sops import block, flat, metadata
from secrets_gitops.errors import EnvelopeError

TREE = {
    "age": [{"enc": "a\nb", "recipient": "r"}],
    "kms": [{"context": {"Env": "x"}}],
    "pgp": [],
    "mac_only_encrypted": True,
}
NAMES = [
    ("age__list_0__map_enc", "a\\nb"),
    ("age__list_0__map_recipient", "r"),
    ("kms__list_0__map_context__map_Env", "x"),
    ("mac_only_encrypted", "true"),
]
FIELDS = (
    "lastmodified=2026-01-01T00:00:00Z\nversion=3.13.3\nmac=x\n"
    "age__list_0__map_recipient=r\nage__list_0__map_enc=a\\nb\n"
)


def test_a_tree_becomes_names() -> None:
    assert list(flat.flattened(TREE)) == NAMES


@pytest.mark.parametrize("path", ["x.env", "x.ini"])
def test_names_become_a_tree_with_places(path: str) -> None:
    prefix, head = ("sops_", "") if path == "x.env" else ("", "[sops]\n")
    text = "A=1\n" + head + "".join(f"{prefix}{name}={value}\n" for name, value in NAMES)
    document = read(text, path=path)
    found = flat.find(document)
    assert found is not None
    entry = found[1].get("age").items[0]  # type: ignore[union-attr]
    enc = entry.get("enc")
    assert enc is not None
    assert enc.text == "a\nb"
    assert document.text[enc.start : enc.end] == "a\\nb"


def test_line_breaks_in_quotes_are_read_too() -> None:
    fields = FIELDS.replace("a\\nb", '"""a\nb"""')
    found = metadata.read(read("[s]\nk = v\n[sops]\n" + fields, path="x.ini"))
    assert found is not None
    assert found.entries[0].enc == "a\nb"


@pytest.mark.parametrize(
    "lines",
    [
        "sops_age__list_1__map_enc=x\n", "sops_mac=x\nsops_mac=y\n", "sops_mac=x\nsops_mac__map_a=y\n",
        "sops_age__list_0=x\nsops_age__map_a=y\n", "sops_age__list_x=y\n",
    ],
)  # fmt: skip
def test_names_that_make_no_tree_are_refused(lines: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        metadata.read(read(lines, path="x.env"))
    assert caught.value.place is not None


@pytest.mark.parametrize(
    ("path", "before", "behind"),
    [
        ("x.env", "A=1\n", ""), ("x.env", "A=1\n", "B=2\n"), ("x.env", "", "#c\n"), ("x.ini", "[s]\nk = v\n", ""),
        ("x.ini", "[s]\nk = v\n", "\n; of t\n[t]\nk = v\n"), ("x.ini", "", "; end\n"),
    ],
)  # fmt: skip
def test_a_block_goes_back_to_where_it_was(path: str, before: str, behind: str) -> None:
    fields = FIELDS if path == "x.ini" else "".join(f"sops_{line}\n" for line in FIELDS.splitlines())
    head = ("\n" if before else "") + "[sops]\n" if path == "x.ini" else ""
    sealed = read(before + head + fields + behind, path=path)
    cut = block.cut(sealed, 0)
    assert cut is not None
    plain = sealed.apply(block.removals(sealed, 0, cut))
    assert plain.text == before + behind
    stamp = block.Stamp("2027-01-01T00:00:00Z", "new")
    again = plain.apply([block.insertion(plain, 0, cut, stamp)])
    assert again.text == sealed.text.replace("2026", "2027").replace("mac=x", "mac=new")
