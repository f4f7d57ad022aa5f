"""Sums: several reports as one."""

from __future__ import annotations

from secrets_gitops.errors import Place, ScanIncomplete
from secrets_gitops.lint.before import identity
from secrets_gitops.lint.engine import Report
from secrets_gitops.lint.finding import Finding, rank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.errors import Error
    from secrets_gitops.lint.finding import Severity
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.suppressed import Suppressed


class Sums:
    """Several reports as one."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._suppressed: list[Suppressed] = []
        self.incomplete: list[Error] = []
        self._notes: dict[tuple[Place, str], None] = {}
        self._told: set[tuple[object, ...]] = set()
        self._rules: tuple[Rule, ...] = ()
        self._fail_on: Severity | None = None
        self._paths: dict[str, None] = {}
        self._files = self._size = self._documents = self._skipped = 0

    def add(self, report: Report, commit: str = "", owners: Mapping[str, str] | None = None) -> None:
        """Add what was found in a commit, but for findings that an earlier version of the same file had.

        `owners` are other commits for some paths.
        """
        owners = owners or {}
        told = [(finding, _across_commits(finding)) for finding in report.findings]
        self._findings += [
            finding._replace(commit=owners.get(finding.path, commit))
            for finding, what in told
            if what not in self._told
        ]
        self._told.update(what for _, what in told)
        self._suppressed += report.suppressed
        self.incomplete += report.incomplete
        self._notes.update(dict.fromkeys(report.notes))
        self._rules = report.rules
        if self._fail_on is None or rank(report.fail_on) < rank(self._fail_on):
            self._fail_on = report.fail_on  # the strictest
        self._paths.update(dict.fromkeys(report.paths))
        self._files += report.files
        self._size += report.size
        self._documents += report.documents
        self._skipped += report.skipped

    def report(self) -> Report:
        """The sum."""
        return Report(
            tuple(sorted(self._findings, key=Finding.sort_key)),
            tuple(self.incomplete),
            tuple(self._notes),
            self._files,
            self._size,
            self._documents,
            self._skipped,
            tuple(sorted(self._suppressed, key=lambda one: one.finding.sort_key())),
            self._rules,
            self._fail_on or "medium",
            tuple(self._paths),
        )

    def out_of_time(self, seconds: float, *, may_pass: bool) -> None:
        """Tell that the scan was ended after `seconds`: a warning when that may pass, else it is incomplete."""
        message = f"the time of {seconds:g} s is over, and not everything was scanned"
        if may_pass:
            self._notes[Place("."), f"{message}; the rest passes, as `--on-deadline pass` says"] = None
        else:
            self.incomplete.append(
                ScanIncomplete(message, hints=("push fewer commits at once; `--deadline` sets the time",))
            )


def _across_commits(finding: Finding) -> tuple[object, ...]:
    """What makes it the same finding in a later version of its file; its line where nothing else tells it apart.

    As grave as it is: a placeholder that becomes a password, of which no digest tells either, is another finding.
    """
    line = 0 if finding.digest or finding.pointer or finding.key else finding.line
    return finding.path, line, finding.severity, *identity(finding)
