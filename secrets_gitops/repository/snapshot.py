"""Snapshots: one view of a repository that all reads of a run go through, so that they fit each other.

`WorkTree` is what lies on disk, `Index` what a commit would hold (blobs, not the disk: they may differ). Paths are
POSIX, relative to the root, without `.` and `..`; bytes that are not UTF-8 are surrogates. A symbolic link is never
followed: its content is the path it names, as in a blob of git.
"""

from __future__ import annotations

import os
import posixpath
import stat

from secrets_gitops.errors import FileError, Place, ScanIncomplete
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Protocol

    class Snapshot(Protocol):
        """One view of a repository."""

        @property
        def root(self) -> str:
            """The folder on disk that paths are relative to."""

        def read(self, path: str, limit: int | None = None) -> bytes:
            """The content of a file. Raises FileError (also above `limit` bytes), or ScanIncomplete."""

        def exists(self, path: str) -> bool:
            """Whether there is a file, or a symbolic link, at `path`."""

        def list(self, folder: str) -> list[str]:
            """The names in a folder (`""` is the root), sorted; none when there is no such folder."""

        def mode(self, path: str) -> int:
            """FILE, EXECUTABLE or LINK; 0 when there is no file."""

        def paths(self) -> Iterable[str]:
            """Every file."""


FILE, EXECUTABLE, LINK = 0o100644, 0o100755, 0o120000
"""The modes of git that a snapshot gives; submodules and folders are no files."""
_EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
"""SHA-1 and SHA-256; `git add -N` names it without storing it."""


def follow(snapshot: Snapshot, path: str) -> str | None:
    """Where `path` leads if it is a symbolic link, within the root; None if it leads nowhere, out, or in a circle."""
    for _ in range(40):  # as many as Linux follows
        mode = snapshot.mode(path)
        if mode != LINK:
            return path if mode else None
        target = os.fsdecode(snapshot.read(path, 4096))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if path.startswith(("/", "../")):
            return None
    return None


class WorkTree:
    """The files on disk below `root`: those that git tracks, and new ones that it does not ignore; all without git."""

    __slots__ = ("_inside", "_real", "root")

    def __init__(self, root: str) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._inside: dict[str, bool] = {}

    def read(self, path: str, limit: int | None = None) -> bytes:
        """The content of a file. Raises FileError when it is none, cannot be read, or has more than `limit` bytes."""
        mode = self.mode(path)
        place = os.path.join(self.root, path)
        try:
            if mode == LINK:
                return os.fsencode(os.readlink(place))
            if not mode:
                raise FileError("no such file", place=Place(path))
            fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(fd, "rb") as file:
                data = file.read(-1 if limit is None else limit + 1)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise FileError(f"cannot read: {reason[:1].lower()}{reason[1:]}", place=Place(path)) from error
        if limit is not None and len(data) > limit:
            raise FileError(f"larger than {limit} bytes", place=Place(path))
        return data

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a symbolic link, at `path`."""
        return self.mode(path) != 0

    def mode(self, path: str) -> int:
        """FILE, EXECUTABLE or LINK; 0 when there is no file, also behind a link that leads out of the root."""
        if not self._reaches(posixpath.dirname(path)) or posixpath.basename(path) in ("", ".", ".."):
            return 0
        try:
            mode = os.lstat(os.path.join(self.root, path)).st_mode
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
            yield from self._walk()
            return
        output = git.run(("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"), self.root)
        for path in git.records(output):
            if self.exists(path):  # not deleted, no submodule, no other repository
                yield path

    def _walk(self) -> Iterator[str]:
        folders = [""]
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
            real = os.path.realpath(os.path.join(self._real, folder))
            self._inside[folder] = real == self._real or real.startswith(self._real.rstrip("/") + "/")
        return self._inside[folder]


class Change(NamedTuple):
    """A file whose staged form differs from HEAD's; a rename is a file that went and one that came."""

    path: str
    status: str
    """A added, M modified, T another type, D deleted, U merge conflict."""
    mode: int
    """0 when deleted."""
    blob: str
    """Object id; empty when deleted or in conflict."""


