"""A part of a fetched value keeps its type, and has one text and one byte form."""

from __future__ import annotations

import pytest

from secrets_gitops.errors import BackendError, DocumentError, SecretNotFound
from secrets_gitops.references.pick import Pick, as_document, pick, to_bytes, to_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is\n", "as it is\n"),
        (True, "true"),
        (None, "null"),
        (42, "42"),
        (1.0, "1"),
        (1.5, "1.5"),
        (float("inf"), ".inf"),
        ({"a": [1, "ö", None]}, '{"a":[1,"ö",null]}'),
    ],
)
def test_the_text_of_a_value_is_the_value_or_compact_json(value, text):
    assert to_text(value) == text
    assert to_bytes(value) == text.encode()


def test_what_has_no_text_is_refused():
    with pytest.raises(BackendError, match="not text"):
        to_text(b"\xff")
    with pytest.raises(BackendError, match="JSON has no word"):
        to_text([float("nan")])


def test_a_missing_key_is_named_with_the_way_to_it():
    document = {"a": {"b": [1]}}
    assert pick(document, Pick(("a", "b")), "`x`") == [1]
    for keys, words in ((("a", "z"), "no key `a/z`"), (("a", "b", "0"), "no key `a/b/0`: what stands above")):
        with pytest.raises(SecretNotFound, match=words):
            pick(document, Pick(keys), "`x`")


def test_a_part_may_be_encoded():
    assert pick({"a": "hi"}, Pick(("a",), "base64"), "`x`") == "aGk="


@pytest.mark.parametrize("text", ["a: [", "a: b\na: c\n", "a: *b\n", "<<: 1\n", "? [x]\n: y\n", "[" * 101 + "]" * 101])
def test_a_document_that_cannot_be_read_is_told_with_its_place(text):
    with pytest.raises(DocumentError) as error:
        as_document(text.encode(), "secret.yaml", None)
    assert error.value.place.path == "secret.yaml"


def test_an_empty_document_is_null():
    assert as_document(b"", "x", None) is None
