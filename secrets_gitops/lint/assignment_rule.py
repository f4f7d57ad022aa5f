"""AssignmentRule: what the rules share that find secrets as assignments, each in files of its own kinds."""

from __future__ import annotations

from secrets_gitops.lint import mend, sops_text
from secrets_gitops.lint.text_values import looks_made, secrets
from secrets_gitops.lint.values import ciphertext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.assignments import Assignment
    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Confidence, Finding, Severity
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.target import Target

_VAULT = b"$ANSIBLE_VAULT;"
_PARSED: frozenset[Kind] = frozenset({"ansible", "compose", "ci"})
"""Kinds of files that are YAML."""


class AssignmentRule:
    """A rule about the assignments of some kinds of files; it says what it is, and which kinds."""

    id: str
    alias: str
    severity: Severity
    summary: str
    why: str
    fix: str
    kinds: frozenset[Kind]

    def concerns(self, target: Target) -> bool:
        """Is it a whole file of these kinds, and not encrypted as a whole?"""
        return target.parent is None and target.kind in self.kinds and not is_encrypted(target)

    def check(self, target: Target) -> Iterator[Finding]:
        """Every assignment of a secret, and what no line shows together with its key."""
        lines: set[int] = set()
        for found in secrets(target, target.kind):
            told = finding(self, target, found)
            lines.update(range(told.line, told.end_line + 1))
            yield told
        if target.kind in _PARSED and target.may_be_called_secret:
            yield from self._placed(target, lines)

    def _placed(self, target: Target, lines: set[int]) -> Iterator[Finding]:
        """Values of YAML that stand below their key, behind a tag or an anchor, in a list, or beside their name."""
        from secrets_gitops.lint.candidates import of_leaf  # noqa: PLC0415  few files hold what needs it

        for leaf in target.leaves:
            if leaf.refers or not leaf.sense.is_sensitive or not looks_made(leaf.text.strip()):
                continue
            candidate = of_leaf(target, leaf)
            line, _, end_line, _ = candidate.region
            if candidate.is_secret and lines.isdisjoint(range(line, end_line + 1)):
                message = f"`{leaf.name}` is set to a plaintext value"
                yield candidate.finding(self, message, fix=mend.take_out(target, leaf.name))


def is_encrypted(target: Target) -> bool:
    """Is the whole file one ciphertext, of sops or of Ansible's vault? One of which a part may be open is not."""
    if target.data.startswith(_VAULT):
        return ciphertext.is_ansible_body(target.data.decode("utf-8", "replace"))
    return b"sops" in target.data and sops_text.is_whole(target.path, target.data)


def finding(rule: Rule, target: Target, found: Assignment, *, severity: Severity | None = None) -> Finding:
    """The finding of `rule` for one assignment."""
    confidence: Confidence = "high" if found.name.sensitivity == "strong" else "medium"
    span = found.start, found.end
    return finding_at(rule, target, span, found.key, found.value, severity=severity, confidence=confidence)


def finding_at(
    rule: Rule,
    target: Target,
    span: tuple[int, int],
    key: str,
    value: bytes | str,
    *,
    severity: Severity | None = None,
    confidence: Confidence = "high",
) -> Finding:
    """The finding of `rule` for a key and its value, whose bytes `span` begins and ends."""
    return target.finding(
        rule,
        target.region(*span),
        f"`{key}` is set to a plaintext value",
        severity=severity,
        fix=mend.take_out(target, key),
        key=key,
        confidence=confidence,
        value=value,
    )
