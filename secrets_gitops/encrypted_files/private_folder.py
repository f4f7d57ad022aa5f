"""A folder for plaintext that must not reach a disk: on a memory file system, for its owner alone, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MEMORY = ("tmpfs", "ramfs")
_MOUNTS = "/proc/self/mounts"


@contextmanager
def private_folder(environ: Mapping[str, str], *, allow_disk: bool) -> Iterator[str]:
    """A new folder with mode 0700, removed with all that is in it on every way out, also when this process is killed.

    Raises SettingsError when no memory file system is there and `allow_disk` is False.
    """
    parent = _memory_folder(environ)
    if parent is None:
        if not allow_disk:
            raise SettingsError(
                "there is no memory file system to keep the plaintext off the disk",
                hints=("point XDG_RUNTIME_DIR to a tmpfs", "or accept a temporary file on disk: `--allow-disk`"),
            )
        parent = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="secrets-gitops-", dir=parent)
    guard = None
    try:
        guard = _guard(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if guard is not None:
            guard.communicate()


def _guard(folder: str) -> subprocess.Popen[bytes] | None:
    """A small shell that removes the folder when we are gone: nobody can catch SIGKILL, but a pipe ends with it."""
    try:
        return subprocess.Popen(
            ["/bin/sh", "-c", 'trap "" HUP INT QUIT TERM; read -r _; rm -rf -- "$0"', folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath},
            start_new_session=True,  # Ctrl-C is not for it
        )
    except OSError:
        return None


def _memory_folder(environ: Mapping[str, str]) -> str | None:
    for candidate in (environ.get("XDG_RUNTIME_DIR"), "/dev/shm"):  # noqa: S108  mkdtemp makes a private folder in it
        if candidate and os.path.isdir(candidate) and os.access(candidate, os.W_OK | os.X_OK) and in_memory(candidate):
            return candidate
    return None


def in_memory(folder: str, mounts: str = _MOUNTS) -> bool:
    """Does the folder lie on a file system that lives in memory?"""
    path = os.path.realpath(folder)
    kind, longest = "", -1
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                _, point, found, *_ = line.split(" ", 3)
                point = point.replace("\\040", " ")
                if len(point) >= longest and (path == point or path.startswith(point.rstrip("/") + "/")):
                    kind, longest = found, len(point)
    except OSError:  # no Linux
        return False
    return kind in _MEMORY


def write_private(folder: str, name: str, data: bytes) -> str:
    """A new file in the folder with mode 0600; its path."""
    path = os.path.join(folder, name)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
    return path
