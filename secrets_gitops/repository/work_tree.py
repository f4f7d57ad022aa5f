"""WorkTree: the snapshot of what lies on disk."""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from secrets_gitops.errors import FileError, Place, ScanIncomplete, TooLarge
from secrets_gitops.repository import git
from secrets_gitops.repository.snapshot import EXECUTABLE, FILE, LINK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


_FOLDERS = 1_000
"""Folders whose names are remembered."""


class WorkTree:
    """The files on disk below `root`: those that git tracks, and new ones that it does not ignore; all without git."""

    __slots__ = ("_inside", "_last", "_names", "_real", "root")

    def __init__(self, root: str) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._inside: dict[str, bool] = {"": True}
        self._last = "", 0
        """Path and mode of the last answer: a file is listed, looked at and read in a row."""
        self._names: dict[str, frozenset[str] | None] = {}
        """What stands in the folders that were asked last; None for one that cannot be listed."""

    def read(self, path: str, limit: int | None = None) -> bytes:
        """The content of a file. Raises FileError when it is none or unreadable, TooLarge above `limit` bytes."""
        mode = self.mode(path)
        place = os.path.join(self.root, path)
        try:
            if mode == LINK:
                return os.fsencode(os.readlink(place))
            if not mode:
                if self._is_out_of_sight(path):
                    os.lstat(place)  # says why
                raise FileError("no such file", place=Place(path))
            fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(fd, "rb", buffering=0) as file:  # `read(limit)` would first make room for all that
                fits = limit is None or os.fstat(fd).st_size <= limit
                data = file.read(-1 if fits else TooLarge.HEAD)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            hints = ("look at the permissions of the file and its folder",)
            raise FileError(f"cannot read: {reason[:1].lower()}{reason[1:]}", hints=hints, place=Place(path)) from error
        if not fits or (limit is not None and len(data) > limit):
            raise TooLarge(limit or 0, data, place=Place(path))
        return data

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a symbolic link, at `path`."""
        folder, _, name = path.rpartition("/")
        if folder not in self._names:
            if len(self._names) >= _FOLDERS:
                self._names.clear()
            self._names[folder] = self._listed(folder)
        names = self._names[folder]
        return (names is None or name in names) and self.mode(path) != 0

    def _listed(self, folder: str) -> frozenset[str] | None:
        """The names in a folder: most questions are for files that are not there, several of each folder."""
        if not self._reaches(folder):
            return frozenset()
        try:
            return frozenset(os.listdir(f"{self.root}/{folder}"))
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        except OSError:
            return None

    def mode(self, path: str) -> int:
        """FILE, EXECUTABLE or LINK; 0 when there is no file, also behind a link that leads out of the root."""
        if path != self._last[0]:
            self._last = path, self._mode(path)
        return self._last[1]

    def _mode(self, path: str) -> int:
        folder, _, name = path.rpartition("/")
        if name in ("", ".", "..") or not self._reaches(folder):
            return 0
        try:
            mode = os.lstat(f"{self.root}/{path}").st_mode
        except OSError:
            return 0
        if stat.S_ISLNK(mode):
            return LINK
        if not stat.S_ISREG(mode):
            return 0
        return EXECUTABLE if mode & stat.S_IXUSR else FILE

    def list(self, folder: str) -> list[str]:
        """The names in a folder, sorted, without git's own folder; none when there is no such folder in the root."""
        if not self._reaches(folder):
            return []
        try:
            return sorted(name for name in os.listdir(os.path.join(self.root, folder)) if name != ".git")
        except OSError:
            return []

    def paths(self) -> Iterator[str]:
        """Every file that a commit of everything would hold; without git, every file."""
        if git.root_of(self.root) is None:
            yield from self.below("")
            return
        output = git.run(("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"), self.root)
        for path in git.records(output):
            if self.mode(path) or self._is_out_of_sight(path):  # not deleted, no submodule, no other repository
                yield path

    def not_checked_out(self) -> frozenset[str]:
        """The files that git tracks and a sparse checkout leaves out: they are not gone, and not on disk."""
        if git.root_of(self.root) is None:
            return frozenset()
        marked = git.records(git.run(("ls-files", "-t", "-z"), self.root))
        return frozenset(path for mark, _, path in (entry.partition(" ") for entry in marked) if mark == "S")

    def _is_out_of_sight(self, path: str) -> bool:
        """Whether there may be a file that we are not let look for: to be listed, so that reading it tells."""
        try:
            os.lstat(os.path.join(self.root, path))
        except OSError as error:
            return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
        return False

    def below(self, folder: str) -> Iterator[str]:
        """Every file below a folder, those that git ignores too. Raises ScanIncomplete for what cannot be listed."""
        folders = [folder]
        while folders:
            folder = folders.pop()
            try:
                entries = sorted(os.scandir(os.path.join(self.root, folder)), key=lambda entry: entry.name)
            except OSError as error:
                reason = os.strerror(error.errno or 0)
                raise ScanIncomplete(
                    f"cannot list: {reason[:1].lower()}{reason[1:]}", place=Place(folder or ".")
                ) from error
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":
                        folders.append(posixpath.join(folder, entry.name))
                elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                    yield posixpath.join(folder, entry.name)

    def _reaches(self, folder: str) -> bool:
        """Whether `folder` lies in the root with all links followed."""
        if folder not in self._inside:
            place = f"{self._real}/{folder}"
            above, _, name = folder.rpartition("/")
            if name not in (".", "..") and self._reaches(above) and not os.path.islink(place):
                self._inside[folder] = True
            else:
                real = os.path.realpath(place)
                self._inside[folder] = real == self._real or real.startswith(self._real.rstrip("/") + "/")
        return self._inside[folder]
