"""Tree: the snapshot of what a commit holds."""

from __future__ import annotations

from secrets_gitops.errors import Error, FileError, Place
from secrets_gitops.repository.snapshot import EXECUTABLE, FILE, LINK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.repository.objects import Entry, Objects

_FOLDER, _SUBMODULE = 0o040000, 0o160000


class Tree:
    """The files of a tree. Its folders are read one by one, when they are asked for. Submodules are no files.

    `root` is the folder that paths of a report are relative to: what a person finds them under.
    """

    __slots__ = ("_objects", "_tree", "root")

    def __init__(self, objects: Objects, tree: str, root: str) -> None:
        self.root = root
        self._objects = objects
        self._tree = tree

    def read(self, path: str, limit: int | None = None) -> bytes:
        """The content of a file. Raises FileError, TooLarge above `limit` bytes, or ScanIncomplete."""
        entry = self._entry(path)
        if entry is None or not _is_file(entry):
            raise FileError("no such file in the commit", place=Place(path))
        try:
            return self._objects.blob(entry.id, limit)
        except Error as error:
            error.place = error.place or Place(path)
            raise

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a symbolic link, at `path`."""
        return self.mode(path) != 0

    def mode(self, path: str) -> int:
        """FILE, EXECUTABLE or LINK; 0 when there is no file."""
        entry = self._entry(path)
        if entry is None or not _is_file(entry):
            return 0
        if entry.mode == LINK:
            return LINK
        return EXECUTABLE if entry.mode & 0o100 else FILE  # old trees hold other modes, as 100664

    def blob(self, path: str) -> str:
        """The object id of a file; empty when there is none."""
        entry = self._entry(path)
        return entry.id if entry is not None and _is_file(entry) else ""

    def list(self, folder: str) -> list[str]:
        """The names in a folder, sorted; none when there is no such folder."""
        return sorted(self._folder(folder))

    def paths(self) -> Iterator[str]:
        """Every file."""
        waiting = [("", self._tree)]
        while waiting:
            folder, name = waiting.pop()
            for entry_name, entry in self._objects.tree(name).items():
                path = f"{folder}{entry_name}"
                if entry.mode == _FOLDER:
                    waiting.append((f"{path}/", entry.id))
                elif _is_file(entry):
                    yield path

    def close(self) -> None:
        """End git's process; a later read starts another."""
        self._objects.close()

    def _folder(self, folder: str) -> dict[str, Entry]:
        if not folder:
            return self._objects.tree(self._tree)
        entry = self._entry(folder)
        return self._objects.tree(entry.id) if entry is not None and entry.mode == _FOLDER else {}

    def _entry(self, path: str) -> Entry | None:
        """What the tree holds at `path`; folders above are read anew only where no other read has come by."""
        name, entry = self._tree, None
        for part in path.split("/"):
            if entry is not None:
                if entry.mode != _FOLDER:
                    return None
                name = entry.id
            entry = self._objects.tree(name).get(part)
            if entry is None:
                return None
        return entry


def _is_file(entry: Entry) -> bool:
    return entry.mode not in (_FOLDER, _SUBMODULE)
