"""The catalog of key kinds: what is built, what is known by name, what is neither."""

from __future__ import annotations

import pytest

from secrets_gitops import bech32
from secrets_gitops.errors import KeySourceError, NotBuiltYet, Place, SettingsError
from secrets_gitops.keys import catalog

PLACE = Place(".sops.yaml", 3, 12)


def test_an_age_recipient_is_found_by_its_kind():
    text = bech32.encode("age", bytes([9]) * 32)
    found = catalog.recipient("age", text)
    assert (found.kind, found.text) == ("age", text)


@pytest.mark.parametrize("kind", ["hckms"])
def test_a_kind_that_sops_knows_and_we_do_not_is_refused_by_name(kind: str):
    with pytest.raises(NotBuiltYet, match=f"`{kind}`") as caught:
        catalog.recipient(kind, "whatever", PLACE)
    assert caught.value.place == PLACE
    assert "whatever" not in caught.value.message


def test_an_unknown_kind_is_a_mistake_in_the_settings():
    with pytest.raises(SettingsError, match="unknown kind of key: `rot13`") as caught:
        catalog.recipient("rot13", "whatever", PLACE)
    assert "`age`" in caught.value.hints[0]


def test_a_recipient_that_cannot_be_read_is_shown_where_it_stands():
    with pytest.raises(KeySourceError) as caught:
        catalog.recipient("age", "alice", PLACE)
    assert caught.value.place == PLACE
