"""A secret of this clone, made when it is first asked for: it keys the fingerprints in diffs.

Random, so that nobody who is shown a diff can find a short value by trying; kept, so that two versions can be compared,
also when the data key of a file changes between them. It lies in git's own folder and is never committed.
"""

from __future__ import annotations

import contextlib
import os

from secrets_gitops.errors import FileError
from secrets_gitops.repository import git

NAME = "secrets-gitops-fingerprints"
_SIZE = 32


def clone_key(folder: str) -> bytes | None:
    """The key for the clone that `folder` is in; None where there is no clone, or none can be kept in it."""
    try:
        path = os.path.join(git.common_folder(folder), NAME)
        return _read(path) or _made(path)
    except (FileError, OSError):
        return None


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            data = file.read(_SIZE + 1)
    except FileNotFoundError:
        return None
    return data if len(data) == _SIZE else None


def _made(path: str) -> bytes | None:
    """A new key, unless somebody else makes one at the same time: then theirs."""
    temporary = f"{path}.{os.getpid()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(fd, "wb") as file:
            file.write(os.urandom(_SIZE))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
    return _read(path)
