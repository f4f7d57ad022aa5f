"""Three implementations of age side by side: ours, the Go program and the Rust library, on whole and on broken files.

Which files are tried is drawn from a seed, so that every run tries the same; `SECRETS_GITOPS_FUZZ=N` tries N times as
many.
"""

from __future__ import annotations

import base64
import os
import random
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from secrets_gitops.crypto.age import armor, file
from secrets_gitops.crypto.age.scrypt import ScryptIdentity
from secrets_gitops.errors import Error
from secrets_gitops.keys import age, age_sources
from secrets_gitops.keys.recipient import WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.live
SEED = 1
CASES = 150 * int(os.environ.get("SECRETS_GITOPS_FUZZ", "1"))
SIZES = (0, 1, 32, 65_535, 65_536, 65_537, 131_072, 131_073)


class Three(NamedTuple):
    """What each does with the same keys; `open` gives None for what it refuses."""

    seal: dict[str, Callable[[bytes, bool], bytes]]
    open: dict[str, Callable[[bytes], bytes | None]]


@pytest.fixture
def three(program, tmp_path: Path) -> Three:
    pyrage = pytest.importorskip("pyrage", reason="pyrage is not installed")
    go = program("age")
    path, texts, recipients = tmp_path / "keys.txt", [], []
    for _ in range(2):
        identity, recipient = age.generate()
        texts.append(identity.reveal().decode())
        recipients.append(recipient)
    path.write_text("\n".join(texts) + "\n")
    mine = [age.parse_identity(text, "here")._identity for text in texts]
    rust = [pyrage.x25519.Identity.from_str(text) for text in texts]

    def our_seal(data: bytes, armored: bool) -> bytes:
        sealed = file.encrypt(data, [age.parse_recipient(each)._recipient for each in recipients])
        return armor.encode(sealed).encode() if armored else sealed

    def our_open(data: bytes) -> bytes | None:
        try:
            is_text = data.lstrip(b" \t\r\n").startswith(b"-----BEGIN")
            return bytes(file.decrypt(armor.decode(data) if is_text else data, mine))
        except (Error, file.NoMatch):
            return None

    def go_seal(data: bytes, armored: bool) -> bytes:
        names = [word for each in recipients for word in ("-r", each)]
        done = subprocess.run([go, *["-a"] * armored, *names], input=data, capture_output=True, check=True)
        return done.stdout

    def go_open(data: bytes) -> bytes | None:
        done = subprocess.run([go, "-d", "-i", str(path)], input=data, capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def rust_seal(data: bytes, armored: bool) -> bytes:
        sealed = pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(each) for each in recipients], armored=armored)
        return sealed if isinstance(sealed, bytes) else sealed.encode()

    def rust_open(data: bytes) -> bytes | None:
        try:
            return pyrage.decrypt(data, rust)
        except pyrage.DecryptError:
            return None

    return Three(
        {"ours": our_seal, "Go": go_seal, "Rust": rust_seal}, {"ours": our_open, "Go": go_open, "Rust": rust_open}
    )


@pytest.mark.parametrize("armored", [False, True], ids=["binary", "armored"])
@pytest.mark.parametrize("size", SIZES)
def test_what_one_seals_all_three_open(three: Three, size: int, armored: bool):
    data = random.Random(size).randbytes(size)
    for writer, seal in three.seal.items():
        sealed = seal(data, armored)
        for reader, read in three.open.items():
            assert read(sealed) == data, f"{reader} cannot read what {writer} wrote"


def broken(draw: random.Random, data: bytes) -> bytes:
    """A file with one thing wrong, or nothing: lines moved, doubled, changed; bytes changed, added, cut off."""
    lines = data.split(b"\n")
    head = next((at for at, line in enumerate(lines) if line.startswith(b"---")), len(lines) - 1)
    at = draw.randrange(head + 1)
    match draw.randrange(9):
        case 0:
            lines.insert(at, lines[draw.randrange(head + 1)])
        case 1:
            del lines[at]
        case 2:
            lines[at] += draw.choice([b" ", b"\r", b"=", b"A", b"\t", b"\0", b" x"])
        case 3:
            lines[at] = lines[at].replace(draw.choice([b"->", b" ", b"X25519", b"age", b"A"]), draw.choice([b"", b"B"]))
        case 4:
            other = draw.randrange(head + 1)
            lines[at], lines[other] = lines[other], lines[at]
        case 5:
            where = draw.randrange(len(data))
            return data[:where] + bytes([data[where] ^ 1 << draw.randrange(8)]) + data[where + 1 :]
        case 6:
            return data[: draw.randrange(len(data))]
        case 7:
            return data + draw.choice([b"\n", b"\0", b" ", b"x"])
        case _:
            return data
    return b"\n".join(lines)


def again(data: bytes) -> bytes:
    """The same bytes in armor."""
    text = base64.b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join((armor.BEGIN, *lines, armor.END, "")).encode()


def test_all_three_agree_on_what_is_broken(three: Three):
    draw = random.Random(SEED)
    opened = refused = 0
    for number in range(CASES):
        sealed = three.seal["ours"](draw.randbytes(draw.choice([0, 32, 70])), False)
        data = broken(draw, sealed)
        if draw.random() < 0.3:
            data = again(data)
        answers = {reader: read(data) for reader, read in three.open.items()}
        assert len(set(answers.values())) == 1, f"case {number}: {answers} for {data!r}"
        opened += answers["ours"] is not None
        refused += answers["ours"] is None
    assert opened
    assert refused


# What the libraries are known to differ in: the Rust one is more lenient about armor than the format.
def test_we_and_the_go_program_agree_on_broken_armor(three: Three):
    draw = random.Random(SEED)
    for number in range(CASES):
        data = broken(draw, three.seal["ours"](bytes(draw.choice([0, 32, 200])), True))
        answers = {reader: three.open[reader](data) for reader in ("ours", "Go")}
        assert answers["ours"] == answers["Go"], f"case {number}: {answers} for {data!r}"


class TestOtherTypes:
    """What the Rust library has beside X25519."""

    @pytest.fixture
    def pyrage(self):
        return pytest.importorskip("pyrage", reason="pyrage is not installed")

    @pytest.mark.parametrize("kind", ["ed25519", "rsa"])
    def test_ssh_keys_go_both_ways(self, program, pyrage, tmp_path: Path, kind: str):
        path = tmp_path / "id"
        bits = ["-b", "2048"] if kind == "rsa" else []
        subprocess.run([program("ssh-keygen"), "-q", "-t", kind, *bits, "-N", "", "-f", str(path)], check=True)
        line = path.with_suffix(".pub").read_text()
        [mine] = age_sources.read_identity_file(str(path), ssh=True)
        theirs = pyrage.ssh.Identity.from_buffer(path.read_bytes())
        data = b"a data key"
        sealed = age.parse_recipient(line).wrap(Plaintext(data))
        assert pyrage.decrypt(sealed.encode(), [theirs]) == data
        enc = pyrage.encrypt(data, [pyrage.ssh.Recipient.from_str(line.strip())], armored=True).decode()
        assert mine.unwrap(WrappedKey("age", line, enc)) == Plaintext(data)

    def test_a_passphrase_of_theirs_opens_for_us(self, pyrage):
        sealed = pyrage.passphrase.encrypt(b"a data key", "open sesame")
        assert file.decrypt(sealed, [ScryptIdentity(lambda: Plaintext("open sesame"))]) == b"a data key"
        with pytest.raises(file.NoMatch):
            file.decrypt(sealed, [ScryptIdentity(lambda: Plaintext("hunter2"))])
