"""The keyring: any key that opens is enough, and what did not open becomes the evidence."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from secrets_gitops.errors import Attempt, NoMatchingKey, Tampered
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import NotMine, WrappedKey
from secrets_gitops.plaintext import Plaintext

DATA_KEY = Plaintext(b"the data key")


class FakeIdentity(NamedTuple):
    """Opens what is wrapped for `recipient` as the text `for <recipient>`; notes what it was asked."""

    recipient: str
    source: str
    asked: list[str]
    error: Exception | None = None
    kind: str = "age"

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        self.asked.append(f"{self.source}: {wrapped.recipient}")
        if self.error is not None:
            raise self.error
        if wrapped.enc != f"for {self.recipient}":
            raise NotMine
        return DATA_KEY


def entry(recipient: str, kind: str = "age", enc: str | None = None) -> WrappedKey:
    return WrappedKey(kind, recipient, enc or f"for {recipient}")


def test_one_of_several_keys_opens_one_of_several_entries():
    asked: list[str] = []
    keyring = Keyring([FakeIdentity("a", "1", asked), FakeIdentity("b", "2", asked)])
    assert keyring.unwrap([entry("x"), entry("y"), entry("b")], "s.yaml") == DATA_KEY


def test_the_entry_that_names_a_key_is_tried_first():
    asked: list[str] = []
    keyring = Keyring([FakeIdentity("a", "1", asked), FakeIdentity("b", "2", asked)])
    keyring.unwrap([entry("x"), entry("b")], "s.yaml")
    assert asked == ["2: b"]


def test_a_key_that_has_to_ask_waits_until_no_other_fits():
    asked: list[str] = []

    class Asking(FakeIdentity):
        asks = True

    keyring = Keyring([Asking("a", "locked", asked), FakeIdentity("b", "open", asked)])
    keyring.unwrap([entry("a"), entry("b")], "s.yaml")
    assert asked == ["open: b"]
    keyring.unwrap([entry("a")], "s.yaml")
    assert asked[1:] == ["open: a", "locked: a"]


def test_an_ssh_key_is_known_in_the_file_whatever_its_comment_says():
    asked: list[str] = []
    keyring = Keyring([FakeIdentity("x", "1", asked), FakeIdentity("ssh-ed25519 AAAA", "2", asked)])
    keyring.unwrap([entry("ssh-ed25519 AAAA me@host", enc="for ssh-ed25519 AAAA")], "s.yaml")
    assert asked == ["2: ssh-ed25519 AAAA me@host"]


def test_a_wrong_name_in_the_file_hides_no_key():
    asked: list[str] = []
    keyring = Keyring([FakeIdentity("a", "1", asked)])
    assert keyring.unwrap([entry("a", enc="for c"), entry("c", enc="for a")], "s.yaml") == DATA_KEY


def test_a_broken_entry_does_not_hide_a_good_one():
    asked: list[str] = []
    bad = FakeIdentity("a", "1", asked, Tampered("the MAC of the age header does not fit"))
    keyring = Keyring([bad, FakeIdentity("b", "2", asked)])
    assert keyring.unwrap([entry("a"), entry("b")], "s.yaml") == DATA_KEY


def test_no_matching_key_tells_what_was_tried_and_why_it_did_not_open():
    asked: list[str] = []
    problem = Attempt("age", "~/.config/sops/age/keys.txt", "there is no such file")
    keyring = Keyring(
        [FakeIdentity("a", "SOPS_AGE_KEY", asked), FakeIdentity("b", "k.txt", asked, Tampered("it was changed"))],
        [problem],
    )
    with pytest.raises(NoMatchingKey) as caught:
        keyring.unwrap([entry("b"), entry("x"), entry("FE1D", kind="pgp")], "apps/s.yaml")
    error = caught.value
    assert error.message == "cannot decrypt `apps/s.yaml`: none of your keys matches its 3 recipients"
    assert error.attempts == (
        Attempt("age", "k.txt", "it was changed"),
        Attempt("age", "SOPS_AGE_KEY", "not a recipient"),
        Attempt("pgp", "FE1D", "no key of this kind is at hand"),
        problem,
    )
    assert error.hints == (
        "name a key file with `--identity FILE` or `SOPS_AGE_KEY_FILE`",
        "`secrets-gitops explain apps/s.yaml` lists who can read it",
    )
    assert str(error.place) == "apps/s.yaml"


@pytest.mark.parametrize(
    ("identities", "entries", "reason"),
    [
        ([], [entry("a")], "there is no key here, and it has 1 recipient"),
        ([], [entry("a"), entry("b")], "there is no key here, and it has 2 recipients"),
        ([FakeIdentity("b", "1", [])], [entry("a")], "none of your keys matches its one recipient"),
        ([FakeIdentity("b", "1", [])], [], "it names no recipient"),
    ],
    ids=["no key", "no key, two recipients", "one recipient", "nobody"],
)
def test_the_message_says_on_which_side_something_is_missing(identities, entries, reason: str):
    with pytest.raises(NoMatchingKey) as caught:
        Keyring(identities).unwrap(entries, "s.yaml")
    assert caught.value.message == f"cannot decrypt `s.yaml`: {reason}"


def test_a_failing_program_is_a_bug_and_not_an_attempt():
    with pytest.raises(ZeroDivisionError):
        Keyring([FakeIdentity("a", "1", [], ZeroDivisionError())]).unwrap([entry("a")], "s.yaml")


def test_the_local_keyring_reads_named_files_and_the_environment(tmp_path):
    from secrets_gitops.keys import age

    texts = [age.generate() for _ in range(2)]
    path = tmp_path / "k.txt"
    path.write_bytes(texts[0][0].reveal())
    keyring = Keyring.local([str(path)], {"SOPS_AGE_KEY": texts[1][0].reveal().decode()})
    for _, recipient in texts:
        wrapped = WrappedKey("age", recipient, age.parse_recipient(recipient).wrap(DATA_KEY))
        assert keyring.unwrap([wrapped], "s.yaml") == DATA_KEY
