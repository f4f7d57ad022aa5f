"""Checkstyle's XML, which many viewers of lint results read."""

from __future__ import annotations

from itertools import groupby

from secrets_gitops.lint.report.problems import problems, sentence
from secrets_gitops.lint.report.xml import attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.report.facts import Facts

_SEVERITIES: dict[Severity, str] = {
    "critical": "error", "high": "error", "medium": "warning", "low": "info", "info": "info",
}  # fmt: skip


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """The report's text."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="10.0">\n']
    for path, found in groupby(problems(report), key=lambda finding: finding.path):
        out.append(f"  <file {attributes(name=path or '.')}>\n")
        out += [_error(finding) for finding in found]
        out.append("  </file>\n")
    out.append("</checkstyle>\n")
    return "".join(out)


def _error(finding: Finding) -> str:
    said = attributes(
        line=finding.line,
        column=finding.column,
        severity=_SEVERITIES[finding.severity],
        message=sentence(finding),
        source=f"secrets-gitops.{finding.rule}",
    )
    return f"    <error {said}/>\n"
