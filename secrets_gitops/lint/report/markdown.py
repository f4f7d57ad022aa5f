"""The summary of a CI job in Markdown: sums, and a table of the gravest findings. No values, as everywhere."""

from __future__ import annotations

from secrets_gitops.lint import catalog
from secrets_gitops.lint.finding import SEVERITIES
from secrets_gitops.lint.report import text
from secrets_gitops.lint.report.problems import gravest_first, problems
from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.report.facts import Facts

MOST_ROWS = 200
"""GitHub drops a summary of more than 1 MiB."""
_MARKUP = "\\`*_{}[]()#+!|<>~&@:"


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """A heading with the verdict, the sums by severity, and the table."""
    found = gravest_first([finding for finding in problems(report) if finding.severity != "info"])
    counts = [(severity, sum(one.severity == severity for one in found)) for severity in reversed(SEVERITIES)]
    out = [f"## secrets-gitops: {_verdict(report)}\n\n{text.sums(report)}\n"]
    if found:
        out.append("\n| severity | findings |\n| --- | ---: |\n")
        out += [f"| {severity} | {count} |\n" for severity, count in counts if count]
        out.append("\n| where | rule | what | how to mend it |\n| --- | --- | --- | --- |\n")
        out += [_row(finding) for finding in found[:MOST_ROWS]]
    if len(found) > MOST_ROWS:
        out.append(f"\n{len(found) - MOST_ROWS} more are left out here.\n")
    return "".join(out)


def _verdict(report: Report) -> str:
    if report.incomplete:
        return "the scan is incomplete"
    return "passed" if report.exit_code() == 0 else "refused"


def _row(finding: Finding) -> str:
    place = f"{finding.path}:{finding.line}" if finding.path else "-"
    rule = f"[{finding.rule}]({catalog.page_url(finding.rule)})"
    return f"| {_escaped(place)} | {rule} | {_escaped(finding.message)} | {_escaped(finding.fix)} |\n"


def _escaped(words: str) -> str:
    """`words` in one cell, as they are: no link, no mention, no markup of GitHub's or HTML's."""
    return "".join(f"&#{ord(c)};" if c in _MARKUP else c for c in printable(words))
