"""Scan what is staged: the blobs of the index, whole, whatever lies on disk."""

from __future__ import annotations

from secrets_gitops.errors import NotBuiltYet, ScanIncomplete
from secrets_gitops.lint.engine import scan
from secrets_gitops.lint.policy import NONE
from secrets_gitops.repository.index import Index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.policy import Options
    from secrets_gitops.lint.rule import Rule


def scan_staged(
    root: str,
    environ: Mapping[str, str],
    *,
    rules: Iterable[Rule] | None = None,
    max_bytes: int | None = None,
    options: Options = NONE,
) -> Report:
    """Scan every staged file of the repository at `root`.

    Under the pre-commit framework, which sets PRE_COMMIT, nothing staged means a run on all files: then the whole index
    is scanned. Raises NotBuiltYet for a range of commits (PRE_COMMIT_FROM_REF), and what reading the index raises.
    """
    if environ.get("PRE_COMMIT_FROM_REF") or environ.get("PRE_COMMIT_TO_REF"):
        raise NotBuiltYet(
            "scanning a range of commits is not built yet",
            hints=("`pre-commit run --all-files` scans everything that is in the index",),
        )
    index = Index(root)
    try:
        changes = index.changes()
        if not changes and environ.get("PRE_COMMIT") == "1":
            return scan(index, rules=rules, max_bytes=max_bytes, options=options)
        paths = [change.path for change in changes if change.status != "D"]
        gone = [change.path for change in changes if change.status == "D"]
        report = scan(index, paths, gone=gone, rules=rules, max_bytes=max_bytes, options=options)
    finally:
        index.close()
    if paths and not (report.files or report.skipped or report.incomplete):
        nothing = ScanIncomplete(f"{len(paths)} files are staged, and none was scanned")
        return report._replace(incomplete=(nothing,))
    return report
