"""New files that still wait for their place: without a name while they are written, where the system has such files.

A process that is killed then leaves nothing (Linux, `O_TMPFILE`). Between getting a name and the rename, and all along
where a file must have a name, a killed process leaves a file `.secrets-gitops-….tmp` beside the target. Whoever writes
such a file holds a lock on it, so that one without a lock is known to be left over: the next write in the folder
removes it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import os
import re
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"\.secrets-gitops-[0-9a-f]{16}\.tmp")
_HANDLES = "/proc/self/fd"
_NO_NAMELESS = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS, errno.ENOENT)
_NO_LINK = (errno.EPERM, errno.EACCES, errno.ENOENT, errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


class NoLink(Exception):
    """This system does not give a name to a file that has none; take one that has a name from the start."""


class Unfinished:
    """A new file, for its owner alone, open for reading and writing at `fd`."""

    __slots__ = ("_folder", "_name", "fd")

    def __init__(self, folder: str, *, nameless: bool = True) -> None:
        self._folder = folder
        self.fd, self._name = -1, ""
        if nameless and hasattr(os, "O_TMPFILE") and os.path.isdir(_HANDLES):
            try:
                self.fd = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
            except OSError as error:
                if error.errno not in _NO_NAMELESS:
                    raise
            else:
                _lock(self.fd)
                return
        while True:
            name = self._new_name()
            self.fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._name = name
            _lock(self.fd)
            if os.fstat(self.fd).st_nlink:
                return
            os.close(self.fd)  # somebody took it for a leftover before it was locked

    def _new_name(self) -> str:
        return os.path.join(self._folder, f".secrets-gitops-{os.urandom(8).hex()}.tmp")

    def take_place(self, target: str) -> None:
        """Become the file at `target`. Raises NoLink, and OSError."""
        if not self._name:
            name = self._name = self._new_name()
            folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                # With a folder given Python calls linkat(2), and that alone follows the handle to its file.
                os.link(f"{_HANDLES}/{self.fd}", name, src_dir_fd=folder, follow_symlinks=True)
            except OSError as error:
                if error.errno in _NO_LINK:
                    raise NoLink from error
                raise
            finally:
                os.close(folder)
        os.rename(self._name, target)
        self._name = ""

    def close(self) -> None:
        """Close it, and let it be gone unless it took its place."""
        name, self._name = self._name, ""
        try:
            if name:
                os.unlink(name)
        except FileNotFoundError:
            pass
        finally:
            os.close(self.fd)


def _lock(fd: int) -> None:
    with contextlib.suppress(OSError):  # a file system without locks: then nobody can take this for a leftover either
        fcntl.flock(fd, fcntl.LOCK_EX)


@functools.cache  # once per run: a folder may hold thousands of files that are all written
def sweep(folder: str) -> None:
    """Remove what a killed process left in the folder."""
    with contextlib.suppress(OSError):
        for name in _leftovers(folder):
            with contextlib.suppress(OSError):
                _remove_unless_locked(os.path.join(folder, name))


def _leftovers(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        yield from [entry.name for entry in entries if _NAME.fullmatch(entry.name)]


def _remove_unless_locked(path: str) -> None:
    fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(fd)
        if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
    finally:
        os.close(fd)
