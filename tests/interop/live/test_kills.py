"""Every command that writes, with each of its system calls refused or its process killed there (strace).

Whatever happens, the file is the old one or the new one, whole; no plaintext lies where ciphertext lay; nothing else is
left in the folder, in memory or among temporary files. One thing can stay after a kill that hits the moment between a
new file's getting its name and the rename: `.secrets-gitops-….tmp`, with what was to be written. The next command that
writes in the folder removes it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from secrets_gitops.encrypted_files.decrypt import decrypt, read_sealed
from secrets_gitops.envelopes.sops import metadata
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

WRITING = ("write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "openat", "fchmod",
           "ftruncate", "link", "linkat", "unlink", "unlinkat", "mkdir")  # fmt: skip
"""The calls that are looked at; of those that open, those alone that open something of ours."""
ERRORS = ("ENOSPC", "EIO", "EACCES")
LEFT = re.compile(r"\.secrets-gitops-[0-9a-f]{16}\.tmp")
PLAIN = "user: battery\npassword: staple  # horse\n"
NEW = "user: battery\npassword: changed  # horse\n"
LESS = "user: battery\n"
MARKS = (b"battery", b"staple", b"changed", b"horse")


class Command(NamedTuple):
    """One command, and what may stand in its file afterwards beside what stood there."""

    arguments: tuple[str, ...]
    wanted: str
    """The plaintext of the new file."""
    before: str = "sealed"
    after: str = "sealed"
    """Whether the file is encrypted: `sealed`, `plain`, or `absent`."""
    stdin: bytes = b""


COMMANDS = {
    "encrypt": Command(("encrypt", "-i", "f.yaml"), PLAIN, before="plain"),
    "encrypt-output": Command(("encrypt", "-o", "f.yaml", "plain.yaml"), PLAIN, before="absent"),
    "decrypt": Command(("decrypt", "-i", "f.yaml"), PLAIN, after="plain"),
    "set": Command(("set", "f.yaml", "password"), NEW, stdin=b"changed"),
    "unset": Command(("unset", "f.yaml", "password"), LESS),
    "edit": Command(("edit", "f.yaml"), NEW),
    "edit-new": Command(("edit", "f.yaml"), "password: changed\n", before="absent"),
    "updatekeys": Command(("updatekeys", "-y", "f.yaml"), PLAIN),
    "rotate": Command(("rotate", "f.yaml"), PLAIN),
    "merge": Command(("git", "merge", "base.yaml", "f.yaml", "theirs.yaml", "7", "f.yaml"), NEW),
    "sops-encrypt": Command(("sops", "encrypt", "-i", "f.yaml"), PLAIN, before="plain"),
    "sops-e": Command(("sops", "-e", "-i", "f.yaml"), PLAIN, before="plain"),
    "sops-decrypt": Command(("sops", "decrypt", "-i", "f.yaml"), PLAIN, after="plain"),
    "sops-set": Command(("sops", "set", "f.yaml", '["password"]', '"changed"'), NEW),
    "sops-unset": Command(("sops", "unset", "f.yaml", '["password"]'), LESS),
    "sops-edit": Command(("sops", "edit", "f.yaml"), NEW),
    "sops-rotate": Command(("sops", "rotate", "-i", "f.yaml"), PLAIN),
    "sops-updatekeys": Command(("sops", "updatekeys", "-y", "f.yaml"), PLAIN),
}


@pytest.fixture(scope="module")
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed")
    if subprocess.run([found, "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not look at processes here")
    return found


@pytest.fixture
def place(tmp_path: Path):
    """A maker of fresh folders, and a way to run our commands in one, under strace."""
    memory = tempfile.mkdtemp(prefix="kills-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    yield Place(tmp_path, Path(memory))
    shutil.rmtree(memory, ignore_errors=True)


class Place:
    def __init__(self, root: Path, memory: Path) -> None:
        self.template, self.work, self.log = root / "template", root / "work", root / "log"
        self.temporary, self.memory = root / "temporary", memory
        self.template.mkdir()
        self.temporary.mkdir()
        identity, recipient = age.generate()
        _, second = age.generate()
        (root / "key.txt").write_bytes(identity.reveal() + b"\n")
        editor = root / "editor"
        editor.write_text(
            '#!/bin/sh\nif [ -s "$1" ]; then sed -i s/staple/changed/ "$1"; else echo "password: changed" > "$1"; fi\n'
        )
        editor.chmod(0o755)
        self.keyring = Keyring.local([str(root / "key.txt")], {})
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COV")},
            "SOPS_AGE_KEY_FILE": str(root / "key.txt"), "XDG_RUNTIME_DIR": str(memory), "TMPDIR": str(self.temporary),
            "EDITOR": str(editor), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
        }  # fmt: skip
        rules = self.template / ".sops.yaml"
        rules.write_text(f"creation_rules: [{{age: {recipient}}}]\n")
        (self.template / "plain.yaml").write_text(PLAIN)
        self.work = self.template
        self.sealed = self.done("encrypt", "plain.yaml")
        rules.write_text(f'creation_rules: [{{age: "{recipient},{second}"}}]\n')
        (self.template / "f.yaml").write_bytes(self.sealed)
        self.done("set", "f.yaml", "password", stdin=b"changed")
        self.theirs = (self.template / "f.yaml").read_bytes()
        self.work = root / "work"

    def done(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "secrets_gitops", *arguments],
            cwd=self.work, env=self.environ, input=stdin, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def fresh(self, command: Command) -> None:
        """The work folder as it is before the command."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.template, self.work)
        file = self.work / "f.yaml"
        if command.before == "absent":
            file.unlink()
        else:
            file.write_bytes(PLAIN.encode() if command.before == "plain" else self.sealed)
        if command.before != "absent" or "plain.yaml" not in command.arguments:
            (self.work / "plain.yaml").unlink()
        if "merge" in command.arguments:
            (self.work / "base.yaml").write_bytes(self.sealed)
            (self.work / "theirs.yaml").write_bytes(self.theirs)
        self.names = sorted(os.listdir(self.work))
        self.old = file.read_bytes() if file.exists() else None

    def run(self, strace: str, command: Command, *options: str) -> subprocess.CompletedProcess[bytes]:
        calls = f"trace={','.join('?' + name for name in WRITING)}"
        return subprocess.run(
            [strace, "-o", self.log, "-s", "200", "-e", calls, *options,
             sys.executable, "-P", "-m", "secrets_gitops", *command.arguments],
            cwd=self.work, env=self.environ, input=command.stdin, capture_output=True, check=False, timeout=60,
        )  # fmt: skip

    def refused(self, command: Command, *before: str) -> subprocess.CompletedProcess[bytes]:
        if shutil.which(before[0]) is None:
            pytest.skip(f"{before[0]} is not installed")
        return subprocess.run(
            [*before, sys.executable, "-P", "-m", "secrets_gitops", *command.arguments],
            cwd=self.work, env=self.environ, input=command.stdin, capture_output=True, check=False, timeout=60,
        )  # fmt: skip

    def calls(self) -> list[tuple[str, int, str]]:
        """The calls that matter in the log: name, number among those of its name, and line."""
        counts: dict[str, int] = {}
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            name, parenthesis, rest = line.partition("(")
            if not parenthesis or name not in WRITING:
                continue
            counts[name] = counts.get(name, 0) + 1
            ours = any(str(folder) in rest for folder in (self.work, self.memory, self.temporary))
            if name == "openat" and not ours:  # Python's imports
                continue
            found.append((name, counts[name], line))
        return found

    def plain_of(self, content: bytes) -> str:
        document = read_sealed(content, "f.yaml")
        if metadata.find(document) is None:
            return content.decode()
        return decrypt(document, self.keyring).content().decode()

    def check(self, command: Command, what: str, *, killed: bool) -> bool:
        """All that must hold afterwards. Whether the file is the new one."""
        file = self.work / "f.yaml"
        content = file.read_bytes() if file.exists() else None
        new = content != self.old
        if new:
            assert content is not None, what
            assert self.plain_of(content) == command.wanted, what
            assert (b"ENC[" in content) == (command.after == "sealed"), what
        left = sorted(set(os.listdir(self.work)) - set(self.names) - {"f.yaml"})
        assert not set(self.names) - set(os.listdir(self.work)) - {"f.yaml"}, what
        if left:
            assert killed, (what, left)
            assert all(LEFT.fullmatch(name) for name in left), (what, left)
            for name in left:
                data = (self.work / name).read_bytes()
                assert self.plain_of(data) == command.wanted, what
                assert command.after == "plain" or not any(mark in data for mark in MARKS), what
            self.done("encrypt", "-o", "next.yaml", ".sops.yaml")
            assert not [name for name in os.listdir(self.work) if LEFT.fullmatch(name)], what
        end = time.monotonic() + 10
        while os.listdir(self.memory) and time.monotonic() < end:
            os.sched_yield()
        for folder in (self.memory, self.temporary):
            for path in folder.rglob("*"):  # a folder that was killed at its birth is empty
                assert path.is_dir(), (what, path)
                path.rmdir()
        return new


