"""`k8s-secret-plaintext`: a Secret, anywhere, holds a value that anybody can read."""

from __future__ import annotations

from secrets_gitops.lint import mend
from secrets_gitops.lint.kube_gate import may_hold_values
from secrets_gitops.lint.open_values import open_values
from secrets_gitops.lint.secret_values import is_made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Confidence, Finding, Severity
    from secrets_gitops.lint.target import Target


class K8sSecretPlaintext:
    """One finding for each key. Files with a `sops` block are the business of `sops-partial`."""

    id = "k8s-secret-plaintext"
    alias = "SG101"
    severity: Severity = "high"
    summary = "a Kubernetes Secret holds a plaintext value"
    why = (
        "Whoever can read the repository, now or in its history, has the value. Base64 is an encoding, not encryption."
    )
    fix = "secrets-gitops encrypt -i PATH"

    def concerns(self, target: Target) -> bool:
        """Can there be a Secret?"""
        return may_hold_values(target.data, target.different_words)

    def check(self, target: Target) -> Iterator[Finding]:
        """The values of every Secret."""
        is_shown = target.parent is None and target.kind == "docs"
        for found in open_values(target):
            severity = found.severity
            if is_shown and not is_made(found.text, encoded=found.field == "data"):
                severity = "info"  # what documentation shows counts only when made by chance
            where = f"`{found.key}` in `{found.field}` of {found.label}"
            if severity == "info":
                message = f"{where} is a placeholder; deployed as it is, everybody knows it"
            elif found.field == "data":
                message = f"{where} is plaintext; base64 is no encryption"
            else:
                message = f"{where} is plaintext, neither encrypted nor a reference"
            fix = mend.close(target, namespaced=found.namespaced)
            confidence: Confidence = "high" if severity == "high" else "medium"
            yield found.finding(self, target, message, severity=severity, fix=fix, confidence=confidence)


RULE = K8sSecretPlaintext()
