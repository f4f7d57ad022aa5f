"""`kustomize-secret-literal`: a secret generator with the value written into the kustomization."""

from __future__ import annotations

from secrets_gitops.lint.generators import generated
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.secret_values import judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class KustomizeSecretLiteral:
    """One finding for each literal. A kustomization cannot be encrypted as a whole: kustomize reads it."""

    id = "kustomize-secret-literal"
    alias = "SG201"
    severity: Severity = "high"
    summary = "a `secretGenerator` literal holds a plaintext value"
    why = "Whoever can read the repository has the value; the generator only copies it into a Secret."
    fix = "move the literal out of PATH into a Secret manifest, and `secrets-gitops seal -i` or `encrypt -i` that"

    def concerns(self, target: Target) -> bool:
        """Is there a generator?"""
        return b"secretGenerator" in target.data

    def check(self, target: Target) -> Iterator[Finding]:
        """Each `key=value` of `literals`."""
        if target.document is None:
            return
        for item in generated(target.document, ("literals",)):
            key, separator, value = item.text.partition("=")
            if separator and len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            judgement = judge(key, value)
            if not separator or judgement.severity is None:
                continue
            what = "a placeholder" if judgement.severity == "info" else "plaintext"
            yield target.finding(
                self,
                target.span(item.node.resolved()),
                f"the literal `{key}` of the secret generator `{item.generator}` is {what}",
                severity=judgement.severity,
                fix=(
                    f"move `{key}` out of {quoted(target.path)} into a Secret manifest, "
                    f"and `secrets-gitops seal -i` or `encrypt -i` that"
                ),
                object=f"Secret/{item.generator}" if item.generator else "Secret",
                key=key,
            )


RULE = KustomizeSecretLiteral()
