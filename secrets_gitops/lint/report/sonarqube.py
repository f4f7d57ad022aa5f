"""SonarQube's generic format for issues of other tools, with the list of rules that it wants since 10.3.

Ranges are of whole lines: SonarQube refuses a whole report over one column behind the end of a line, and counts in
UTF-16.
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

_IMPACTS: dict[Severity, tuple[str, str]] = {
    "critical": ("HIGH", "BLOCKER"),
    "high": ("HIGH", "CRITICAL"),
    "medium": ("MEDIUM", "MAJOR"),
    "low": ("LOW", "MINOR"),
    "info": ("LOW", "INFO"),
}
"""Severity of the impact, and severity of the type, which servers in the standard mode show."""


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """The report's text. What names no file is left out: an issue must have one."""
    found = [finding for finding in problems(report) if finding.path]
    rules = [_rule(slug) for slug in sorted({finding.rule for finding in found})]
    return dumps({"rules": rules, "issues": [_issue(finding) for finding in found]}, indent=2) + "\n"


def _rule(slug: str) -> dict[str, object]:
    rule = catalog.load(slug)
    impact, severity = _IMPACTS[rule.severity]
    return {
        "id": rule.id,
        "name": rule.summary[:1].upper() + rule.summary[1:],
        "description": f"{rule.why} {catalog.page_url(rule.id)}",
        "engineId": "secrets-gitops",
        "cleanCodeAttribute": "TRUSTWORTHY",
        "type": "VULNERABILITY",
        "severity": severity,
        "impacts": [{"softwareQuality": "SECURITY", "severity": impact}],
    }


def _issue(finding: Finding) -> dict[str, object]:
    return {
        "ruleId": finding.rule,
        "effortMinutes": 30,
        "primaryLocation": {
            "message": printable(sentence(finding)),
            "filePath": printable(finding.path),
            "textRange": {"startLine": finding.line, "endLine": finding.end_line},
        },
    }