class Index:
    """What the index holds: what would be committed. GIT_INDEX_FILE counts. Submodules are no files."""

    __slots__ = ("_changes", "_entries", "_folders", "_objects", "root")

    def __init__(self, root: str) -> None:
        self.root = root
        self._objects = git.Objects(root)
        self._changes: tuple[Change, ...] | None = None
        self._entries: dict[str, tuple[int, str]] | None = None
        self._folders: dict[str, set[str]] | None = None

    def changes(self) -> tuple[Change, ...]:
        """What is staged, compared with HEAD, deleted files too; before the first commit, all of the index."""
        if self._changes is None:
            try:
                self._changes = tuple(self._compared())
            except FileError:
                if git.says_yes(("rev-parse", "--quiet", "--verify", "HEAD"), self.root):
                    raise
                self._changes = tuple(self._all())
        return self._changes

    def _all(self) -> Iterator[Change]:
        for path, (mode, blob) in self._read_entries().items():
            yield Change(path, "A" if blob else "U", mode, blob)

    def _compared(self) -> Iterator[Change]:
        output = git.run(
            (
                "diff-index",
                "--cached",
                "--raw",
                "-z",
                "--no-abbrev",
                "--no-renames",
                "--ita-invisible-in-index",
                "HEAD",
            ),
            self.root,
        )
        fields = git.records(output)
        for head in fields:
            old_mode, new_mode, _, blob, status = head.removeprefix(":").split(" ")
            path = next(fields)
            if new_mode in ("000000", "160000"):
                if status == "U" or old_mode not in ("000000", "160000"):
                    yield Change(path, "U" if status == "U" else "D", 0, "")
            else:
                yield Change(path, status[0], int(new_mode, 8), blob)

    def _read_entries(self) -> dict[str, tuple[int, str]]:
        """Path → mode and blob; an empty blob where a merge conflict is unresolved."""
        if self._entries is None:
            self._entries = {}
            for entry in git.records(git.run(("ls-files", "--stage", "-z"), self.root)):
                head, _, path = entry.partition("\t")
                mode, blob, stage = head.split(" ")
                if mode != "160000":
                    self._entries[path] = int(mode, 8), blob if stage == "0" else ""
        return self._entries

    def read(self, path: str, limit: int | None = None) -> bytes:
        """The content of a file. Raises FileError (no such file, larger than `limit`), or ScanIncomplete."""
        entry = self._read_entries().get(path)
        if entry is None:
            raise FileError("no such file in the index", place=Place(path))
        blob = entry[1]
        if not blob:
            raise ScanIncomplete(
                "has a merge conflict, so nothing is staged",
                hints=("resolve it, then `git add` it",),
                place=Place(path),
            )
        if blob in _EMPTY_BLOBS:
            return b""
        try:
            return self._objects.blob(blob, limit)
        except (FileError, ScanIncomplete) as error:
            error.place = error.place or Place(path)
            raise

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a symbolic link, at `path`."""
        return path in self._read_entries()

    def mode(self, path: str) -> int:
        """FILE, EXECUTABLE or LINK; 0 when there is no file."""
        return self._read_entries().get(path, (0, ""))[0]

    def list(self, folder: str) -> list[str]:
        """The names in a folder, sorted; none when there is no such folder."""
        if self._folders is None:
            self._folders = {}
            for path in self._read_entries():
                above = path
                while above:
                    above, _, name = above.rpartition("/")
                    names = self._folders.setdefault(above, set())
                    if name in names:
                        break
                    names.add(name)
        return sorted(self._folders.get(folder, ()))

    def paths(self) -> Iterable[str]:
        """Every file of the index."""
        return self._read_entries().keys()

    def close(self) -> None:
        """End git's process; a later read starts another."""
        self._objects.close()
