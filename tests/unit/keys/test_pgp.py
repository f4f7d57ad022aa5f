"""The gpg program as seen from here, with small programs in its place: each way to fail has its own words."""

from __future__ import annotations

import os
import stat
import sys
import time
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import KeySourceError
from secrets_gitops.keys import pgp
from secrets_gitops.keys.recipient import NotMine, WrappedKey

if TYPE_CHECKING:
    from pathlib import Path

    from secrets_gitops.plaintext import Plaintext

FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
ENTRY = WrappedKey("pgp", FINGERPRINT, "-----BEGIN PGP MESSAGE-----\n" + "A" * 200_000)


@pytest.fixture
def gpg(tmp_path: Path):
    """A maker: the environment in which this Python code is gpg."""

    def make(code: str) -> dict[str, str]:
        path = tmp_path / "gpg"
        path.write_text(f"#!{sys.executable} -S\nimport os, sys, time\n{code}\n")
        path.chmod(stat.S_IRWXU)
        return {**os.environ, "SOPS_GPG_EXEC": str(path)}

    return make


def unwrap(environ: dict[str, str], seconds: float = 20) -> Plaintext:
    return pgp.agent(environ, Deadline(seconds)).unwrap(ENTRY)


def test_the_message_goes_in_and_the_data_key_comes_out(gpg):
    environ = gpg("sys.stdout.write(str(len(sys.stdin.read())) + repr(sys.argv[1:]))")
    assert unwrap(environ).reveal().decode() == f"{len(ENTRY.enc)}['-d']"


def test_messages_come_in_english_and_the_rest_of_the_environment_stays(gpg, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANGUAGE", "de")
    environ = gpg("print(os.environ['LANGUAGE'], os.environ['GNUPGHOME'])")
    assert unwrap(environ).reveal().decode() == f"en {os.environ['GNUPGHOME']}\n"


FAILURES = {
    "no secret key": ("sys.exit('gpg: decryption failed: No secret key')", NotMine, "no secret key in gpg"),
    "nothing": ("", KeySourceError, "an empty data key"),
    "another failure": ("sys.exit('x\\ngpg: no valid OpenPGP data found.')", KeySourceError, "no valid OpenPGP data"),
    "silence": ("sys.exit(2)", KeySourceError, "failed with exit status 2"),
    "a flood": ("sys.stdout.write('x' * 50_000_000); time.sleep(60)", KeySourceError, "far more than a data key"),
    "no pinentry": (
        "sys.exit('gpg: public key decryption failed: No pinentry\\ngpg: decryption failed: No secret key')",
        KeySourceError,
        "the agent of gpg did not unlock the key: no pinentry",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_each_way_to_fail_has_its_own_words(gpg, name: str):
    code, error, reason = FAILURES[name]
    with pytest.raises(error, match=reason):
        unwrap(gpg(code))


def test_a_program_that_does_not_end_is_ended(gpg):
    begin = time.monotonic()
    with pytest.raises(KeySourceError, match="did not answer in time"):
        unwrap(gpg("time.sleep(60)"), seconds=0.5)
    assert time.monotonic() - begin < 20


def test_a_program_that_is_not_there_is_told_from_gpg_that_is_not_installed(tmp_path: Path):
    with pytest.raises(KeySourceError, match="there is no program `/nowhere`") as caught:
        unwrap({"SOPS_GPG_EXEC": "/nowhere"})
    assert caught.value.hints == ("correct `SOPS_GPG_EXEC`",)
    with pytest.raises(KeySourceError, match="there is no program `gpg`") as caught:
        unwrap({"PATH": str(tmp_path)})
    assert "install GnuPG" in caught.value.hints[0]
    with pytest.raises(KeySourceError, match="cannot be run: permission denied"):
        unwrap({"SOPS_GPG_EXEC": str(tmp_path)})


@pytest.mark.parametrize("text", ["", "me@example.org", "7EE0B661", "-r", "0123456789ABCDEF!!", "--help0123456789ab"])
def test_what_gpg_could_not_trust_by_its_name_is_no_recipient(text: str):
    with pytest.raises(KeySourceError, match="named by its fingerprint"):
        pgp.parse_recipient(text)


def test_no_home_no_keys(tmp_path: Path):
    assert pgp.secret_keys({"GNUPGHOME": str(tmp_path / "none")}) == []
    assert pgp.secret_keys({"GNUPGHOME": str(tmp_path), "SOPS_GPG_EXEC": "/nowhere"}) == []
