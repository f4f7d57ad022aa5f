"""`scan-skipped`: the words for a text file that was not scanned; the engine makes the scan incomplete (exit 3)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class ScanSkipped:
    """No findings: what was not seen stands in `Report.incomplete`."""

    id = "scan-skipped"
    alias = "SG902"
    severity: Severity = "info"
    summary = "a text file was too large, too deep or unreadable and was not scanned to its end"
    why = "Nothing may be concluded from silence, so the scan ends with exit code 3 in every mode."
    fix = "raise `--max-bytes`, or make PATH readable"

    def concerns(self, target: Target) -> bool:  # noqa: ARG002  the engine decides
        """Never: a file that was scanned was not skipped."""
        return False

    def check(self, target: Target) -> Iterator[Finding]:  # noqa: ARG002
        """Nothing."""
        return iter(())


RULE = ScanSkipped()
