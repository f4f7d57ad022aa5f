"""What `lint` scans: what is staged, what lies on disk, what commits bring, or a document from standard input."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.cli import console
from secrets_gitops.cli.time_limit import OutOfTime, time_limit
from secrets_gitops.errors import FileError, Place, SettingsError
from secrets_gitops.lint import history as lint_history
from secrets_gitops.lint import pushed as lint_pushed
from secrets_gitops.lint import received as lint_received
from secrets_gitops.lint.engine import scan
from secrets_gitops.lint.overlay import Overlay
from secrets_gitops.lint.policy import Policy
from secrets_gitops.lint.staged import scan_staged
from secrets_gitops.lint.sums import Sums
from secrets_gitops.repository import git, skips
from secrets_gitops.repository.commits import tree_of
from secrets_gitops.repository.objects import Objects
from secrets_gitops.repository.tree import Tree
from secrets_gitops.repository.work_tree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.options import Options


class Scanned(NamedTuple):
    """A report, and the folder that its paths are relative to."""

    report: Report
    root: str


def staged(paths: tuple[str, ...], options: Options) -> Scanned:
    """Scan what is staged; with `paths`, report only what was found at or below them."""
    first = _folder_of(paths[0]) if paths else "."
    root = git.root_of_index(first)
    if root is None:
        _refuse_bare(first)
        raise SettingsError("`--staged` needs a git repository", hints=("make one with `git init`",))
    return _limited(scan_staged(root, os.environ, options), root, paths)


def document(name: str, options: Options) -> Scanned:
    """Scan standard input as if it were the file `name` of the work tree."""
    root = _root((name,))
    path = _relative(root, name) if name else ""
    if not path:
        raise SettingsError(
            "`--path` names no file", hints=("the name says what the document is: `--path apps/db.yaml`",)
        )
    data = sys.stdin.buffer.read(Policy(WorkTree(root), options).max_bytes + 1)
    return Scanned(scan(Overlay(WorkTree(root), path, data), (path,), options=options), root)


def work_tree(paths: tuple[str, ...], options: Options) -> Scanned:
    """Scan the files at or below `paths`, by default all of the repository that we stand in (or the folder)."""
    root = _root(paths)
    tree = WorkTree(root)
    if not paths:
        return Scanned(scan(tree, options=options), root)
    chosen = dict.fromkeys(file for path in paths for file in _below(tree, _relative(root, path), path))
    return Scanned(scan(tree, chosen, options=options), root)


def pushed(typed: str, paths: tuple[str, ...], options: Options) -> Scanned:
    """Scan what the commits of a push bring: those of `FROM..TO`, or as the hook is told, or what no remote has."""
    with _stored() as (root, objects):
        read = None if sys.stdin.isatty() else _read
        push = lint_pushed.asked(objects, os.environ, typed=typed, read=read)
        return _limited(lint_pushed.scan_pushed(root, objects, push, options), root, paths)


def received(options: Options, *, seconds: float | None, may_pass: bool, may_skip: bool) -> Scanned:
    """Scan what a server is about to accept, as far as the time allows."""
    with _stored() as (root, objects):
        updates = lint_received.updates(_read())
        reason = lint_received.skip_reason(os.environ)
        sums = Sums()
        if reason is not None and not may_skip:
            console.note(f"this server does not allow the push option `{lint_received.SKIP}`: the push is scanned")
        elif reason is not None:
            skips.record(root, reason, updates, os.environ)
            console.warn(f"not scanned, for the push says: {reason}")
            return Scanned(sums.report(), root)
        try:
            with time_limit(seconds):
                lint_received.scan_received(root, objects, updates, options, sums)
        except OutOfTime:
            sums.out_of_time(seconds or 0.0, may_pass=may_pass)
        return Scanned(sums.report(), root)


def history(revisions: tuple[str, ...], options: Options) -> Scanned:
    """Scan every file that these revisions reach, by default all refs."""
    with _stored() as (root, objects):
        return Scanned(lint_history.scan_history(root, objects, revisions, options), root)


def commit(revision: str, paths: tuple[str, ...], options: Options) -> Scanned:
    """Scan what one commit brings."""
    with _stored() as (root, objects):
        return _limited(lint_pushed.scan_commit(root, objects, revision, options), root, paths)


def tree(revision: str, paths: tuple[str, ...], options: Options) -> Scanned:
    """Scan all files of a commit or tree."""
    with _stored() as (root, objects):
        return _limited(scan(Tree(objects, tree_of(objects, revision), root), options=options), root, paths)


def _read() -> str:
    """Standard input; the name of a ref may be any bytes."""
    return os.fsdecode(sys.stdin.buffer.read())


@contextmanager
def _stored() -> Iterator[tuple[str, Objects]]:
    """The repository that we stand in, bare ones too, and a reader of what is stored in it."""
    root = git.store_of(".")
    objects = Objects(root)
    try:
        yield root, objects
    finally:
        objects.close()


def _limited(report: Report, root: str, paths: tuple[str, ...]) -> Scanned:
    """The part of a report that is about `paths`, when there are any. What was not scanned stays told.

    Raises FileError for a path that names nothing, neither here nor in what was scanned: a slip must not look clean.
    """
    if not paths:
        return Scanned(report, root)
    wanted = [_relative(root, path) for path in paths]
    seen = {*report.paths, *(finding.path for finding in report.findings)}
    for typed, path in zip(paths, wanted, strict=True):
        if os.path.lexists(os.path.join(root, path)) or any(_covered(one, [path]) for one in seen):
            continue
        if not git.says_yes(("rev-parse", "--quiet", "--verify", f"HEAD:{path}"), root):  # else it is being deleted
            raise FileError("no such file", hints=("it is neither here nor in what was scanned",), place=Place(typed))
    return Scanned(
        report._replace(
            findings=tuple(f for f in report.findings if _covered(f.path, wanted)),
            suppressed=tuple(one for one in report.suppressed if _covered(one.finding.path, wanted)),
        ),
        root,
    )


def _refuse_bare(folder: str) -> None:
    """Raise SettingsError in a bare repository: its files say nothing, and looking at them would look like a scan."""
    if git.is_bare(folder):
        raise SettingsError(
            "a bare repository has no files of its own",
            hints=("`secrets-gitops lint --tree HEAD` scans a commit, `--history` all of them",),
        )


def _root(paths: tuple[str, ...]) -> str:
    """The repository of the first path; without one the folder that we stand in, or the path's own."""
    first = _folder_of(paths[0]) if paths else "."
    root = git.root_of(first)
    if root is not None:
        return root
    _refuse_bare(first)
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
        hint = "`--stdin --path NAME` scans standard input" if typed == "-" else "check the path"
        raise FileError("no such file", hints=(hint,), place=Place(typed))
    files = [file for file in tree.paths() if _covered(file, [path])]
    yield from files or tree.below(path)
