"""The report with the fields of gitleaks' own, for dashboards that read those.

`Match` and `Secret` are always `REDACTED`. What gitleaks takes from a commit stands empty: findings are of files.
"""

from __future__ import annotations

from json import dumps

from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.report.facts import Facts


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """The report's text. As with gitleaks, what was not scanned has no place in it: the exit code says so."""
    return dumps([_finding(finding) for finding in report.findings], indent=1) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "RuleID": finding.rule,
        "Description": printable(finding.message),
        "StartLine": finding.line,
        "EndLine": finding.end_line,
        "StartColumn": finding.column,
        "EndColumn": finding.end_column,
        "Match": "REDACTED",
        "Secret": "REDACTED",
        "File": printable(finding.path),
        "SymlinkFile": "",
        "Commit": finding.commit,
        "Entropy": 0,
        "Author": "",
        "Email": "",
        "Date": "",
        "Message": "",
        "Tags": [finding.severity],
        "Fingerprint": finding.fingerprint(),
    }
