"""The key command: run without a shell, told whose key is wanted, asked no more often than needed."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from secrets_gitops import bech32
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import KeySourceError
from secrets_gitops.keys import age
from secrets_gitops.keys.age_command import CommandIdentity
from secrets_gitops.keys.recipient import NotMine, WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from pathlib import Path

DATA_KEY = Plaintext(bytes(range(32)))


def key_text(byte: int) -> str:
    return bech32.encode("age-secret-key-", bytes([byte]) * 32).upper()


def entry(byte: int) -> WrappedKey:
    recipient = age.parse_identity(key_text(byte), "here").recipient
    return WrappedKey("age", recipient, age.parse_recipient(recipient).wrap(DATA_KEY))


@pytest.fixture
def command(tmp_path: Path):
    """A maker: the identity of a Python script, given as a command line, that notes whose key it was asked for."""

    def make(script: str, **options) -> CommandIdentity:
        path = tmp_path / "a script.py"
        path.write_text(
            "import os, sys, time\n"
            f"open({str(tmp_path / 'asked')!r}, 'a').write(os.environ['SOPS_AGE_RECIPIENT'] + '\\n')\n{script}\n"
        )
        return CommandIdentity(
            f"{shlex.quote(sys.executable)} -S {shlex.quote(str(path))}", dict(os.environ), **options
        )

    return make


@pytest.fixture
def asked(tmp_path: Path):
    return lambda: (tmp_path / "asked").read_text().split() if (tmp_path / "asked").exists() else []


def test_the_key_that_it_prints_opens_the_entry(command, asked):
    identity = command(f"print('# mine'); print({key_text(1)!r})")
    wanted = entry(1)
    assert identity.unwrap(wanted) == DATA_KEY
    assert asked() == [wanted.recipient]


def test_it_is_asked_once_per_recipient_and_not_again_for_a_key_it_gave(command, asked):
    identity = command(f"print({key_text(1)!r}); print({key_text(2)!r})")
    for number in (1, 2, 1, 2):
        assert identity.unwrap(entry(number)) == DATA_KEY
    for _ in range(2):
        with pytest.raises(NotMine):
            identity.unwrap(entry(3))
    assert asked() == [entry(1).recipient, entry(3).recipient]


def test_it_is_not_run_before_an_entry_asks(command, asked):
    identity = command("print()")
    assert identity.recipient == ""
    assert asked() == []


def test_no_shell_is_between(tmp_path: Path):
    identity = CommandIdentity(f"echo x; touch {tmp_path}/made", dict(os.environ))
    with pytest.raises(KeySourceError):
        identity.unwrap(entry(1))
    assert not (tmp_path / "made").exists()


FAILURES = {
    "a failing command": ("sys.exit(7)", "failed with exit status 7"),
    "no key printed": ("print('hunter2')", "begins with `AGE-SECRET-KEY-`"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_named_without_what_was_printed_and_is_not_tried_again(command, asked, name: str):
    script, reason = FAILURES[name]
    identity = command(script)
    for _ in range(2):
        with pytest.raises(KeySourceError, match=reason) as caught:
            identity.unwrap(entry(1))
        assert "hunter2" not in caught.value.message
    assert len(asked()) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/nowhere/command", "cannot be run: no such file or directory"),
        ("'open", "has an open quote"),
        ("  ", "is empty"),
    ],
)
def test_a_command_that_cannot_be_run_says_why(text: str, reason: str):
    with pytest.raises(KeySourceError, match=reason):
        CommandIdentity(text, {}).unwrap(entry(1))


def test_a_command_that_does_not_answer_is_ended(command):
    identity = command("time.sleep(60)", deadline=Deadline(0.2))
    with pytest.raises(KeySourceError, match="did not answer in time"):
        identity.unwrap(entry(1))
