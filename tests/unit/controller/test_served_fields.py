"""Fields of objects that the API server gave."""

from __future__ import annotations

import pytest

from secrets_gitops.controller.served_fields import ServedFields
from secrets_gitops.errors import DocumentError

TREE = {"kind": "ExternalSecret", "spec": {"data": [{"secretKey": "a"}, {"secretKey": 5}]}}


def test_a_place_is_where_the_value_stands_in_the_json_of_the_object():
    fields = ServedFields(TREE, "ExternalSecret team/db")
    place = fields.place("spec", "data", 1, "secretKey")
    assert str(place) == "ExternalSecret team/db:1:73"
    assert str(fields.place("spec", "nothing", 3)) == "ExternalSecret team/db:1:33"


def test_only_text_is_text_and_null_is_the_empty_one():
    fields = ServedFields(TREE, "ExternalSecret team/db")
    assert [fields.text(value, "spec") for value in ("a", None)] == ["a", ""]
    with pytest.raises(DocumentError, match="secretKey` must be text") as caught:
        fields.text(5, "spec", "data", 1, "secretKey")
    assert caught.value.place == fields.place("spec", "data", 1, "secretKey")
