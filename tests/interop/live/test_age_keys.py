"""SSH keys, passphrases and plugins of age: ours, the real age and the real sops open each other's files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pseudo_terminal
import pytest

from secrets_gitops import bech32
from secrets_gitops.crypto.age import armor, file
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import WrappedKey
from secrets_gitops.plaintext import Plaintext

pytestmark = pytest.mark.live
DATA_KEY = Plaintext(os.urandom(32))
OURS = [sys.executable, "-m", "secrets_gitops"]
SSH = pytest.mark.parametrize("kind", ["ed25519", "rsa"])
FORMS = pytest.mark.parametrize(
    ("kind", "form"),
    [("ed25519", ""), ("rsa", ""), ("rsa", "PEM"), ("rsa", "PKCS8")],
    ids=["ed25519", "rsa", "rsa in PEM", "rsa in PKCS#8"],
)
"""ssh-keygen writes Ed25519 keys in its own form alone."""
BATCHPASS = bech32.encode("age-plugin-batchpass-", b"").upper()


def run(*arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> bytes:
    done = subprocess.run(arguments, input=stdin, capture_output=True, env={**os.environ, **(env or {})}, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def ssh_key(tmp_path: Path, program):
    """A maker: the path of a private key that ssh-keygen made, and its public line."""
    keygen = program("ssh-keygen")

    def make(kind: str, passphrase: str = "", *, form: str = "") -> tuple[str, str]:
        path = tmp_path / f"id_{kind}"
        bits = ["-b", "2048"] if kind == "rsa" else []
        extra = ["-m", form] if form else []
        run(keygen, "-q", "-t", kind, *bits, *extra, "-N", passphrase, "-C", "me@host", "-f", str(path))
        return str(path), Path(f"{path}.pub").read_text().strip()

    return make


@pytest.fixture
def sealed(tmp_path: Path, program):
    """A maker: a file that the real sops encrypted for this recipient."""

    def make(recipient: str) -> Path:
        clear, path = tmp_path / "clear.yaml", tmp_path / "sealed.yaml"
        clear.write_text("a: hunter2\n")
        path.write_bytes(run(program("sops"), "encrypt", "--age", recipient, str(clear)))
        return path

    return make


class TestSsh:
    @SSH
    def test_age_opens_what_we_wrapped(self, program, ssh_key, kind: str):
        path, recipient = ssh_key(kind)
        enc = age.parse_recipient(recipient).wrap(DATA_KEY)
        assert run(program("age"), "-d", "-i", path, stdin=enc.encode()) == DATA_KEY.reveal()

    @FORMS
    def test_we_open_what_age_wrapped(self, program, ssh_key, kind: str, form: str):
        path, recipient = ssh_key(kind, form=form)
        enc = run(program("age"), "-a", "-r", recipient, stdin=DATA_KEY.reveal()).decode()
        keyring = Keyring.local([path], {})
        assert keyring.unwrap([WrappedKey("age", recipient, enc)], "s.yaml") == DATA_KEY
        assert keyring.identities[0].recipient == recipient.rsplit(" ", 1)[0]

    @SSH
    def test_sops_and_we_open_each_others_files_by_every_way_to_name_the_key(
        self, program, cli, ssh_key, sealed, tmp_path: Path, kind: str
    ):
        path, recipient = ssh_key(kind)
        theirs = sealed(recipient)
        ours = tmp_path / "ours.yaml"
        ours.write_text("a: hunter2\n")
        assert cli("encrypt", "-i", "--age", recipient, "ours.yaml").returncode == 0
        home = tmp_path / "home"
        (home / ".ssh").mkdir(parents=True)
        (home / ".ssh" / f"id_{kind}").write_bytes(Path(path).read_bytes())
        for environ in (
            {"SOPS_AGE_SSH_PRIVATE_KEY_FILE": path},
            {"SOPS_AGE_SSH_PRIVATE_KEY_CMD": f"cat {path}"},
            {"HOME": str(home)},
        ):
            assert cli("decrypt", str(theirs), env=environ).stdout == b"a: hunter2\n"
            assert run(program("sops"), "decrypt", str(ours), env=environ) == b"a: hunter2\n"

    @pytest.mark.parametrize(("kind", "form"), [("ed25519", ""), ("rsa", ""), ("rsa", "PEM"), ("rsa", "PKCS8")])
    def test_a_key_with_a_passphrase_asks_on_the_terminal_as_sops_does(
        self, program, ssh_key, sealed, kind: str, form: str
    ):
        path, recipient = ssh_key(kind, "open sesame", form=form)
        theirs = sealed(recipient)
        environ = {"SOPS_AGE_SSH_PRIVATE_KEY_FILE": path}
        commands = [[*OURS, "decrypt", str(theirs)]]
        if form != "PKCS8":  # which the SSH library of sops does not open
            commands.append([program("sops"), "decrypt", str(theirs)])
        for command in commands:
            done = pseudo_terminal.run(command, [("assphrase for", "open sesame")], env=environ)
            assert (done.returncode, done.stdout) == (0, b"a: hunter2\n"), done.stderr
            if command[0] == OURS[0]:  # sops asks before it turns the echo off
                assert "open sesame" not in done.screen
        wrong = pseudo_terminal.run([*OURS, "decrypt", str(theirs)], [("assphrase for", "hunter2")], env=environ)
        assert wrong.returncode == 3
        assert b"the passphrase is wrong" in wrong.stderr
        assert b"hunter2" not in wrong.stderr

    def test_without_a_terminal_nobody_is_asked(self, cli, ssh_key, sealed):
        path, recipient = ssh_key("ed25519", "open sesame")
        done = subprocess.run(
            [*OURS, "decrypt", str(sealed(recipient))],
            env={**os.environ, "SOPS_AGE_SSH_PRIVATE_KEY_FILE": path},
            capture_output=True,
            start_new_session=True,
            check=False,
        )
        assert done.returncode == 3
        assert b"it has a passphrase, and there is no terminal to ask on" in done.stderr

    def test_a_passphrase_is_not_asked_for_when_another_key_opens_the_file(self, cli, ssh_key, sealed):
        path, recipient = ssh_key("ed25519", "open sesame")
        identity, other = age.generate()
        theirs = sealed(f"{recipient},{other}")
        environ = {"SOPS_AGE_SSH_PRIVATE_KEY_FILE": path, "SOPS_AGE_KEY": identity.reveal().decode()}
        done = pseudo_terminal.run([*OURS, "decrypt", str(theirs)], [], env=environ)
        assert (done.returncode, done.stdout, done.screen) == (0, b"a: hunter2\n", "")


class TestPassphraseFile:
    @pytest.fixture
    def closed(self, program, tmp_path: Path):
        """A maker: an identity file that the real age closed with a passphrase, and the recipient."""

        def make(*options: str) -> tuple[str, str]:
            identity, recipient = age.generate()
            path = tmp_path / "closed.age"
            clear = tmp_path / "clear.txt"
            clear.write_bytes(b"# mine\n" + identity.reveal() + b"\n")
            command = [program("age"), "-p", *options, "-o", str(path), str(clear)]
            done = pseudo_terminal.run(command, [("Enter passphrase", "open sesame"), ("Confirm", "open sesame")])
            assert done.returncode == 0, (done.stderr, done.screen)
            return str(path), recipient

        return make

    @pytest.mark.parametrize("options", [(), ("-a",)], ids=["binary", "armored"])
    def test_it_opens_with_its_passphrase_for_us_and_for_sops(self, program, closed, sealed, options):
        path, recipient = closed(*options)
        theirs = sealed(recipient)
        environ = {"SOPS_AGE_KEY_FILE": path}
        for command in ([program("sops"), "decrypt", str(theirs)], [*OURS, "decrypt", str(theirs)]):
            done = pseudo_terminal.run(command, [("assphrase for", "open sesame")], env=environ)
            assert (done.returncode, done.stdout) == (0, b"a: hunter2\n"), done.stderr

    def test_it_asks_once_for_a_whole_run(self, closed, sealed, tmp_path: Path):
        path, recipient = closed()
        theirs = sealed(recipient)
        other = tmp_path / "other.yaml"
        other.write_bytes(theirs.read_bytes())
        done = pseudo_terminal.run(
            [*OURS, "decrypt", "--identity", path, "--output-dir", "out", str(theirs.name), "other.yaml"],
            [("assphrase for", "open sesame")],
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert done.screen.count("assphrase for") == 1
        assert (tmp_path / "out" / "other.yaml").read_text() == "a: hunter2\n"

    def test_a_wrong_passphrase_is_named_and_never_shown(self, closed, sealed):
        path, recipient = closed()
        done = pseudo_terminal.run(
            [*OURS, "decrypt", "--identity", path, str(sealed(recipient))], [("assphrase for", "hunter3")]
        )
        assert done.returncode == 3
        assert b"the passphrase is wrong" in done.stderr
        assert b"hunter3" not in done.stderr + done.stdout
        assert "hunter3" not in done.screen

    def test_a_file_that_is_encrypted_for_a_key_is_no_identity_file(self, program, tmp_path: Path, sealed, cli):
        identity, recipient = age.generate()
        closed = tmp_path / "closed.txt"
        closed.write_bytes(run(program("age"), "-r", recipient, stdin=identity.reveal()))
        done = cli("decrypt", str(sealed(recipient)), env={"SOPS_AGE_KEY_FILE": str(closed)})
        assert done.returncode == 3
        assert b"the identity file is encrypted, and not with a passphrase" in done.stderr


class TestPlugin:
    """With age-plugin-batchpass, which takes its passphrase from the environment."""

    @pytest.fixture(autouse=True)
    def _plugin(self, program, monkeypatch: pytest.MonkeyPatch):
        folder = os.path.dirname(program("age-plugin-batchpass"))
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("AGE_PASSPHRASE", "open sesame")
        monkeypatch.setenv("AGE_PASSPHRASE_WORK_FACTOR", "10")

    def test_we_open_what_age_wrapped_by_it(self, program):
        enc = run(program("age"), "-e", "-a", "-j", "batchpass", stdin=DATA_KEY.reveal()).decode()
        identity = age.parse_identity(BATCHPASS, "here")
        assert identity.unwrap(WrappedKey("age", "age1batchpass1", enc)) == DATA_KEY

    def test_age_opens_what_we_wrapped_by_it(self, program):
        from secrets_gitops.keys.age_plugin import PluginRecipient

        sealed = armor.encode(file.encrypt(DATA_KEY.reveal(), [PluginRecipient("batchpass", BATCHPASS)]))
        assert run(program("age"), "-d", "-j", "batchpass", stdin=sealed.encode()) == DATA_KEY.reveal()

    def test_what_it_says_is_the_reason(self, program, monkeypatch: pytest.MonkeyPatch):
        enc = run(program("age"), "-e", "-a", "-j", "batchpass", stdin=DATA_KEY.reveal()).decode()
        monkeypatch.setenv("AGE_PASSPHRASE", "hunter2")
        with pytest.raises(age.KeySourceError, match=r"the age plugin `batchpass` says: .*incorrect passphrase"):
            age.parse_identity(BATCHPASS, "here").unwrap(WrappedKey("age", "", enc))

    def test_an_identity_of_it_in_a_key_file_hides_no_other_one(self, cli, sealed, tmp_path: Path):
        identity, recipient = age.generate()
        (tmp_path / "keys.txt").write_bytes(f"{BATCHPASS}\n".encode() + identity.reveal() + b"\n")
        assert cli("decrypt", "--identity", "keys.txt", str(sealed(recipient))).stdout == b"a: hunter2\n"

    def test_it_takes_no_recipient_and_says_so_when_we_encrypt(self, cli, tmp_path: Path):
        (tmp_path / "clear.yaml").write_text("a: hunter2\n")
        done = cli("encrypt", "-i", "--age", bech32.encode("age1batchpass", b"x"), "clear.yaml")
        assert done.returncode == 3
        assert b"the age plugin `batchpass` says:" in done.stderr
        assert (tmp_path / "clear.yaml").read_text() == "a: hunter2\n"
