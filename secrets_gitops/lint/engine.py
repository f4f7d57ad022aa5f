"""The engine: paths of a snapshot in, a Report out. Nothing is printed; no path is opened but through the snapshot."""

from __future__ import annotations

from typing import NamedTuple

from secrets_gitops.errors import Error, worst
from secrets_gitops.lint import catalog
from secrets_gitops.lint.finding import Finding, rank
from secrets_gitops.lint.run import MAX_BYTES, Run
from secrets_gitops.lint.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from secrets_gitops.documents.read import Limits
    from secrets_gitops.errors import Place
    from secrets_gitops.lint.finding import Severity
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.repository.snapshot import Snapshot


class Report(NamedTuple):
    """What a scan found, and how much it saw."""

    findings: tuple[Finding, ...]
    """Sorted by path and place."""
    incomplete: tuple[Error, ...]
    """Why the scan saw less than it should: each with place, hints and exit code (3, or 2 for broken rules)."""
    notes: tuple[tuple[Place, str], ...]
    """Warnings that fail nothing, for example an unknown field in a creation rule."""
    files: int
    """Files that were scanned."""
    size: int
    """Their bytes."""
    documents: int
    """YAML and JSON documents that were parsed."""
    skipped: int
    """Files that hold nothing to scan: binary, images, submodules."""

    def exit_code(self, fail_on: Severity = "medium") -> int:
        """0 for a complete scan without a finding at or above `fail_on`; incomplete (3 or 2) wins over findings (1)."""
        failing = any(rank(finding.severity) >= rank(fail_on) for finding in self.findings)
        return worst([*(error.exit_code for error in self.incomplete), int(failing)])


def scan(
    snapshot: Snapshot,
    paths: Iterable[str] | None = None,
    *,
    gone: Iterable[str] = (),
    rules: Iterable[Rule] | None = None,
    limits: Limits | None = None,
    max_bytes: int = MAX_BYTES,
) -> Report:
    """Scan `paths` of the snapshot (all of them by default) with `rules` (all by default).

    `gone` are paths that a commit deletes. A creation rule file (`.sops.yaml`) among `paths` or `gone` widens the rules
    about creation rules to the whole snapshot, since it changes what other files must be.
    """
    run = Run(snapshot, limits=limits, max_bytes=max_bytes)
    chosen = catalog.load_all() if rules is None else tuple(rules)
    raise NotImplementedError(run, chosen, gone, paths, Target)
