"""The report as SARIF 2.1.0 (OASIS), for code scanning services and editors.

No snippets: a snippet of a finding would be the secret itself.
"""

from __future__ import annotations

import os
from hashlib import sha256
from json import dumps
from urllib.parse import quote
from zlib import compress

from secrets_gitops import __version__
from secrets_gitops.lint import catalog
from secrets_gitops.lint.finding import rank
from secrets_gitops.lint.report.problems import fingerprints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from secrets_gitops.errors import Place
    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.report.facts import Facts
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.suppressed import Suppressed
    from secrets_gitops.repository.revision import Revision

    _Item: TypeAlias = tuple[Finding, Suppressed | None]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 25_000
"""GitHub refuses a run with more."""
MOST_BYTES = 10_000_000
"""GitHub refuses a file that is larger when compressed."""

_LEVELS: dict[Severity, str] = {
    "critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note",
}  # fmt: skip
_SCORES: dict[Severity, str] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.0"}
"""`security-severity`, from which GitHub makes its own words."""


def write(report: Report, facts: Facts) -> str:
    """The report's text. Too many results are cut at the mild end, with a notification that says so."""
    found: list[_Item] = [(finding, None) for finding in report.findings]
    found += [(one.finding, one) for one in report.suppressed]
    found.sort(key=lambda item: (-rank(item[0].severity), item[1] is not None, item[0].sort_key()))
    most = MOST_RESULTS
    while True:
        kept = sorted(found[:most], key=lambda item: item[0].sort_key())
        text = dumps(_log(report, facts, kept, len(found) - len(kept)), indent=2) + "\n"
        if len(text) <= MOST_BYTES or len(compress(text.encode(), 1)) <= MOST_BYTES:
            return text
        most = len(kept) // 2


def _log(report: Report, facts: Facts, kept: list[_Item], left_out: int) -> dict[str, object]:
    described = _described(report.rules, [finding for finding, _ in kept])
    places = {rule.id: at for at, rule in enumerate(described)}
    compared = any(excuse is not None and excuse.by == "baseline" for _, excuse in kept)
    names = fingerprints([finding for finding, _ in kept])
    run: dict[str, object] = {
        "tool": {
            "driver": {
                "name": "secrets-gitops",
                "semanticVersion": __version__,
                "informationUri": catalog.HOME,
                "rules": [_rule(rule) for rule in described],
            }
        },
        "automationDetails": {"id": "secrets-gitops/lint/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": not report.incomplete,
                "exitCode": report.exit_code(),
                "toolExecutionNotifications": _notifications(report, left_out),
            }
        ],
        "results": [
            {**_result(finding, places[finding.rule], name), **_state(finding, excuse, compared=compared)}
            for (finding, excuse), name in zip(kept, names, strict=True)
        ],
    }
    if facts.revision is not None and facts.revision.repository:
        run["versionControlProvenance"] = [_provenance(facts.revision)]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _state(finding: Finding, excuse: Suppressed | None, *, compared: bool) -> dict[str, object]:
    """Who excused the result, and whether it was there before, as far as that is known."""
    out: dict[str, object] = {}
    if excuse is not None:
        out["suppressions"] = [{"kind": excuse.kind, "justification": _text(excuse.justification)}]
    if not finding.introduced or (excuse is not None and excuse.by == "baseline"):
        out["baselineState"] = "unchanged"
    elif compared:
        out["baselineState"] = "new"
    return out


def _provenance(revision: Revision) -> dict[str, object]:
    out: dict[str, object] = {"repositoryUri": revision.repository, "revisionId": revision.commit}
    if revision.branch:
        out["branch"] = _text(revision.branch)
    return {**out, "mappedTo": {"uriBaseId": "SRCROOT"}}


def _described(rules: Iterable[Rule], findings: list[Finding]) -> list[Rule]:
    """Every rule that ran or found something, once, by id."""
    known = {rule.id: rule for rule in rules if rule.id not in catalog.FAMILIES}
    for finding in findings:
        if finding.rule not in known:
            known[finding.rule] = catalog.load(finding.rule)
    return [known[name] for name in sorted(known)]


def _rule(rule: Rule) -> dict[str, object]:
    summary = rule.summary[:1].upper() + rule.summary[1:] + "."
    advice = f"{rule.why}\n\nTo mend it: {rule.fix}."
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": f"{summary} {rule.why}"},
        "help": {"text": advice, "markdown": advice},
        "helpUri": catalog.page_url(rule.id),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", "secret"],
            "precision": "high",
            "security-severity": _SCORES[rule.severity],
            "alias": rule.alias,
        },
    }


def _result(finding: Finding, rule_index: int, fingerprint: str) -> dict[str, object]:
    fix = f" Fix: {finding.fix}" if finding.fix else ""
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": _artifact(finding.path),
            "region": {
                "startLine": finding.line,
                "startColumn": finding.column,
                "endLine": finding.end_line,
                "endColumn": finding.end_column,
            },
        }
    }
    if finding.object or finding.pointer:
        name = _text("#".join(part for part in (finding.object, finding.pointer) if part))
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "member"}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(f"{finding.message[:1].upper()}{finding.message[1:]}.{fix}")},
        "locations": [location],
        "partialFingerprints": {"secretsGitops/v1": fingerprint, "primaryLocationLineHash": _line_hash(fingerprint)},
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "key": _text(finding.key),
            "also": list(finding.also),
        },
    }


def _line_hash(fingerprint: str) -> str:
    """What GitHub tells results apart by. Made from our fingerprint: a hash of the line would let values be guessed."""
    return f"{sha256(fingerprint.encode()).hexdigest()[:16]}:1"


def _notifications(report: Report, left_out: int) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    for error in report.incomplete:
        hints = "".join(f" Hint: {hint}." for hint in error.hints)
        out.append(_notification("error", f"{error.message}.{hints}", error.place))
    out += [_notification("warning", f"{message}.", place) for place, message in report.notes]
    if left_out:
        out.append(_notification("warning", f"{left_out} results of the least severity are left out.", None))
    return out


def _notification(level: str, message: str, place: Place | None) -> dict[str, object]:
    note: dict[str, object] = {"level": level, "message": {"text": _text(message[:1].upper() + message[1:])}}
    if place is not None:
        physical: dict[str, object] = {"artifactLocation": _artifact(place.path)}
        if place.line:
            physical["region"] = {"startLine": place.line, "startColumn": max(place.column, 1)}
        note["locations"] = [{"physicalLocation": physical}]
    return note


def _artifact(path: str) -> dict[str, str]:
    """A relative reference, percent-encoded from the bytes of the path."""
    return {"uri": quote(os.fsencode(path), safe="/"), "uriBaseId": "SRCROOT"}


def _text(text: str) -> str:
    """`text` without lone surrogates, which no JSON reader has to take."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
