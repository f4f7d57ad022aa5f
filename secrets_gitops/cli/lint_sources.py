"""What `lint` scans: staged files, the work tree, or one document from standard input."""

from __future__ import annotations

import os
import posixpath
from typing import NamedTuple

from secrets_gitops.errors import FileError, Place, SettingsError
from secrets_gitops.lint.engine import Report, scan
from secrets_gitops.lint.overlay import Overlay
from secrets_gitops.lint.policy import Policy
from secrets_gitops.lint.staged import scan_staged
from secrets_gitops.repository import git
from secrets_gitops.repository.work_tree import WorkTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from secrets_gitops.lint.policy import Options


class Scanned(NamedTuple):
    """A report, and the folder that its paths are relative to."""

    report: Report
    root: str


def staged(paths: tuple[str, ...], options: Options) -> Scanned:
    """Scan what is staged; with `paths`, report only what was found at or below them."""
    root = git.root_of(_folder_of(paths[0]) if paths else ".")
    if root is None:
        raise SettingsError("`--staged` needs a git repository", hints=("make one with `git init`",))
    report = scan_staged(root, os.environ, options=options)
    if paths:
        wanted = [_relative(root, path) for path in paths]
        report = report._replace(
            findings=tuple(f for f in report.findings if _covered(f.path, wanted)),
            suppressed=tuple(one for one in report.suppressed if _covered(one.finding.path, wanted)),
        )
    return Scanned(report, root)


def document(source: BinaryIO, name: str, options: Options) -> Scanned:
    """Scan what `source` holds as if it were the file `name` of the work tree."""
    root = _root((name,))
    path = _relative(root, name)
    data = source.read(Policy(WorkTree(root), options).max_bytes + 1)
    return Scanned(scan(Overlay(WorkTree(root), path, data), (path,), options=options), root)


def work_tree(paths: tuple[str, ...], options: Options) -> Scanned:
    """Scan the files at or below `paths`, by default all of the repository that we stand in (or the folder)."""
    root = _root(paths)
    tree = WorkTree(root)
    if not paths:
        return Scanned(scan(tree, options=options), root)
    chosen = dict.fromkeys(file for path in paths for file in _below(tree, _relative(root, path), path))
    return Scanned(scan(tree, chosen, options=options), root)


def _root(paths: tuple[str, ...]) -> str:
    """The repository of the first path; without one the folder that we stand in, or the path's own."""
    first = _folder_of(paths[0]) if paths else "."
    root = git.root_of(first)
    if root is not None:
        return root
    here, there = os.path.realpath("."), os.path.realpath(first)
    if there == here or there.startswith(here.rstrip("/") + "/"):
        return here
    return there


def _folder_of(path: str) -> str:
    """The folder that `path` is, or stands in; where a link to a file leads does not matter."""
    return path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))


def _relative(root: str, path: str) -> str:
    """`path` in the snapshot at `root`; empty for the root itself. The last part may be a link, and stays one."""
    folder, name = os.path.split(os.path.abspath(path))
    real = os.path.realpath(path) if os.path.isdir(path) else os.path.join(os.path.realpath(folder), name)
    relative = os.path.relpath(real, root)
    if relative == ".." or relative.startswith("../"):
        raise SettingsError(f"`{path}` is not in `{root}`", hints=("scan one repository at a time",))
    return "" if relative == "." else relative


def _covered(path: str, wanted: list[str]) -> bool:
    return any(not item or path == item or path.startswith(item + "/") for item in wanted)


def _below(tree: WorkTree, path: str, typed: str) -> Iterator[str]:
    """The file `path`, or the files in that folder; an ignored folder is walked since it was named.

    Raises FileError when there is nothing at `path`: nothing scanned must not look like nothing found.
    """
    if path and tree.exists(path):
        yield path
        return
    if not os.path.isdir(os.path.join(tree.root, path)):
        raise FileError("no such file", hints=("check the path",), place=Place(typed))
    files = [file for file in tree.paths() if _covered(file, [path])]
    yield from files or _walk(tree, path)


def _walk(tree: WorkTree, folder: str) -> Iterator[str]:
    for name in tree.list(folder):
        path = posixpath.join(folder, name)
        if tree.exists(path):
            yield path
        elif os.path.isdir(os.path.join(tree.root, path)):
            yield from _walk(tree, path)
