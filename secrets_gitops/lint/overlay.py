"""Overlay: a snapshot in which one file has another content, for a document that is not on disk yet."""

from __future__ import annotations

import posixpath

from secrets_gitops.errors import Place, TooLarge
from secrets_gitops.repository.snapshot import FILE, close

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.repository.snapshot import Snapshot


class Overlay:
    """`below`, with the file `path` made of `data`."""

    __slots__ = ("_below", "_data", "_path", "root")

    def __init__(self, below: Snapshot, path: str, data: bytes) -> None:
        self.root = below.root
        self._below = below
        self._path = path
        self._data = data

    def read(self, path: str, limit: int | None = None) -> bytes:
        """The content of a file. Raises FileError, TooLarge above `limit` bytes."""
        if path != self._path:
            return self._below.read(path, limit)
        if limit is not None and len(self._data) > limit:
            raise TooLarge(limit, self._data, place=Place(path))
        return self._data

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a symbolic link, at `path`."""
        return path == self._path or self._below.exists(path)

    def mode(self, path: str) -> int:
        """Git's mode of the file; 0 when there is none."""
        return FILE if path == self._path else self._below.mode(path)

    def list(self, folder: str) -> list[str]:
        """The names in a folder, sorted."""
        names = self._below.list(folder)
        if posixpath.dirname(self._path) == folder:
            names = sorted({*names, posixpath.basename(self._path)})
        return names

    def paths(self) -> Iterator[str]:
        """Every file."""
        yield from dict.fromkeys((*self._below.paths(), self._path))

    def close(self) -> None:
        """As for the snapshot below."""
        close(self._below)
