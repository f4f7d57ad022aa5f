"""GitLab's code quality report, a part of Code Climate's format: a JSON array of issues."""

from __future__ import annotations

from json import dumps

from secrets_gitops.lint.report.problems import fingerprints, problems, sentence
from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Severity
    from secrets_gitops.lint.report.facts import Facts

_SEVERITIES: dict[Severity, str] = {
    "critical": "blocker", "high": "critical", "medium": "major", "low": "minor", "info": "info",
}  # fmt: skip


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """The report's text. Fingerprints are unique: GitLab folds issues of one fingerprint into one."""
    found = problems(report)
    issues = [
        {
            "type": "issue",
            "check_name": finding.rule,
            "description": printable(sentence(finding)),
            "categories": ["Security"],
            "severity": _SEVERITIES[finding.severity],
            "fingerprint": fingerprint,
            "location": {
                "path": printable(finding.path) or ".",
                "lines": {"begin": finding.line, "end": finding.end_line},
            },
        }
        for finding, fingerprint in zip(found, fingerprints(found), strict=True)
    ]
    return dumps(issues, indent=2) + "\n"
