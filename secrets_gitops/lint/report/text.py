"""The report that a person reads. Each finding is a line that editors understand, then its `fix:`.

    path:line:col: rule: message [severity]
      fix: the command that mends it

A finding in a commit ends with ` in ` and the beginning of its id.

`findings` is the data; `summary` says how much was scanned, what was not, and what else a reader should know.
"""

from __future__ import annotations

from secrets_gitops.lint.finding import Finding
from secrets_gitops.printable import log_line, log_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.report.facts import Facts
    from secrets_gitops.lint.suppressed import Suppressed

_WORDS = {
    "comment": "allowed here", "settings": "allowed in the settings", "baseline": "in the baseline",
    "gitleaks": "allowed in the gitleaks configuration",
}  # fmt: skip
_COLOURS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36"}


def write(report: Report, facts: Facts) -> str:
    """The findings; the summary is not for where data goes."""
    return findings(report, colour=facts.colour)


def findings(report: Report, *, colour: bool = False) -> str:
    """Every finding but those of severity info, by file, with an empty line between files; empty when there is none.

    The suppressed findings that the report holds stand among them, each with its reason in place of a fix.
    """
    out: list[str] = []
    path = None
    excuses = {one.finding: one for one in report.suppressed if one.finding.severity != "info"}
    for finding in sorted([*shown(report), *excuses], key=Finding.sort_key) if excuses else shown(report):
        if path not in (None, finding.path):
            out.append("\n")
        path = finding.path
        out.append(_finding(finding, excuses.get(finding), colour=colour))
    return "".join(out)


def shown(report: Report) -> list[Finding]:
    """The findings that people see. Info is for programs: it names what a file is, not what is wrong with it."""
    return [finding for finding in report.findings if finding.severity != "info"]


def _finding(finding: Finding, excuse: Suppressed | None, *, colour: bool) -> str:
    place = f"{log_path(finding.path)}:{finding.line}:{finding.column}"
    severity = f"[{finding.severity}]"
    if colour:
        place = f"\x1b[1m{place}\x1b[0m"
        severity = f"\x1b[{_COLOURS[finding.severity]}m{severity}\x1b[0m"
    fix = f"  fix: {log_line(finding.fix)}\n" if finding.fix else ""
    if excuse is not None:
        fix = f"  {_WORDS[excuse.by]}: {log_line(excuse.justification)}\n"
    where = f" in {finding.commit[:12]}" if finding.commit else ""
    return f"{place}: {finding.rule}: {log_line(finding.message)} {severity}{where}\n{fix}"


def summary(report: Report) -> str:
    """Warnings, what the scan did not see and why, and one line with the sums."""
    out = [f"warning: {log_line(message)}\n  --> {log_line(str(place))}\n" for place, message in report.notes]
    for error in report.incomplete:
        out.append(f"error: {log_line(error.message)}\n")
        if error.place is not None:
            out.append(f"  --> {log_line(str(error.place))}\n")
        out += [f"hint: {log_line(hint)}\n" for hint in error.hints]
    return "".join([*out, sums(report), "\n"])


def sums(report: Report) -> str:
    """`2 findings in 1 file; 1 allowed; 15 files, 42 kB, 3 documents scanned`."""
    seen = shown(report)
    info = len(report.findings) - len(seen)
    files = len({finding.path for finding in seen})
    parts = [f"{count(len(seen), 'finding')} in {count(files, 'file')}" if seen else "no findings"]
    if info:
        parts[0] += f" ({count(info, 'note')} of severity info in the other formats)"
    parts += _excused(report)
    parts.append(f"{count(report.files, 'file')}, {_bytes(report.size)}, {count(report.documents, 'document')} scanned")
    if report.incomplete:
        parts.append(f"incomplete: {count(len(report.incomplete), 'part')} not scanned")
    return "; ".join(parts)


def _excused(report: Report) -> list[str]:
    """`3 baselined, 1 allowed`, in a list of one; an empty list when nothing was suppressed."""
    baselined = sum(one.by == "baseline" for one in report.suppressed)
    numbers = ((baselined, "baselined"), (len(report.suppressed) - baselined, "allowed"))
    said = ", ".join(f"{number} {word}" for number, word in numbers if number)
    return [said] if said else []


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _bytes(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
