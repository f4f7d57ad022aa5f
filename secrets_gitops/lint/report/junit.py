"""JUnit XML, which most CI hosts show as tests: a case for each file that was scanned, so a clean run has cases too.

The schema is Jenkins' (`junit-10.xsd`). Findings below `--fail-on` are no failures: the job passes in spite of them.
"""

from __future__ import annotations

from secrets_gitops.lint.finding import rank
from secrets_gitops.lint.report.problems import unseen
from secrets_gitops.lint.report.xml import attributes, content
from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.report.facts import Facts

CLEAN = "no plaintext"


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """The report's text."""
    cases, failures = [], 0
    by_path: dict[str, list[Finding]] = {path: [] for path in report.paths}
    for finding in report.findings:
        if rank(finding.severity) >= rank(report.fail_on):
            by_path.setdefault(finding.path, []).append(finding)
    errors = unseen(report)
    for path, found in by_path.items():
        failures += len(found)
        cases += [_case(path, finding, "failure") for finding in found]
        if not found and not any(error.path == path for error in errors):
            cases.append(f"  <testcase {attributes(classname=path, name=CLEAN)}/>\n")
    cases += [_case(error.path, error, "error") for error in errors]
    if not cases:
        cases.append(f"  <testcase {attributes(classname='secrets-gitops', name='nothing to scan')}/>\n")
    sums = attributes(name="secrets-gitops", tests=len(cases), failures=failures, errors=len(errors))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuite {sums}>\n{"".join(cases)}</testsuite>\n'


def _case(path: str, finding: Finding, outcome: str) -> str:
    name = f"{finding.rule} (line {finding.line}, column {finding.column})"
    fix = f"\nfix: {printable(finding.fix)}" if finding.fix else ""
    place = f"{path}:{finding.line}:{finding.column}: " if path else ""
    return (
        f"  <testcase {attributes(classname=path or 'secrets-gitops', name=name)}>\n"
        f"    <{outcome} {attributes(type=finding.rule, message=finding.message)}>"
        f"{content(printable(f'{place}{finding.message} [{finding.severity}]'))}{content(fix)}</{outcome}>\n"
        "  </testcase>\n"
    )
