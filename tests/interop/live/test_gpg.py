"""OpenPGP keys through the real gpg, both ways with the real sops; keys made for the test, in a home of their own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pseudo_terminal
import pytest

from secrets_gitops.errors import KeySourceError, NoMatchingKey
from secrets_gitops.keys import age, catalog, pgp
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import NotMine, WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live
DATA_KEY = Plaintext(os.urandom(32))


def run(*arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> bytes:
    done = subprocess.run(arguments, input=stdin, capture_output=True, env={**os.environ, **(env or {})}, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def make_key(gpg_home: Path):
    """A maker: the fingerprints of a new key and its encryption subkey, in the home of this test."""

    def make(name: str = "somebody", passphrase: str = "") -> tuple[str, str]:
        lines = [
            *("%no-protection" for _ in range(not passphrase)),
            "Key-Type: eddsa", "Key-Curve: ed25519", "Subkey-Type: ecdh", "Subkey-Curve: cv25519",
            f"Name-Real: {name}", "Expire-Date: 0",
            *(f"Passphrase: {passphrase}" for _ in range(bool(passphrase))),
            "%commit",
        ]  # fmt: skip
        run("gpg", "--batch", "--pinentry-mode", "loopback", "--gen-key", stdin="\n".join(lines).encode())
        listed = run("gpg", "--batch", "--with-colons", "--fingerprint", "--fingerprint", "--list-keys", name).decode()
        primary, sub = [line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:")]
        return primary, sub

    return make


@pytest.fixture
def pinentry(gpg_home: Path):
    """A maker: the agent asks this program from now on; it gives the answer, or cancels, and notes each question."""

    def make(answer: str | None) -> Path:
        asked = gpg_home / "asked"
        give = f"D {answer}\\nOK".replace("%", "%%") if answer is not None else "ERR 83886179 Operation cancelled"
        script = gpg_home / "pinentry.sh"
        script.write_text(
            "#!/bin/sh\necho OK\nwhile read line; do case $line in\n"
            f"GETPIN*) echo . >> {asked}; printf '{give}\\n' ;;\nBYE*) echo OK; exit ;;\n*) echo OK ;;\nesac; done\n"
        )
        script.chmod(stat.S_IRWXU)
        (gpg_home / "gpg-agent.conf").write_text(f"pinentry-program {script}\nallow-loopback-pinentry\n")
        run("gpgconf", "--kill", "gpg-agent")
        return asked

    return make


def wrapped(recipient: str) -> WrappedKey:
    return WrappedKey("pgp", recipient, catalog.recipient("pgp", recipient).wrap(DATA_KEY))


def agent() -> pgp.GpgAgent:
    return pgp.agent(dict(os.environ), None)


class TestKeys:
    def test_every_way_to_name_a_key_wraps_for_it(self, make_key):
        primary, sub = make_key()
        spaced = " ".join(primary[at : at + 4] for at in range(0, 40, 4))
        for text in (primary, spaced, primary.lower(), "0x" + primary, primary[-16:], sub + "!"):
            recipient = catalog.recipient("pgp", text)
            assert recipient.text == text.replace(" ", "")
            assert recipient.fields == {"fp": recipient.text}
            enc = recipient.wrap(DATA_KEY)
            assert enc == enc.strip()
            assert enc.startswith("-----BEGIN PGP MESSAGE-----")
            assert agent().unwrap(WrappedKey("pgp", recipient.text, enc)) == DATA_KEY

    def test_arguments_are_those_of_sops_and_hold_no_data(self, make_key, gpg_home, tmp_path: Path, monkeypatch):
        primary, sub = make_key()
        notes, gpg = tmp_path / "notes", tmp_path / "gpg.sh"
        gpg.write_text(f'#!/bin/sh\necho "$@" >> {notes}\nexec gpg "$@"\n')
        gpg.chmod(stat.S_IRWXU)
        monkeypatch.setenv("SOPS_GPG_EXEC", str(gpg))
        before = set(os.listdir(gpg_home))
        for text in (primary, sub + "!"):
            assert agent().unwrap(wrapped(text)) == DATA_KEY
        options = "--no-default-recipient --yes --encrypt -a -r {} --trusted-key {} --no-encrypt-to"
        assert notes.read_text().splitlines() == [
            options.format(primary, primary[-16:]), "-d", options.format(sub + "!", sub[-16:] + "!"), "-d",
        ]  # fmt: skip
        assert set(os.listdir(gpg_home)) - {"random_seed", "trustdb.gpg"} <= before

    def test_secret_keys_are_listed_beside_those_of_age(self, cli, make_key):
        primary, sub = make_key()
        listed = cli("keys", "list")
        assert listed.stdout.decode() == f"pgp  {primary}  gpg\n"
        assert sub not in listed.stdout.decode()

    def test_the_entry_of_somebody_else_is_not_mine(self, make_key):
        primary, _ = make_key()
        entry = wrapped(primary)
        run("gpg", "--batch", "--yes", "--delete-secret-keys", primary)
        with pytest.raises(NotMine, match="no secret key in gpg"):
            agent().unwrap(entry)

    def test_a_public_key_that_is_not_there_is_named(self, gpg_home):
        with pytest.raises(KeySourceError, match="gpg has no public key `" + "A" * 40) as caught:
            catalog.recipient("pgp", "A" * 40).wrap(DATA_KEY)
        assert "gpg --import" in caught.value.hints[0]

    def test_a_message_that_is_none_is_told_by_gpg_itself(self, gpg_home):
        with pytest.raises(KeySourceError, match="gpg cannot decrypt"):
            agent().unwrap(WrappedKey("pgp", "A" * 40, "hunter2"))

    def test_no_key_at_all_lists_each_fingerprint(self, make_key):
        primary, _ = make_key()
        entry = wrapped(primary)
        run("gpg", "--batch", "--yes", "--delete-secret-keys", primary)
        with pytest.raises(NoMatchingKey) as caught:
            Keyring.local((), dict(os.environ)).unwrap([entry], "s.yaml")
        assert ("pgp", primary, "no secret key in gpg") in [tuple(attempt) for attempt in caught.value.attempts]


class TestAgent:
    def test_the_agent_asks_and_its_answer_opens_the_key(self, make_key, pinentry):
        asked = pinentry("open sesame")
        primary, _ = make_key(passphrase="open sesame")
        run("gpgconf", "--kill", "gpg-agent")
        assert agent().unwrap(wrapped(primary)) == DATA_KEY
        assert asked.read_text() == ".\n"

    def test_who_cancels_is_not_asked_again_in_this_run(self, make_key, pinentry):
        asked = pinentry(None)
        primary, _ = make_key(passphrase="open sesame")
        run("gpgconf", "--kill", "gpg-agent")
        ours = agent()
        for _ in range(2):
            with pytest.raises(
                KeySourceError, match="the agent of gpg did not unlock the key: operation cancelled"
            ) as caught:
                ours.unwrap(wrapped(primary))
        assert "GPG_TTY" in caught.value.hints[0]
        assert asked.read_text() == ".\n"

    def test_a_wrong_passphrase_is_told_apart_from_a_missing_key(self, make_key, pinentry):
        pinentry("hunter2")
        primary, _ = make_key(passphrase="open sesame")
        run("gpgconf", "--kill", "gpg-agent")
        with pytest.raises(KeySourceError, match="the agent of gpg did not unlock the key: bad passphrase") as caught:
            agent().unwrap(wrapped(primary))
        assert "hunter2" not in caught.value.message

    def test_files_of_several_threads_ask_once(self, make_key, pinentry):
        asked = pinentry("open sesame")
        primary, _ = make_key(passphrase="open sesame")
        run("gpgconf", "--kill", "gpg-agent")
        entry, ours, found = wrapped(primary), agent(), []
        threads = [threading.Thread(target=lambda: found.append(ours.unwrap(entry))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [DATA_KEY] * 4
        assert asked.read_text() == ".\n"


class TestIdentityFile:
    """The agent serves identity files of age too, under the names that sops gives their passphrases."""

    @pytest.fixture
    def environ(self, program, gpg_home: Path, tmp_path: Path) -> dict[str, str]:
        """A file `sealed.yaml`, and the environment in which a closed identity file opens it."""
        identity, recipient = age.generate()
        (tmp_path / "keys.txt").write_bytes(identity.reveal() + b"\n")
        (tmp_path / "clear.yaml").write_text("a: hunter2\n")
        pseudo_terminal.run(
            [program("age"), "-p", "-a", "-o", str(tmp_path / "keys.age"), str(tmp_path / "keys.txt")],
            [("Enter passphrase", "open % sesame"), ("Confirm", "open % sesame")],
        )
        sealed = run(program("sops"), "encrypt", "--age", recipient, str(tmp_path / "clear.yaml"))
        (tmp_path / "sealed.yaml").write_bytes(sealed)
        home = tmp_path / "home"
        home.mkdir()
        (home / ".gnupg").symlink_to(gpg_home)
        return {"SOPS_AGE_KEY_FILE": str(tmp_path / "keys.age"), "HOME": str(home)}

    def test_what_it_was_told_for_us_it_knows_for_sops(self, program, cli, pinentry, environ, gpg_home, tmp_path: Path):
        asked = pinentry("open %25 sesame")
        run("gpg-connect-agent", "/bye")
        for _ in range(2):
            assert cli("decrypt", "sealed.yaml", env=environ).stdout == b"a: hunter2\n"
        # sops looks for the agent's socket where it stands for users who set no GNUPGHOME.
        found = {**environ, "GPG_AGENT_INFO": f"{gpg_home}/S.gpg-agent:0:1"}
        assert run(program("sops"), "decrypt", str(tmp_path / "sealed.yaml"), env=found) == b"a: hunter2\n"
        assert asked.read_text() == ".\n"

    def test_it_forgets_a_wrong_one_and_whoever_cancels_gets_no_second_question(
        self, cli, pinentry, environ, tmp_path: Path
    ):
        asked = pinentry("hunter2")
        run("gpg-connect-agent", "/bye")
        done = cli("decrypt", "sealed.yaml", env=environ)
        assert done.returncode == 3
        assert b"the passphrase is wrong" in done.stderr
        pinentry(None)
        run("gpg-connect-agent", "/bye")
        done = cli("decrypt", "sealed.yaml", env=environ)
        assert b"it has a passphrase, and the question was cancelled" in done.stderr
        assert asked.read_text() == ".\n.\n"

    def test_where_it_cannot_ask_we_do(self, pinentry, environ, gpg_home, tmp_path: Path):
        (gpg_home / "gpg-agent.conf").write_text("pinentry-program /bin/false\n")
        run("gpg-connect-agent", "/bye")
        done = pseudo_terminal.run(
            [sys.executable, "-m", "secrets_gitops", "decrypt", "sealed.yaml"],
            [("Passphrase for", "open % sesame")],
            cwd=tmp_path,
            env=environ,
        )
        assert done.stdout == b"a: hunter2\n", done


class TestSops:
    @pytest.fixture
    def clear(self, tmp_path: Path) -> Path:
        path = tmp_path / "clear.yaml"
        path.write_text("a: hunter2\nb: 2\n")
        return path

    def test_we_open_what_sops_encrypted_and_change_it(self, program, cli, make_key, clear: Path, tmp_path: Path):
        primary, _ = make_key()
        sealed = tmp_path / "sealed.yaml"
        sealed.write_bytes(run(program("sops"), "encrypt", "--pgp", primary, str(clear)))
        assert cli("decrypt", "sealed.yaml").stdout == clear.read_bytes()
        assert cli("set", "sealed.yaml", "a", stdin="new").returncode == 0
        assert run(program("sops"), "decrypt", str(sealed)) == b"a: new\nb: 2\n"

    def test_sops_opens_what_we_encrypted(self, program, cli, make_key, clear: Path, tmp_path: Path):
        primary, sub = make_key()
        for text in (primary, sub + "!", primary[-16:]):
            (tmp_path / ".sops.yaml").write_text(f'creation_rules: [{{pgp: "{text}"}}]\n')
            done = cli("encrypt", "clear.yaml")
            assert done.returncode == 0, done.stderr
            assert f"fp: {text}" in done.stdout.decode().replace('"', "")
            sealed = tmp_path / "sealed.yaml"
            sealed.write_bytes(done.stdout)
            assert run(program("sops"), "decrypt", str(sealed)) == clear.read_bytes()

    def test_mixed_keys_and_groups_go_both_ways(self, program, cli, make_key, clear: Path, tmp_path: Path):
        primary, _ = make_key()
        identity, recipient = age.generate()
        post_quantum, pq_recipient = age.generate(post_quantum=True)
        (tmp_path / "keys.txt").write_bytes(identity.reveal() + b"\n" + post_quantum.reveal() + b"\n")
        (tmp_path / ".sops.yaml").write_text(
            "creation_rules:\n- shamir_threshold: 2\n  key_groups:\n"
            f"  - age: ['{recipient}']\n    pgp: ['{primary}']\n  - age: ['{pq_recipient}']\n  - pgp: ['{primary}']\n"
        )
        keys = {"SOPS_AGE_KEY_FILE": str(tmp_path / "keys.txt")}
        ours, theirs = tmp_path / "ours.yaml", tmp_path / "theirs.yaml"
        ours.write_bytes(cli("encrypt", "clear.yaml").stdout)
        theirs.write_bytes(
            run(program("sops"), "--config", str(tmp_path / ".sops.yaml"), "encrypt", str(clear), env=keys)
        )
        for environ in (keys, {}, {**keys, "GNUPGHOME": str(tmp_path / "nowhere")}):
            assert run(program("sops"), "decrypt", str(ours), env=environ) == clear.read_bytes()
            assert cli("decrypt", "theirs.yaml", env=environ).stdout == clear.read_bytes()

    @pytest.mark.parametrize("order", ["age,pgp", "pgp,age"])
    def test_the_decryption_order_says_who_is_asked_first(self, cli, make_key, tmp_path: Path, order: str):
        primary, _ = make_key()
        identity, recipient = age.generate()
        notes = tmp_path / "gpg was run"
        gpg = tmp_path / "gpg.sh"
        gpg.write_text(f"#!{sys.executable}\nimport os, sys\nopen({str(notes)!r}, 'a').write(repr(sys.argv[1:]))\n"
                       "os.execvp('gpg', ['gpg', *sys.argv[1:]])\n")  # fmt: skip
        gpg.chmod(stat.S_IRWXU)
        (tmp_path / ".sops.yaml").write_text(f"creation_rules: [{{age: '{recipient}', pgp: '{primary}'}}]\n")
        (tmp_path / "f.yaml").write_text("a: 1\n")
        environ = {
            "SOPS_AGE_KEY": identity.reveal().decode(), "SOPS_GPG_EXEC": str(gpg), "SOPS_DECRYPTION_ORDER": order
        }  # fmt: skip
        assert cli("encrypt", "-i", "f.yaml", env=environ).returncode == 0
        notes.unlink()
        assert cli("decrypt", "f.yaml", env=environ).stdout == b"a: 1\n"
        assert notes.exists() == (order == "pgp,age")
        assert not notes.exists() or notes.read_text() == "['-d']"
