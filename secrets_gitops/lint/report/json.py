"""The report as one JSON object, `schema: 1`. The fields of a finding are those of `lint.finding.Finding`."""

from __future__ import annotations

from json import dumps

from secrets_gitops import __version__
from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.errors import Place
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding

SCHEMA = 1
"""Rises when a field changes its meaning or goes; new fields may come without that."""


def write(report: Report, exit_code: int) -> str:
    """The report's text, ending with a line break."""
    tree = {
        "schema": SCHEMA,
        "tool": {"name": "secrets-gitops", "version": __version__},
        "exit_code": exit_code,
        "scanned": {
            "files": report.files,
            "bytes": report.size,
            "documents": report.documents,
            "skipped": report.skipped,
        },
        "findings": [_finding(finding) for finding in report.findings],
        "suppressed": [
            {**_finding(one.finding), "by": one.by, "kind": one.kind, "justification": printable(one.justification)}
            for one in report.suppressed
        ],
        "incomplete": [
            {**_place(error.place), "code": error.code, "message": error.message, "hints": list(error.hints)}
            for error in report.incomplete
        ],
        "notes": [{**_place(place), "message": message} for place, message in report.notes],
    }
    return dumps(tree, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    fields = finding._asdict()
    del fields["digest"]
    fields.update(path=printable(finding.path), also=list(finding.also), fingerprint=finding.fingerprint())
    return fields


def _place(place: Place | None) -> dict[str, object]:
    """Path, line and column; what is no UTF-8 in a path is written as an escape, for JSON has no bytes."""
    if place is None:
        return {"path": None, "line": None, "column": None}
    return {"path": printable(place.path), "line": place.line or None, "column": place.column or None}
