"""Which format a file has, and the text of a document put together from edits."""

from __future__ import annotations

import pytest

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.formats import file_format, format_of
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.yaml", "yaml"), ("b/c.yml", "yaml"), ("x.enc.json", "json"), ("a.yaml.bak", None), (".env", None),
    ],
)  # fmt: skip
def test_only_the_end_of_the_name_counts(path, wanted):
    assert format_of(path) == wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("prod.env", "dotenv"), (".env", "dotenv"), ("prod.env.local", "binary"), ("a.ini", "ini"), ("a.yaml", "yaml"),
        ("key.pem", "binary"), ("secrets.enc.yaml.bak", "binary"), ("Makefile", "binary"),
    ],
)  # fmt: skip
def test_what_is_nothing_else_is_binary(path, wanted):
    assert file_format(path) == wanted


def test_a_format_may_be_given_for_any_name():
    assert read('{"a": 1}', path="-", format="json").roots[0].kind == "mapping"


def test_edits_may_come_in_any_order_and_touch():
    document = read("a: 1\nb: 2\n", path="x.yaml")
    assert document.splice([Edit(5, 6, "c"), Edit(0, 5, ""), Edit(10, 10, "d: 3\n")]) == "c: 2\nd: 3\n"


@pytest.mark.parametrize("edits", [[Edit(0, 2, ""), Edit(1, 3, "")], [Edit(0, 99, "")], [Edit(3, 2, "")]])
def test_edits_that_overlap_or_leave_the_text_are_refused(edits):
    with pytest.raises(DocumentError, match="two changes meet"):
        read("a: 1\n", path="x.yaml").splice(edits)


def test_a_change_after_which_the_document_cannot_be_read_is_refused():
    with pytest.raises(DocumentError, match="stands twice"):
        read("a: 1\nb: 2\n", path="x.yaml").apply([Edit(5, 6, "a")])
