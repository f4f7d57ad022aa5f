"""Scan what is staged: the blobs of the index, whole, whatever lies on disk."""

from __future__ import annotations

from secrets_gitops.errors import FileError, ScanIncomplete
from secrets_gitops.lint.engine import scan
from secrets_gitops.lint.options import NONE, Options
from secrets_gitops.repository import git
from secrets_gitops.repository.index import Index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.lint.before import Before
    from secrets_gitops.lint.engine import Report


def scan_staged(root: str, environ: Mapping[str, str], options: Options = NONE, index: Index | None = None) -> Report:
    """Scan every staged file of the repository at `root`; `index` is its index where it was begun with, and is closed.

    A hook framework, which sets PRE_COMMIT, hands on no more than that it runs. With PRE_COMMIT_FROM_REF and
    PRE_COMMIT_TO_REF the commits between the two are scanned; with nothing staged, it means a run on all files: then
    the whole index is. Raises what reading the index raises.
    """
    options = options.over(Options(strict=True))
    index = index or Index(root)
    if environ.get("PRE_COMMIT_FROM_REF") or environ.get("PRE_COMMIT_TO_REF"):
        index.close()
        return _scan_range(root, environ, options)
    try:
        changes = index.changes()
        if not changes and environ.get("PRE_COMMIT") == "1":
            return scan(index, options=options)
        blobs = {change.path: change.blob for change in changes if change.status != "D"}
        gone = [change.path for change in changes if change.status == "D"]
        report = scan(index, blobs, gone=gone, options=options)
        if report.findings and (heads := _parents(index)):
            report = _before(index, heads, options).judge(report, blobs)
    finally:
        index.close()
    if report.files + report.skipped + len(report.incomplete) < len(blobs):
        read = report.files + report.skipped
        hints = ("`git fsck` tells more",)
        nothing = ScanIncomplete(f"{len(blobs)} files are staged, and fewer were read: {read}", hints=hints)
        return report._replace(incomplete=(nothing,))
    return report


def _scan_range(root: str, environ: Mapping[str, str], options: Options) -> Report:
    """Scan the commits that a framework names; where there are none between its ends, all that the last one holds."""
    from secrets_gitops.lint.commit_scan import CommitScan  # noqa: PLC0415  a commit has no range
    from secrets_gitops.lint.pushed import from_framework, scan_updates  # noqa: PLC0415
    from secrets_gitops.repository.objects import Objects  # noqa: PLC0415

    objects = Objects(root)
    try:
        push = from_framework(objects, environ)
        if push is None:
            hints = ("`pre-commit run --from-ref A --to-ref B` sets both",)
            raise ScanIncomplete("PRE_COMMIT_FROM_REF is set, and PRE_COMMIT_TO_REF is not", hints=hints)
        scan = CommitScan(root, objects, options)
        scan_updates(scan, root, objects, push._replace(published=""))
        if not scan.commits_seen:
            scan.whole(scan.tree(push.updates[0].new))
        return scan.report()
    finally:
        objects.close()


def _parents(index: Index) -> dict[str, str]:
    """The trees of the parents of the commit to be, by revision: HEAD and, in a merge, the other heads."""
    found = ((name, index.objects.find(f"{name}^{{tree}}")) for name in ("HEAD", *_merge_heads(index.root)))
    return {name: it.id for name, it in found if it is not None}


def _before(index: Index, heads: Mapping[str, str], options: Options) -> Before:
    from secrets_gitops.lint.before import Before, renames  # noqa: PLC0415  for findings only
    from secrets_gitops.repository.tree import Tree  # noqa: PLC0415

    parents = [
        (Tree(index.objects, tree, index.root), renames(index.root, ("diff-index", "--cached", revision)))
        for revision, tree in heads.items()
    ]
    return Before(index.root, parents, options, index)


def _merge_heads(root: str) -> list[str]:
    try:
        with open(git.private_path(root, "MERGE_HEAD"), encoding="ascii") as file:
            return file.read().split()
    except (OSError, FileError, UnicodeDecodeError):
        return []
