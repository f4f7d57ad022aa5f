"""`k8s-secret-plaintext`: a Secret, anywhere, holds a value that anybody can read."""

from __future__ import annotations

from secrets_gitops.lint import line_machine, mend
from secrets_gitops.lint.kube_gate import may_hold_secret
from secrets_gitops.lint.objects import secret_pairs
from secrets_gitops.lint.secret_values import judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.finding import Finding, Region, Severity
    from secrets_gitops.lint.objects import KubeObject
    from secrets_gitops.lint.secret_values import Judgement
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
        return may_hold_secret(target.data)

    def check(self, target: Target) -> Iterator[Finding]:
        """The values of every Secret, at any depth, in several documents, in Lists; by lines where nothing parses."""
        if target.document is None:
            yield from self._by_lines(target)
            return
        if target.has_sops_block:
            return
        for found in target.objects:
            for field, key, value in secret_pairs(found):
                yield from self._value(target, found, field, key, value)

    def _value(self, target: Target, found: KubeObject, field: str, key: Node, value: Node) -> Iterator[Finding]:
        scalar, name = value.resolved(), key.resolved().text
        judgement = judge(name, scalar.text, encoded=field == "data", tag=scalar.tag)
        if judgement.severity is None:
            return
        # What an anchor holds is reported where it is written, not where it is used.
        yield self._finding(
            target,
            target.span(key, value) if value is scalar else target.span(scalar),
            judgement,
            field,
            name,
            label=found.label,
            pointer=found.pointer(field, name),
            namespaced=bool(found.namespace),
            text=scalar.text,
        )

    def _by_lines(self, target: Target) -> Iterator[Finding]:
        for loose in line_machine.find(target.text):
            judgement = judge(loose.key, loose.text, encoded=loose.field == "data")
            if judgement.severity is not None:
                yield self._finding(
                    target,
                    target.lift(loose.region),
                    judgement,
                    loose.field,
                    loose.key,
                    label="Secret",
                    pointer="",
                    text=loose.text,
                )

    def _finding(
        self,
        target: Target,
        region: Region,
        judgement: Judgement,
        field: str,
        key: str,
        *,
        label: str,
        pointer: str,
        text: str,
        namespaced: bool = True,
    ) -> Finding:
        where = f"`{key}` in `{field}` of {label}"
        if judgement.severity == "info":
            message = f"{where} is a placeholder; deployed as it is, everybody knows it"
        elif field == "data":
            message = f"{where} is plaintext; base64 is no encryption"
        else:
            message = f"{where} is plaintext, neither encrypted nor a reference"
        return target.finding(
            self,
            region,
            message,
            severity=judgement.severity,
            fix=mend.close(target, namespaced=namespaced),
            object=label,
            pointer=pointer,
            key=key,
            confidence="high" if judgement.severity == "high" else "medium",
            value=text,
        )


RULE = K8sSecretPlaintext()
