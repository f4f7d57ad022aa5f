"""The report as JSON, `schema: 1`: one object, or an object a line.

The fields of a finding are those of `lint.finding.Finding`.
"""

from __future__ import annotations

from json import dumps

from secrets_gitops import __version__
from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.errors import Error, Place
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.report.facts import Facts
    from secrets_gitops.lint.suppressed import Suppressed

SCHEMA = 1
"""Rises when a field changes its meaning or goes; new fields may come without that."""


def write(report: Report, facts: Facts) -> str:  # noqa: ARG001  every format is called the same way
    """The report as one object."""
    tree = {
        **_head(report),
        "findings": [_finding(finding) for finding in report.findings],
        "suppressed": [_suppressed(one) for one in report.suppressed],
        "incomplete": [_incomplete(error) for error in report.incomplete],
        "notes": [_note(place, message) for place, message in report.notes],
    }
    return dumps(tree, indent=2) + "\n"


def write_lines(report: Report, facts: Facts) -> str:  # noqa: ARG001
    """The same as objects of a line each, told apart by `type`; the last one, of type `summary`, has the sums."""
    rows = [{"type": "finding", **_finding(finding)} for finding in report.findings]
    rows += [{"type": "suppressed", **_suppressed(one)} for one in report.suppressed]
    rows += [{"type": "incomplete", **_incomplete(error)} for error in report.incomplete]
    rows += [{"type": "note", **_note(place, message)} for place, message in report.notes]
    rows.append({"type": "summary", **_head(report)})
    return "".join(f"{dumps(row)}\n" for row in rows)


def _head(report: Report) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "tool": {"name": "secrets-gitops", "version": __version__},
        "exit_code": report.exit_code(),
        "scanned": {
            "files": report.files,
            "bytes": report.size,
            "documents": report.documents,
            "skipped": report.skipped,
        },
    }


def _finding(finding: Finding) -> dict[str, object]:
    """Its fields. A text that a shell prints from it cannot drive a terminal, nor is it anything but UTF-8."""
    fields = {name: printable(value) if isinstance(value, str) else value for name, value in finding._asdict().items()}
    del fields["digest"]
    return {**fields, "also": list(finding.also), "fingerprint": finding.fingerprint()}


def _suppressed(one: Suppressed) -> dict[str, object]:
    return {**_finding(one.finding), "by": one.by, "kind": one.kind, "justification": printable(one.justification)}


def _incomplete(error: Error) -> dict[str, object]:
    hints = [printable(hint) for hint in error.hints]
    return {**_place(error.place), "code": error.code, "message": printable(error.message), "hints": hints}


def _note(place: Place, message: str) -> dict[str, object]:
    return {**_place(place), "message": printable(message)}


def _place(place: Place | None) -> dict[str, object]:
    """Path, line and column; what is no UTF-8 in a path is written as an escape, for JSON has no bytes."""
    if place is None:
        return {"path": None, "line": None, "column": None}
    return {"path": printable(place.path), "line": place.line or None, "column": place.column or None}
