"""How users name a value."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files import index_path
from secrets_gitops.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('["a"]["b"][0]', ("a", "b", 0)),
        ("['a']['b c']", ("a", "b c")),
        ('["a.b"]', ("a.b",)),
        ('[""]', ("",)),
        ('["0"]', ("0",)),
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("a[1][2]", ("a", 1, 2)),
        ("a b.c-d", ("a b", "c-d")),
        ("é", ("é",)),
    ],
)
def test_both_forms(text: str, path: tuple[str | int, ...]):
    assert index_path.parse(text) == path


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "a[", "a[x]", '["a"', '["a]', "[-1]", '["a"]x', "a[0]b", "[]"]
)
def test_what_names_nothing_is_a_usage_error(text: str):
    with pytest.raises(SettingsError) as caught:
        index_path.parse(text)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("data.tls.crt", ("data", "tls.crt")),
        ("data.tls.key", ("data", "tls", "key")),
        ("list[0].a.b", ("list", 0, "a.b")),
        ("data.tls.crt.x", ("data", "tls.crt", "x")),
        ("new.key", ("new", "key")),
    ],
)
def test_keys_with_dots_are_found_where_they_are(text: str, path: tuple[str | int, ...]):
    document = read("data:\n  tls.crt: x\n  tls: {key: y}\nlist:\n- a.b: 1\n", path="f.yaml")
    assert index_path.parse(text, document.roots[0]) == path
