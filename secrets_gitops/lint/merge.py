"""Two rules, one value: keep the finding that says more, and name the other rule beside it."""

from __future__ import annotations

from secrets_gitops.lint.finding import Region, rank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from secrets_gitops.lint.finding import Finding

_BY_BYTES = ("provider-token", "private-key")
"""They know what the value is, not where it belongs; most telling first."""
_SAME_PLACE = (
    "sops-malformed", "sops-partial", "sealed-not-ciphertext", "kubeconfig-credentials", "dockerconfig-auth",
    "helm-template-literal", "kustomize-patch-secret", "k8s-secret-plaintext", "sealed-template-plaintext",
    "k8s-env-literal", "k8s-configmap-secret", "kustomize-secret-literal", "kustomize-configmap-literal",
    "helm-value-secret", "crd-inline-secret", "sops-not-encrypted",
)  # fmt: skip
"""Rules about a place in a document; when several name the same place, the first here speaks."""
_FOREIGN = "gitleaks-rule"
_LAST = ("password-hash", "url-credential", "compose-ci-env-secret", "generic-assignment", "high-entropy", _FOREIGN)
"""Rules that know least of the place; the last here gives way to all others.

They work on bytes, so their places need not be those of other rules; of two places one of which holds the other, the
larger is kept with what the more telling rule says. So is the digest of the larger value: who excuses it excuses all
of it, and none that comes to it later.
"""


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of one file, each value once, sorted."""
    found = sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key())
    by_bytes = [finding for finding in found if _order(finding) < len(_BY_BYTES)]
    placed: dict[tuple[Region, str], Finding] = {}
    for finding in found:
        if _order(finding) >= len(_BY_BYTES):
            place = (finding.region(), finding.key)
            placed[place] = _first(placed[place], finding) if place in placed else finding
    outermost = _outermost(placed.values())
    by_line: dict[int, list[Finding]] = {}
    for finding in outermost:
        for line in range(finding.line, finding.end_line + 1):
            by_line.setdefault(line, []).append(finding)
    absorbed: set[Finding] = set()
    kept: dict[Region, Finding] = {}
    for finding in sorted(by_bytes, key=_order):
        around = next((place for place in by_line.get(finding.line, ()) if _is_same_value(finding, place)), None)
        if around is None or around in absorbed:
            kept.setdefault(finding.region(), finding)
        else:
            absorbed.add(around)
            kept[around.region()] = _enriched(finding, around)
    rest = [finding for finding in outermost if finding not in absorbed]
    return sorted([*kept.values(), *rest], key=lambda finding: finding.sort_key())


def _outermost(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stand in no larger value: a setting in a text in a Secret is told by the Secret's key."""
    kept: list[Finding] = []
    around: list[int] = []
    """Where in `kept` the findings stand that may still go on, outer ones first."""
    for finding in sorted(findings, key=lambda one: (one.line, one.column, -one.end_line, -one.end_column)):
        while around and not _contains(kept[around[-1]], finding):
            around.pop()
        outer = kept[around[-1]] if around else None
        if outer is not None and outer.rule in _SAME_PLACE and outer.region() != finding.region():
            severity = max(outer.severity, finding.severity, key=rank)
            also = tuple(
                dict.fromkeys(rule for rule in (*outer.also, finding.rule, *finding.also) if rule != outer.rule)
            )
            kept[around[-1]] = outer._replace(severity=severity, also=also, digest=outer.digest or finding.digest)
            continue
        if outer is not None and _echoes(outer, finding):
            line, column, end_line, end_column = outer.region()
            kept[around[-1]] = _first(outer, finding)._replace(
                line=line,
                column=column,
                end_line=end_line,
                end_column=end_column,
                key=outer.key or finding.key,
                digest=outer.digest or finding.digest,
            )
            continue
        kept.append(finding)
        if rank(finding.severity) > 0:
            around.append(len(kept) - 1)
    return kept


def _echoes(outer: Finding, inner: Finding) -> bool:
    """Is one of them about the value of the other, with less to say of the place?"""
    if _named(outer.rule) not in _LAST and _named(inner.rule) not in _LAST:
        return False
    apart = outer.region() == inner.region() and outer.key and inner.key  # two values of one quoted text
    return not apart and _is_same_value(inner, outer)


def _order(finding: Finding) -> int:
    return next((at for at, name in enumerate(_BY_BYTES) if finding.rule.startswith(name)), len(_BY_BYTES))


def _first(one: Finding, other: Finding) -> Finding:
    """Of two findings in the same place the one whose rule says more."""
    speaks, silent = sorted((one, other), key=lambda finding: _rank_in(finding.rule))
    if speaks.rule == silent.rule:
        return speaks
    severity = max(speaks.severity, silent.severity, key=rank)
    also = tuple(dict.fromkeys((*speaks.also, silent.rule, *silent.also)))
    return speaks._replace(severity=severity, also=also, digest=speaks.digest or silent.digest)


def _named(rule: str) -> str:
    """The rule, or the family of those that a repository wrote for gitleaks."""
    return _FOREIGN if rule.startswith(_FOREIGN) else rule


def _rank_in(rule: str) -> int:
    rule = _named(rule)
    if rule in _LAST:
        return len(_SAME_PLACE) + 1 + _LAST.index(rule)
    return _SAME_PLACE.index(rule) if rule in _SAME_PLACE else len(_SAME_PLACE)


def _is_same_value(finding: Finding, around: Finding) -> bool:
    """Does `finding` make up the value that `around` is about, and not a small part of a longer text in it?"""
    if rank(around.severity) == 0 or not _contains(around, finding):
        return False
    return 2 * (finding.end_line - finding.line + 1) > around.end_line - around.line


def _contains(around: Finding, finding: Finding) -> bool:
    begins = (around.line, around.column) <= (finding.line, finding.column)
    return begins and (finding.end_line, finding.end_column) <= (around.end_line, around.end_column)


def _enriched(finding: Finding, around: Finding) -> Finding:
    """What is known of the value, at the place and with the command of the finding about its place."""
    line, column, end_line, end_column = around.region()
    return finding._replace(
        severity=max(finding.severity, around.severity, key=rank),
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        object=around.object,
        pointer=around.pointer,
        key=around.key,
        fix=around.fix or finding.fix,
        also=tuple(dict.fromkeys((*finding.also, around.rule, *around.also))),
        digest=around.digest or finding.digest,
    )
