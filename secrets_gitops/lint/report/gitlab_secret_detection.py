"""GitLab's secret detection report. GitLab drops a report that does not fit its schema as a whole.

`raw_source_code_extract` is left out: it would be the secret, and GitLab stores it.
"""

from __future__ import annotations

import uuid
from json import dumps

from secrets_gitops import __version__
from secrets_gitops.lint import catalog
from secrets_gitops.lint.report.gitleaks_names import GITLEAKS_NAMES
from secrets_gitops.lint.report.problems import fingerprints
from secrets_gitops.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.errors import Place
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.report.facts import Facts

SCHEMA_VERSION = "15.0.7"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, catalog.HOME)
_NO_COMMIT = "0" * 40
_TOOL = {
    "id": "secrets-gitops",
    "name": "secrets-gitops",
    "url": catalog.HOME,
    "version": __version__,
    "vendor": {"name": "secrets-gitops"},
}


def write(report: Report, facts: Facts) -> str:
    """The report's text."""
    found = list(report.findings)
    messages = [_message("warn", message, place) for place, message in report.notes]
    messages += [_message("fatal", error.message, error.place) for error in report.incomplete]
    tree = {
        "version": SCHEMA_VERSION,
        "scan": {
            "type": "secret_detection",
            "status": "failure" if report.incomplete else "success",
            "start_time": facts.began,
            "end_time": facts.ended,
            "analyzer": _TOOL,
            "scanner": _TOOL,
            "messages": messages,
        },
        "vulnerabilities": [
            _vulnerability(finding, fingerprint)
            for finding, fingerprint in zip(found, fingerprints(found), strict=True)
        ],
    }
    return dumps(tree, indent=2) + "\n"


def _vulnerability(finding: Finding, fingerprint: str) -> dict[str, object]:
    rule = catalog.load(finding.rule)
    identifiers = [
        {
            "type": "secrets_gitops_rule_id",
            "name": f"secrets-gitops {finding.rule}",
            "value": finding.rule,
            "url": catalog.page_url(finding.rule),
        }
    ]
    other = GITLEAKS_NAMES.get(finding.rule)
    if other:
        identifiers.append({"type": "gitleaks_rule_id", "name": f"Gitleaks rule ID {other}", "value": other})
    return {
        "id": str(uuid.uuid5(NAMESPACE, fingerprint)),
        "name": (rule.summary[:1].upper() + rule.summary[1:])[:255],
        "description": printable(f"{finding.message[:1].upper()}{finding.message[1:]}. {rule.why}"),
        "severity": finding.severity.capitalize(),
        "solution": printable(finding.fix)[:7000],
        "identifiers": identifiers,
        "location": {
            "file": printable(finding.path),
            "start_line": finding.line,
            "end_line": finding.end_line,
            "commit": {"sha": finding.commit or _NO_COMMIT},
        },
    }


def _message(level: str, message: str, place: Place | None) -> dict[str, str]:
    return {"level": level, "value": printable(f"{place}: {message}" if place is not None else message)}
