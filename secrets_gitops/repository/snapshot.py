"""Snapshots: one view of a repository that all reads of a run go through, so that they fit each other.

`work_tree.WorkTree` is what lies on disk, `index.Index` what a commit would hold, `tree.Tree` what one holds. Paths are
POSIX, relative to the root, without `.` and `..`; bytes that are not UTF-8 are surrogates. A symbolic link is never
followed: its content is the path it names, as in a blob of git.
"""

from __future__ import annotations

import os
import posixpath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
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


def close(snapshot: Snapshot | None) -> None:
    """Let go of the git that a snapshot reads through; a later read starts another. Files on disk have none."""
    end: Callable[[], None] = getattr(snapshot, "close", lambda: None)
    end()


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
