"""Index: the snapshot of what a commit would hold. Blobs, not the disk: they may differ."""

from __future__ import annotations

from secrets_gitops.errors import FileError, Place, ScanIncomplete
from secrets_gitops.records import NamedTuple
from secrets_gitops.repository import git
from secrets_gitops.repository.objects import Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Change(NamedTuple):
    """A file whose staged form differs from HEAD's; a rename is a file that went and one that came."""

    path: str
    status: str
    """A added, M modified, T another type, D deleted, U merge conflict."""
    mode: int
    """0 when deleted."""
    blob: str
    """Object id; empty when deleted or in conflict."""


_COMPARE = (
    "diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--ita-invisible-in-index", "HEAD", "--",
)  # fmt: skip
_LIST = ("ls-files", "--stage", "-z")


class Index:
    """What the index holds: what would be committed. GIT_INDEX_FILE counts. Submodules are no files."""

    __slots__ = ("_begun", "_changes", "_entries", "_folders", "objects", "root")

    def __init__(self, root: str) -> None:
        self.root = root
        self.objects = Objects(root)
        self._changes: tuple[Change, ...] | None = None
        self._entries: dict[str, tuple[int, str]] | None = None
        self._folders: dict[str, set[str]] | None = None
        self._begun: dict[tuple[str, ...], git.Process] = {}

    def begin(self) -> None:
        """Start git for what will be asked, so that it works meanwhile. Raises FileError when there is none."""
        for arguments in (_COMPARE, _LIST):
            self._begun[arguments] = git.Process(arguments, self.root)
        self.objects.begin()

    def _run(self, arguments: tuple[str, ...]) -> bytes:
        process = self._begun.pop(arguments, None)
        return git.finish(process or git.Process(arguments, self.root))

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
        fields = git.records(self._run(_COMPARE))
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
            for entry in git.records(self._run(_LIST)):
                head, _, path = entry.partition("\t")
                mode, blob, stage = head.split(" ")
                if mode != "160000":
                    self._entries[path] = int(mode, 8), blob if stage == "0" else ""
        return self._entries

    def read(self, path: str, limit: int | None = None) -> bytes:
        """The content of a file. Raises FileError, TooLarge above `limit` bytes, or ScanIncomplete."""
        entry = self._read_entries().get(path)
        if entry is None:
            raise FileError("no such file in the index", hints=("`git fsck` tells more",), place=Place(path))
        blob = entry[1]
        if not blob:
            raise ScanIncomplete(
                "has a merge conflict, so nothing is staged",
                hints=("resolve it, then `git add` it",),
                place=Place(path),
            )
        try:
            return self.objects.blob(blob, limit)
        except (FileError, ScanIncomplete) as error:
            error.place = error.place or Place(path)
            raise

    def ahead(self, paths: Iterable[str]) -> None:
        """Read files that will be asked for soon; see `Objects.ahead`."""
        entries = self._read_entries()
        self.objects.ahead(entries[path][1] for path in paths if path in entries)

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
        """End git's processes; a later read starts others."""
        while self._begun:
            self._begun.popitem()[1].stop()
        self.objects.close()
