"""Which leaves the six selectors choose."""

from __future__ import annotations

import pytest

from secrets_gitops.envelopes.sops.selection import DEFAULT, Selection, Selector
from secrets_gitops.errors import Place, SettingsError


@pytest.mark.parametrize(
    ("field", "text", "path", "encrypted"),
    [
        (*DEFAULT, ["a", "b"], True),
        (*DEFAULT, ["a_unencrypted", "b"], False),
        (*DEFAULT, ["a", "_unencrypted"], False),
        (*DEFAULT, ["a_unencrypted_not"], True),
        ("encrypted_suffix", "_enc", ["a_enc", "b"], True),
        ("encrypted_suffix", "_enc", ["a"], False),
        ("encrypted_regex", "^data$", ["meta", "data"], True),
        ("encrypted_regex", "^data$", ["metadata"], False),
        ("encrypted_regex", "ec", ["secret"], True),
        ("encrypted_regex", "(?i)^PASS", ["password"], True),
        ("encrypted_regex", "a:b", ["a", "b"], False),  # the joined path is never tested
        ("encrypted_regex", "^a$", ["a\n"], False),  # Go's `$` matches at the very end alone
        ("unencrypted_regex", "a", ["metadata", "x"], False),
        ("unencrypted_regex", "^kind$", ["spec"], True),
    ],
)
def test_by_keys(field: str, text: str, path: list[str], encrypted: bool):
    assert Selection(Selector(field, text)).selects(path) is encrypted


def test_a_comment_governs_what_is_below_it_on_every_level():
    selection = Selection(Selector("encrypted_comment_regex", "sops:enc"))
    assert selection.selects(["a"], [[" sops:enc"]])
    assert selection.selects(["a", "b"], [[" sops:enc"], []])
    assert not selection.selects(["a"], [[" other"]])


def test_the_comment_that_asks_for_encryption_stays_clear_and_the_next_one_does_not():
    selection = Selection(Selector("encrypted_comment_regex", "sops:enc"))
    assert not selection.selects([], [["sops:enc"]], is_comment=True)
    assert selection.selects([], [["sops:enc", "more"]], is_comment=True)


def test_the_comment_that_asks_for_clear_text_stays_clear_too():
    selection = Selection(Selector("unencrypted_comment_regex", "public"))
    assert not selection.selects([], [["public"]], is_comment=True)
    assert selection.selects([], [["secret"]], is_comment=True)


@pytest.mark.parametrize("text", ["[", "(?=a)", r"(a)\1", "a{1001}"])
def test_what_is_no_expression_for_re2_is_refused_with_its_place(text: str):
    place = Place(".sops.yaml", 3, 5)
    with pytest.raises(SettingsError, match="`encrypted_regex` is not a valid regular expression") as caught:
        Selection(Selector("encrypted_regex", text), place)
    assert caught.value.place == place


def test_in_a_file_that_exists_it_matches_nothing_as_in_sops():
    selection = Selection(Selector("encrypted_regex", "["), lenient=True)
    assert not selection.valid
    assert not selection.selects(["a"])
