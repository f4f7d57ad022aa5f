"""AssignmentRule: what the rules share that find secrets as assignments, each in files of its own kinds."""

from __future__ import annotations

from secrets_gitops.lint import mend, sops_text
from secrets_gitops.lint.text_values import secrets
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
        """Every assignment of a secret."""
        for found in secrets(target, target.kind):
            yield finding(self, target, found)


def is_encrypted(target: Target) -> bool:
    """Is the whole file one ciphertext, of sops or of Ansible's vault? One of which a part may be open is not."""
    if target.data.startswith(_VAULT):
        return ciphertext.is_ansible_body(target.data.decode("utf-8", "replace"))
    return b"sops" in target.data and sops_text.is_whole(target.path, target.data)


def finding(rule: Rule, target: Target, found: Assignment, *, severity: Severity | None = None) -> Finding:
    """The finding of `rule` for one assignment."""
    confidence: Confidence = "high" if found.name.sensitivity == "strong" else "medium"
    return target.finding(
        rule,
        target.region(found.start, found.end),
        f"`{found.key}` is set to a plaintext value",
        severity=severity,
        fix=mend.take_out(target, found.key),
        key=found.key,
        confidence=confidence,
        value=found.value,
    )
