"""Plain values: copies for aliases, keys as each Go program takes them."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError
from secrets_gitops.golang.times import Time


def plain(text: str, dialect: str = "go_v3"):
    return to_plain(read(text, path="x.yaml").roots[0], dialect, path="x.yaml")


def test_aliases_give_copies_of_their_own():
    tree = plain("a: &x [1]\nb: *x\n")
    assert tree == {"a": [1], "b": [1]}
    assert tree["a"] is not tree["b"]


def test_keys_keep_their_order():
    assert list(plain("z: 1\na: {y: 1, b: 2}\nm: 1\n")) == ["z", "a", "m"]


def test_yes_is_a_boolean_to_kubernetes_alone():
    assert plain("k: yes\nd: 2001-01-02\n") == {"k": "yes", "d": Time("2001-01-02T00:00:00Z")}
    assert plain("k: yes\nd: 2001-01-02\n", "k8s") == {"k": True, "d": "2001-01-02"}


@pytest.mark.parametrize(
    ("key", "name"), [("1", "1"), ("0x1F", "31"), ("on", "true"), ("false", "false"), ("'1'", "1")]
)
def test_kubernetes_makes_strings_of_keys(key, name):
    assert plain(f"{key}: v\n", "k8s") == {name: "v"}


@pytest.mark.parametrize(
    ("key", "dialect"), [("1", "go_v3"), ("true", "go_v3"), ("~", "go_v3"), ("~", "k8s"), ("1.5", "k8s")]
)
def test_other_keys_are_refused_by_name(key, dialect):
    with pytest.raises(DocumentError, match="is not a string") as caught:
        plain(f"a:\n  {key}: v\n", dialect)
    assert f"`{key}`" in caught.value.message
    assert str(caught.value.place) == "x.yaml:2:3"
    assert caught.value.hints == ("write it in quotes",)


@pytest.mark.parametrize("text", ["? {a: 1}\n: v\n", "? [a]\n: v\n", "a: &x [1]\n? *x\n: v\n"])
def test_a_collection_as_key_is_refused(text):
    with pytest.raises(DocumentError, match="a key that is a mapping or a list"):
        plain(text)


def test_a_merge_of_something_else_than_a_mapping_is_refused():
    with pytest.raises(DocumentError, match="`<<` needs a mapping") as caught:
        plain("a: 1\nb:\n  <<: x\n", "k8s")
    assert str(caught.value.place) == "x.yaml:3:7"


@pytest.mark.parametrize(
    ("text", "tag"), [("!!bool yes", "bool"), ("!!int x", "int"), ("!!null x", "null"), ("!!float x", "float")]
)
def test_a_value_that_does_not_fit_its_tag_is_refused(text, tag):
    with pytest.raises(DocumentError) as caught:
        plain(f"a: {text}\n")
    assert caught.value.message == f"this is not a `!!{tag}`"
    assert str(caught.value.place) == "x.yaml:1:4"


def test_bad_base64_is_refused_without_showing_it():
    with pytest.raises(DocumentError, match="not base64") as caught:
        plain("a: !!binary S3cret!\n")
    assert "S3cret" not in caught.value.message
    assert caught.value.__cause__ is None
