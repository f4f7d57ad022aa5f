"""Plaintext lies in memory only."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.encrypted_files import private_folder
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch):
    """A maker: say what kind of file system the test's folder is on."""

    def make(kind: str) -> Path:
        table = tmp_path / "mounts"
        table.write_text(f"root / ext4 rw 0 0\nx {str(tmp_path).replace(' ', chr(92) + '040')} {kind} rw 0 0\n")
        monkeypatch.setattr(private_folder, "_MOUNTS", str(table))
        monkeypatch.setattr(private_folder, "in_memory", lambda folder, _=None: in_memory(folder, str(table)))
        return tmp_path

    in_memory = private_folder.in_memory
    return make


def test_a_folder_for_its_owner_alone_gone_afterwards(mounts):
    root = mounts("tmpfs")
    with private_folder.private_folder({"XDG_RUNTIME_DIR": str(root)}, allow_disk=False) as folder:
        path = private_folder.write_private(folder, "secret.yaml", b"a: x\n")
        assert os.path.dirname(os.path.dirname(path)) == str(root)
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert not os.path.exists(folder)


def test_gone_also_when_something_goes_wrong(mounts):
    root = mounts("tmpfs")
    with (
        pytest.raises(KeyboardInterrupt),
        private_folder.private_folder({"XDG_RUNTIME_DIR": str(root)}, allow_disk=False) as folder,
    ):
        private_folder.write_private(folder, "secret.yaml", b"a: x\n")
        (root / folder / "secret.yaml~").write_text("a copy of the editor")
        raise KeyboardInterrupt
    assert not os.path.exists(folder)


def test_a_disk_is_refused_unless_it_is_allowed(mounts, monkeypatch):
    root = mounts("ext4")
    monkeypatch.setattr(private_folder, "_memory_folder", lambda environ: None)
    with (
        pytest.raises(SettingsError, match="no memory file system") as caught,
        private_folder.private_folder({}, allow_disk=False),
    ):
        pass
    assert any("--allow-disk" in hint for hint in caught.value.hints)
    with private_folder.private_folder({"XDG_RUNTIME_DIR": str(root)}, allow_disk=True) as folder:
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


@pytest.mark.parametrize(("kind", "memory"), [("tmpfs", True), ("ramfs", True), ("ext4", False), ("overlay", False)])
def test_the_kind_of_the_innermost_mount_decides(tmp_path: Path, kind: str, memory: bool):
    table = tmp_path / "mounts"
    table.write_text(f"root / tmpfs rw 0 0\nx {tmp_path} {kind} rw 0 0\ny {tmp_path}/other tmpfs rw 0 0\n")
    (tmp_path / "deep").mkdir()
    assert private_folder.in_memory(str(tmp_path / "deep"), str(table)) is memory


def test_without_a_table_of_mounts_nothing_is_taken_for_memory(tmp_path: Path):
    assert not private_folder.in_memory(str(tmp_path), str(tmp_path / "none"))


def test_gone_also_when_the_process_is_killed(tmp_path):
    code = (
        "import os, signal\nfrom secrets_gitops.encrypted_files.private_folder import private_folder, write_private\n"
        "with private_folder(os.environ, allow_disk=True) as folder:\n"
        "    write_private(folder, 'secret.yaml', b'a: x')\n"
        "    print(folder, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    folder = done.stdout.strip()
    assert done.returncode == -signal.SIGKILL
    assert os.path.basename(folder).startswith("secrets-gitops-")
    end = time.monotonic() + 30
    while os.path.exists(folder) and time.monotonic() < end:
        os.sched_yield()
    assert not os.path.exists(folder)
