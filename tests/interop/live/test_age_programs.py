"""Our age files and keys against the real age, age-keygen and sops, and against the Rust implementation."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from secrets_gitops.crypto.age import armor, file
from secrets_gitops.crypto.age.x25519 import X25519Identity, X25519Recipient
from secrets_gitops.keys import age, age_file, age_sources
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import WrappedKey
from secrets_gitops.plaintext import Plaintext

pytestmark = pytest.mark.live
DATA_KEY = Plaintext(os.urandom(32))
BOTH = pytest.mark.parametrize("post_quantum", [False, True], ids=["X25519", "post-quantum"])


def run(*arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> bytes:
    done = subprocess.run(arguments, input=stdin, capture_output=True, env={**os.environ, **(env or {})}, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def ours(tmp_path: Path):
    """A maker: an identity file that we wrote, and its recipient."""

    def make(post_quantum: bool) -> tuple[str, str]:
        from datetime import UTC, datetime

        identity, recipient = age.generate(post_quantum=post_quantum)
        path = str(tmp_path / "ours.txt")
        age_file.write_new(path, age_file.identity_file(identity, recipient, datetime.now(UTC)))
        return path, recipient

    return make


@pytest.fixture
def theirs(program, tmp_path: Path):
    """A maker: an identity file that age-keygen wrote, and its recipient."""

    def make(post_quantum: bool) -> tuple[str, str]:
        path = str(tmp_path / "theirs.txt")
        run(program("age-keygen"), *(["-pq"] if post_quantum else []), "-o", path)
        return path, run(program("age-keygen"), "-y", path).decode().strip()

    return make


@BOTH
def test_age_keygen_reads_our_key_file_and_agrees_on_the_recipient(program, ours, post_quantum: bool):
    path, recipient = ours(post_quantum)
    assert run(program("age-keygen"), "-y", path).decode().strip() == recipient


@BOTH
def test_we_read_a_key_file_of_age_keygen_and_agree_on_the_recipient(theirs, post_quantum: bool):
    path, recipient = theirs(post_quantum)
    assert [each.recipient for each in age_sources.read_identity_file(path)] == [recipient]


@BOTH
def test_age_opens_what_we_wrapped(program, ours, post_quantum: bool):
    path, recipient = ours(post_quantum)
    enc = age.parse_recipient(recipient).wrap(DATA_KEY)
    assert run(program("age"), "-d", "-i", path, stdin=enc.encode()) == DATA_KEY.reveal()


@BOTH
@pytest.mark.parametrize("change", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_we_open_what_age_wrapped(program, theirs, post_quantum: bool, change: str):
    path, recipient = theirs(post_quantum)
    enc = run(program("age"), "-a", "-r", recipient, stdin=DATA_KEY.reveal()).decode().replace("\n", change)
    keyring = Keyring.local([path], {})
    assert keyring.unwrap([WrappedKey("age", recipient, enc)], "s.yaml") == DATA_KEY


def test_a_file_of_several_chunks_and_recipients_goes_both_ways(program, theirs):
    path, recipient = theirs(post_quantum=False)
    secret = next(line for line in Path(path).read_text().split("\n") if line.startswith("AGE-"))
    identity = X25519Identity(age.bech32.decode(secret)[1])
    data = os.urandom(200_000)
    other = X25519Identity(os.urandom(32))
    sealed = file.encrypt(data, [X25519Recipient(other.public), X25519Recipient(identity.public)])
    assert run(program("age"), "-d", "-i", path, stdin=sealed) == data
    assert run(program("age"), "-d", "-i", path, stdin=armor.encode(sealed).encode()) == data
    assert file.decrypt(run(program("age"), "-r", recipient, stdin=data), [identity]) == data


@BOTH
def test_sops_opens_a_file_whose_key_entry_we_wrote_anew(program, ours, theirs, tmp_path: Path, post_quantum: bool):
    their_path, their_recipient = theirs(post_quantum=False)
    path, recipient = ours(post_quantum)
    clear = tmp_path / "clear.yaml"
    clear.write_text("a: hunter2\n")
    text = run(program("sops"), "encrypt", "--age", their_recipient, str(clear)).decode()
    head, _, rest = text.partition("        - enc: |\n")
    block, _, tail = rest.partition("          recipient: ")
    enc = "".join(line.strip() + "\n" for line in block.splitlines())
    data_key = Keyring.local([their_path], {}).unwrap([WrappedKey("age", their_recipient, enc)], "clear.yaml")
    assert len(data_key) == 32
    rewrapped = age.parse_recipient(recipient).wrap(data_key)
    new_block = "".join(f"            {line}\n" for line in rewrapped.splitlines())
    sealed = tmp_path / "sealed.yaml"
    changed = f"{head}        - enc: |\n{new_block}          recipient: {tail.replace(their_recipient, recipient)}"
    sealed.write_text(changed)
    assert run(program("sops"), "decrypt", str(sealed), env={"SOPS_AGE_KEY_FILE": path}) == b"a: hunter2\n"


def test_the_key_file_that_we_make_is_found_by_sops_without_being_named(program, cli, tmp_path: Path):
    made = cli("keys", "generate")
    recipient = made.stderr.decode().split("public key: ")[1].strip()
    clear = tmp_path / "clear.yaml"
    clear.write_text("a: hunter2\n")
    sealed = tmp_path / "sealed.yaml"
    sealed.write_bytes(run(program("sops"), "encrypt", "--age", recipient, str(clear)))
    assert run(program("sops"), "decrypt", str(sealed)) == b"a: hunter2\n"


# The same rule on both sides: what sops refuses as an identity file, and what it takes.
FILES = {
    "plain": "{0}\n",
    "no line end": "{0}",
    "CRLF and comments": "# x\r\n\r\n{0}\r\n",
    "blank after": "{0} \n",
    "blank before": " {0}\n",
    "two on a line": "{0} {0}\n",
    "another word": "{0}\nfoo\n",
    "byte order mark": "\ufeff{0}\n",
    "only comments": "# none\n",
    "an SSH key": "-----BEGIN OPENSSH PRIVATE " + "KEY-----\nAAAA\n",
}
VARIABLES = {"plain": "{0}", "two on a line": " {0}\t{0} ", "comma": "{0},{0}", "comment after": "{0} # mine"}


@pytest.mark.parametrize(
    ("variable", "text"),
    [("SOPS_AGE_KEY_FILE", text) for text in FILES.values()] + [("SOPS_AGE_KEY", text) for text in VARIABLES.values()],
    ids=[f"file: {name}" for name in FILES] + [f"variable: {name}" for name in VARIABLES],
)
def test_sops_and_we_agree_on_which_sources_can_be_used(program, theirs, tmp_path: Path, variable: str, text: str):
    path, recipient = theirs(post_quantum=False)
    secret = next(line for line in Path(path).read_text().split("\n") if line.startswith("AGE-"))
    clear, sealed, source = tmp_path / "clear.yaml", tmp_path / "sealed.yaml", tmp_path / "source.txt"
    clear.write_text("a: hunter2\n")
    sealed.write_bytes(run(program("sops"), "encrypt", "--age", recipient, str(clear)))
    source.write_bytes(text.format(secret).encode())
    environ = {variable: str(source) if variable.endswith("FILE") else text.format(secret)}
    done = subprocess.run(
        [program("sops"), "decrypt", str(sealed)], env={**os.environ, **environ}, capture_output=True, check=False
    )
    assert bool(age_sources.discover(environ=environ).identities) == (done.returncode == 0)


def test_the_rust_implementation_and_we_open_each_other():
    pyrage = pytest.importorskip("pyrage", reason="pyrage is not installed")
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    wrapped = age.parse_recipient(recipient).wrap(DATA_KEY)
    assert pyrage.decrypt(wrapped.encode(), [identity]) == DATA_KEY.reveal()
    enc = pyrage.encrypt(DATA_KEY.reveal(), [identity.to_public()], armored=True).decode()
    ours = age.parse_identity(str(identity), "here")
    assert ours.unwrap(WrappedKey("age", recipient, enc)) == DATA_KEY
