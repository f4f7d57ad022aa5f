"""What a run over many files has done: an interrupted one goes on where it stopped.

Kept in git's own folder, else in the user's state folder; it holds names and hashes of encrypted files, no secrets. A
run that went through removes it.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from secrets_gitops.errors import Error
from secrets_gitops.repository import files, git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Journal:
    """The files that runs with the same purpose have done so far."""

    def __init__(self, purpose: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
        """`purpose` tells runs apart: the command and what it was asked."""
        name = hashlib.sha256("\0".join((os.path.realpath(os.getcwd()), *purpose)).encode()).hexdigest()[:20]
        self._path = os.path.join(_folder(environ), f"{purpose[0]}-{name}")
        self._done: dict[str, str] = {}
        with suppress(Error):
            for line in files.read(self._path, 64 << 20).decode("utf-8", "surrogateescape").splitlines():
                digest, _, path = line.partition(" ")
                self._done[path] = digest

    def has(self, path: str) -> bool:
        """Was the file done, and is it as it was left?"""
        return path in self._done and self._done[path] == _digest(files.read(path))

    def record(self, path: str, data: bytes) -> None:
        """The file was written with this content."""
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        line = f"{_digest(data)} {path}\n".encode("utf-8", "surrogateescape")
        with open(self._path, "ab", buffering=0) as log:
            log.write(line)

    def close(self) -> None:
        """All files are done."""
        with suppress(FileNotFoundError):
            os.unlink(self._path)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _folder(environ: Mapping[str, str]) -> str:
    here = os.getcwd()
    if git.root_of(here) is not None:
        path = os.fsdecode(git.run(("rev-parse", "--git-path", "secrets-gitops"), here)).rstrip("\n")
        return os.path.join(here, path)
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "secrets-gitops")