@pytest.mark.parametrize("name", COMMANDS)
def test_a_call_that_is_refused(strace: str, place: Place, name: str) -> None:
    command = COMMANDS[name]
    place.fresh(command)
    done = place.run(strace, command)
    assert done.returncode == 0, done.stderr.decode()
    assert place.check(command, "nothing refused", killed=False)
    calls = place.calls()
    assert {"rename", "fsync", "openat", "write"} <= {call for call, _, _ in calls}
    for at, (call, number, line) in enumerate(calls):
        refusal = ERRORS[at % len(ERRORS)]
        place.fresh(command)
        done = place.run(strace, command, "-e", f"inject={call}:error={refusal}:when={number}")
        said = done.stderr.decode(errors="replace")
        what = f"{name}: {refusal} for {line}: {done.returncode} {said}"
        new = place.check(command, what, killed=False)
        talk = line.startswith(("write(1,", "write(2,"))
        assert done.returncode in {0, 1, 2, 3, 4, 21, 23, 25, 128, 129, 201}, what
        assert "bug" not in said, what
        assert done.returncode or new, what
        if done.returncode and not talk:
            assert "error: " in said, what
            assert not any(mark.decode() in said for mark in MARKS), what


@pytest.mark.parametrize("name", COMMANDS)
def test_a_process_that_is_killed(strace: str, place: Place, name: str) -> None:
    command = COMMANDS[name]
    place.fresh(command)
    assert place.run(strace, command).returncode == 0
    for call, number, line in place.calls():
        place.fresh(command)
        done = place.run(strace, command, "-e", f"inject={call}:signal=KILL:when={number}")
        what = f"{name}: killed in {line}"
        assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, what
        place.check(command, what, killed=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk(place: Place, name: str) -> None:
    """No file may grow: the limit on the size of files says the same of every disk."""
    command = COMMANDS[name]
    place.fresh(command)
    done = place.refused(command, "prlimit", "--fsize=0")
    assert not place.check(command, name, killed=False)
    assert done.returncode in {1, 3, 129} | ({4} if name.startswith("sops") else set()), done.stderr
    assert b"error: " in done.stderr
    assert b"hint: " in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_may_not_be_written(place: Place, name: str) -> None:
    command = COMMANDS[name]
    place.fresh(command)
    powerless = ("setpriv", "--bounding-set=-all") if os.geteuid() == 0 else ("env",)
    place.work.chmod(0o555)
    done = place.refused(command, *powerless)
    place.work.chmod(0o755)
    assert not place.check(command, name, killed=False)
    assert done.returncode in {3, 129}, done.stderr
    assert b"error: cannot write: permission denied" in done.stderr
    assert b"hint: look at the permissions" in done.stderr
