"""Annotations of a GitHub job: workflow commands, which the runner reads from standard output.

GitHub shows ten of each level and step, so there are ten at most: the gravest, and one for all others.
"""

from __future__ import annotations

from secrets_gitops.lint.report.problems import gravest_first, problems, sentence
from secrets_gitops.printable import log_line, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.report.facts import Facts

MOST = 10
_LEVELS: dict[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """The annotations, a line each; findings of severity info have none."""
    found = gravest_first([finding for finding in problems(report) if finding.severity != "info"])
    shown = found if len(found) <= MOST else found[: MOST - 1]
    lines = [_annotation(finding) for finding in shown]
    rest = found[len(shown) :]
    if rest:
        files = len({finding.path for finding in rest})
        words = f"{len(rest)} more findings in {files} file{'' if files == 1 else 's'}: see the job's log"
        lines.append(f"::{_LEVELS[rest[0].severity]} title=secrets-gitops::{words}")
    return "".join(f"{line}\n" for line in lines)


def _annotation(finding: Finding) -> str:
    fields = {}
    if finding.path:
        fields["file"] = printable(finding.path)
        fields |= {"line": str(finding.line), "endLine": str(finding.end_line)}
        if finding.line == finding.end_line:  # GitHub ignores columns of several lines
            fields |= {"col": str(finding.column), "endColumn": str(finding.end_column)}
    fields["title"] = finding.rule
    properties = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::{_LEVELS[finding.severity]} {properties}::{_data(log_line(sentence(finding)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
