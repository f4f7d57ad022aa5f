"""Reviewdog's diagnostic format, as one object or as a line for each finding.

Ranges are of whole lines: columns would be counted in bytes of UTF-8, and a report does not know the lines' text.
"""

from __future__ import annotations

from json import dumps

from secrets_gitops.lint import catalog
from secrets_gitops.lint.report.problems import problems, sentence
from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.report.facts import Facts

_SOURCE = {"name": "secrets-gitops", "url": catalog.HOME}
_SEVERITIES: dict[Severity, str] = {
    "critical": "ERROR", "high": "ERROR", "medium": "WARNING", "low": "INFO", "info": "INFO",
}  # fmt: skip


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """`rdjson`: one object."""
    found = [_diagnostic(finding) for finding in problems(report)]
    severities = {diagnostic["severity"] for diagnostic in found}
    gravest = next((severity for severity in ("ERROR", "WARNING", "INFO") if severity in severities), "INFO")
    return dumps({"source": _SOURCE, "severity": gravest, "diagnostics": found}, indent=2) + "\n"


def write_lines(report: Report, facts: Facts) -> str:  # noqa: ARG001
    """`rdjsonl`: each diagnostic on a line of its own."""
    return "".join(f"{dumps({**_diagnostic(finding), 'source': _SOURCE})}\n" for finding in problems(report))


def _diagnostic(finding: Finding) -> dict[str, object]:
    return {
        "message": printable(sentence(finding)),
        "location": {
            "path": printable(finding.path) or ".",
            "range": {"start": {"line": finding.line}, "end": {"line": finding.end_line}},
        },
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.rule, "url": catalog.page_url(finding.rule)},
    }
