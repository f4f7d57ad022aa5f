"""Files that a kustomization names: read through the snapshot of the scan, never from outside its root."""

from __future__ import annotations

import posixpath

from secrets_gitops.errors import Error, FileError, Place, ScanIncomplete
from secrets_gitops.lint import gate
from secrets_gitops.lint.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


def path_of(target: Target, named: str) -> str | None:
    """The path in the snapshot of the file that `target` calls `named`; None for an address or no path at all."""
    if named.startswith(("http://", "https://")) or not named.isprintable():
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(target.path), named))


def leads_out(path: str) -> bool:
    """Does the path lead out of the repository?"""
    return path.startswith(("/", "../")) or path == ".."


def load(target: Target, path: str) -> Target | Literal["missing"] | None:
    """The file at `path`; None when it could not be read, which is noted: then the scan is incomplete."""
    from secrets_gitops.repository.snapshot import follow  # noqa: PLC0415  few files name others

    snapshot = target.run.snapshot
    real = follow(snapshot, path)
    if real is None:
        return "missing"
    try:
        data = snapshot.read(real, target.run.max_bytes)
    except Error as error:
        if isinstance(error, FileError) and not gate.is_binary(real, _head(target, real)):
            error = ScanIncomplete(f"not checked: {error.message}", place=Place(real))
        target.run.note(error)
        return None
    return Target(real, gate.utf8(data), target.run)


def _head(target: Target, path: str) -> bytes:
    try:
        return target.run.snapshot.read(path)
    except Error:
        return b""
