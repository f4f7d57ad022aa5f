"""Problems: all that a reader must not overlook, as findings: those of the rules, and what was not scanned.

For the formats that know nothing but findings: there an incomplete scan would look like a clean one.
"""

from __future__ import annotations

from secrets_gitops.lint.finding import Finding, rank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report

NOT_SCANNED = "scan-skipped"


def problems(report: Report) -> list[Finding]:
    """Findings and what was not scanned, by path and place. A path is empty where no single file is meant."""
    return sorted([*report.findings, *unseen(report)], key=Finding.sort_key)


def unseen(report: Report) -> list[Finding]:
    """What was not scanned, each as a finding of `scan-skipped`."""
    out = []
    for error in report.incomplete:
        path, line, column = error.place[:3] if error.place is not None else ("", 0, 0)
        line, column = max(line or 1, 1), max(column or 1, 1)
        fix = "; ".join(error.hints)
        out.append(Finding(NOT_SCANNED, "high", path, line, column, line, column, error.message, fix))
    return out


def gravest_first(found: list[Finding]) -> list[Finding]:
    """By severity, then by path and place."""
    return sorted(found, key=lambda finding: (-rank(finding.severity), finding.sort_key()))


def sentence(finding: Finding) -> str:
    """What is the matter and what to do, for formats with room for one text."""
    return f"{finding.message}. Fix: {finding.fix}" if finding.fix else finding.message


def fingerprints(found: list[Finding]) -> list[str]:
    """One for each, and each only once: the second of one name gets `:2`, and so on."""
    seen: dict[str, int] = {}
    out = []
    for finding in found:
        name = finding.fingerprint()
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}:{seen[name]}")
    return out
