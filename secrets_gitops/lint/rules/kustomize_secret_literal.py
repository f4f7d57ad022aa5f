"""`kustomize-secret-literal`: a secret generator with the value written into the kustomization."""

from __future__ import annotations

from secrets_gitops.lint.generators import generated, literals_by_lines
from secrets_gitops.lint.kube_gate import GENERATOR
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.secret_values import judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Region, Severity
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
        return GENERATOR in target.data

    def check(self, target: Target) -> Iterator[Finding]:
        """Each `key=value` of `literals`."""
        if target.document is None:
            for text, region in literals_by_lines(target.text):
                yield from self._literal(target, target.lift(region), "", text)
            return
        for item in generated(target.document, ("literals",)):
            yield from self._literal(target, target.span(item.node.resolved()), item.generator, item.text)

    def _literal(self, target: Target, region: Region, generator: str, text: str) -> Iterator[Finding]:
        key, separator, value = text.partition("=")
        if separator and len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        severity = judge(key, value).severity
        if not separator or severity is None:
            return
        yield target.finding(
            self,
            region,
            f"the literal `{key}` of {f'the secret generator `{generator}`' if generator else 'a secret generator'} is "
            f"{'a placeholder' if severity == 'info' else 'plaintext'}",
            severity=severity,
            fix=(
                f"move `{key}` out of {quoted(target.path)} into a Secret manifest, "
                f"and `secrets-gitops seal -i` or `encrypt -i` that"
            ),
            object=f"Secret/{generator}" if generator else "Secret",
            key=key,
            value=value,
        )


RULE = KustomizeSecretLiteral()
