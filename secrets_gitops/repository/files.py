"""Files of the disk, read within bounds and replaced as a whole or not at all."""

from __future__ import annotations

import errno
import os
import stat

from secrets_gitops.errors import FileError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.repository.unfinished import Unfinished

_SYNCING = 16
"""Files whose content is on its way to the disk at a time: the file system confirms them together."""
_HINTS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the limit on the size of files is reached",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "look at the permissions of the file and its folder",
    errno.EPERM: "run as the file's owner, or write to another file",
}


def read(path: str, limit: int | None = None) -> bytes:
    """The content of the file that a user named; it may be a pipe. Raises FileError, also above `limit` bytes."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _read_all(fd, path, limit)
        finally:
            os.close(fd)
    except OSError as error:
        raise _translated(error, "read", path) from error


def _read_all(fd: int, path: str, limit: int | None) -> bytes:
    parts, size = [], 0
    while data := os.read(fd, 1 << 20):
        parts.append(data)
        size += len(data)
        if limit is not None and size > limit:
            raise FileError(f"larger than {limit} bytes", place=Place(path))
    return b"".join(parts)


def replace(path: str, data: bytes, *, check: Callable[[bytes], None] | None = None, mode: int | None = None) -> None:
    """Give the file at `path` the content `data`: on any failure, and when interrupted, it is as it was before.

    The new content is written beside the file, read back, compared, synced, shown to `check` (which may raise) and only
    then renamed over the file. Mode, owner and access list are kept; a new file gets `mode`, or 0600. A symbolic
    link stays, and the file it leads to is replaced. Other hard links keep the old content. What may lie there for a
    moment, and what becomes of it when the process is killed, says `unfinished`. Raises FileError.
    """
    from secrets_gitops.repository import unfinished  # noqa: PLC0415  most runs, and the hook, only read

    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    unfinished.sweep(folder)
    try:
        try:
            _replace(path, target, data, check, mode, nameless=True)
        except unfinished.NoLink:
            _replace(path, target, data, None, mode, nameless=False)
    except OSError as error:
        raise _translated(error, "write", path) from error
    _confirm(folder, path)


class Together:
    """As `replace` for several files, in a tenth of the time: the disk has all of them whole before the first takes its
    place.

    A few dozen at a time, since they stay open.
    """

    def __init__(self, contents: Sequence[tuple[str, bytes]]) -> None:
        """Write all of `contents`, paths and what they shall hold. Raises FileError; then no file was changed."""
        from secrets_gitops.repository import unfinished  # noqa: PLC0415

        self._folders: dict[str, str] = {}
        self._waiting: list[tuple[str, str, bytes, Unfinished]] = []
        try:
            for path, data in contents:
                target = os.path.realpath(path)
                unfinished.sweep(os.path.dirname(target))
                self._waiting.append((path, target, data, _unfinished(path, target, data)))
            _sync([(path, new.fd) for path, _, _, new in self._waiting])
        except BaseException:
            self.close()
            raise

    def place(self) -> None:
        """Put the next file in its place. Raises FileError."""
        from secrets_gitops.repository import unfinished  # noqa: PLC0415

        path, target, data, new = self._waiting.pop(0)
        try:
            new.take_place(target)
            self._folders[os.path.dirname(target)] = path
        except unfinished.NoLink:
            replace(path, data)
        except OSError as error:
            raise _translated(error, "write", path) from error
        finally:
            new.close()

    def close(self) -> None:
        """Drop what was not put in its place, and let the disk confirm the rest. Raises FileError."""
        for *_, new in self._waiting:
            new.close()
        self._waiting.clear()
        folders, self._folders = self._folders, {}
        for folder, path in folders.items():
            _confirm(folder, path)


def _unfinished(path: str, target: str, data: bytes) -> Unfinished:
    from secrets_gitops.repository.unfinished import Unfinished  # noqa: PLC0415

    try:
        old = _old(target, path)
        new = Unfinished(os.path.dirname(target))
        try:
            _write(new.fd, data, path)
            _dress(new.fd, target, old, None)
        except BaseException:
            new.close()
            raise
    except OSError as error:
        raise _translated(error, "write", path) from error
    return new


def _sync(opened: Sequence[tuple[str, int]]) -> None:
    """Wait until the disk has all of these files."""
    from threading import Thread  # noqa: PLC0415  most runs write one file or none

    errors: list[tuple[str, OSError]] = []
    rest = iter(opened)

    def work() -> None:
        for path, fd in rest:
            try:
                os.fsync(fd)
            except OSError as error:
                errors.append((path, error))

    threads = [Thread(target=work) for _ in range(min(_SYNCING, len(opened)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for path, error in errors:
        raise _translated(error, "write", path) from error


def _confirm(folder: str, path: str) -> None:
    try:
        _sync_folder(folder)
    except OSError as error:
        wrong = _translated(error, "write", path)
        wrong.message = wrong.message.replace("cannot write", "written, but the disk does not confirm it")
        raise wrong from error


def _replace(
    path: str, target: str, data: bytes, check: Callable[[bytes], None] | None, mode: int | None, *, nameless: bool
) -> None:
    from secrets_gitops.repository.unfinished import Unfinished  # noqa: PLC0415

    old = _old(target, path)
    new = Unfinished(os.path.dirname(target), nameless=nameless)
    try:
        _write(new.fd, data, path)
        _dress(new.fd, target, old, mode)
        os.fsync(new.fd)
        if check is not None:
            check(data)
        new.take_place(target)
    finally:
        new.close()


def _old(target: str, path: str) -> os.stat_result | None:
    try:
        old = os.lstat(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(old.st_mode):
        raise FileError("not a regular file, so it is not replaced", place=Place(path))
    return old


def _write(fd: int, data: bytes, path: str) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    if _read_all(fd, path, None) != data:
        raise FileError("the disk gives back something else than was written", place=Place(path))


def _dress(fd: int, target: str, old: os.stat_result | None, mode: int | None) -> None:
    """Give the new file what the old one had: the owner first, who must not see it under the old one's rights."""
    if old is None:
        if mode is not None:
            os.fchmod(fd, mode)
        return
    new = os.fstat(fd)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        os.fchown(fd, old.st_uid, old.st_gid)
    os.fchmod(fd, stat.S_IMODE(old.st_mode))
    if hasattr(os, "listxattr"):
        _keep_attributes(fd, target)


def _keep_attributes(fd: int, target: str) -> None:
    """Copy extended attributes; only the access list must not be lost, since without it the group bits mean more."""
    try:
        names = os.listxattr(target)
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):
            return
        raise
    for name in names:
        try:
            os.setxattr(fd, name, os.getxattr(target, name))
        except OSError:
            if name == "system.posix_acl_access":
                raise


def _sync_folder(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot sync a folder
            raise
    finally:
        os.close(fd)


def _translated(error: OSError, verb: str, path: str) -> FileError:
    reason = os.strerror(error.errno or 0)
    hint = _HINTS.get(error.errno or 0)
    return FileError(
        f"cannot {verb}: {reason[:1].lower()}{reason[1:]}", hints=(hint,) if hint else (), place=Place(path)
    )
