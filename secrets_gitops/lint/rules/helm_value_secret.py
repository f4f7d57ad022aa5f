"""`helm-value-secret`: a secret in the values of a Helm chart."""

from __future__ import annotations

from secrets_gitops.lint.helm_values import GATE, holds_values, is_helmfile, is_template, is_values_file
from secrets_gitops.lint.mend import encrypt_by_rule, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.candidates import Candidate
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class HelmValueSecret:
    """Values files, helmfiles, and the fields of HelmRelease, Argo CD, Fleet and others that hold values."""

    id = "helm-value-secret"
    alias = "SG301"
    severity: Severity = "high"
    summary = "the values of a Helm chart hold a plaintext secret"
    why = (
        "Whoever can read the repository has the value; Helm also keeps it in each release that it stores in the "
        "cluster."
    )
    fix = "`secrets-gitops encrypt -i PATH`, or name a Secret (`existingSecret`, `valuesFrom`) instead"

    def concerns(self, target: Target) -> bool:
        """May there be values, and something called as secrets are?"""
        if target.parent is not None or is_template(target.path):
            return False
        return (
            is_values_file(target) or is_helmfile(target.path) or _may_hold_values(target.data)
        ) and target.may_be_called_secret

    def check(self, target: Target) -> Iterator[Finding]:
        """Every value, also those in texts in values."""
        from secrets_gitops.lint.candidates import spread  # noqa: PLC0415

        whole = is_values_file(target)
        for leaf in target.leaves:
            if not (whole and leaf.object is None) and not holds_values(leaf, target.path):
                continue
            for found in spread(target, leaf):
                if found.is_secret:
                    where = f"`{found.name}`" if found.name == leaf.name else f"`{found.name}` in `{leaf.name}`"
                    yield self._finding(target, found, where, whole=whole)

    def _finding(self, target: Target, found: Candidate, where: str, *, whole: bool) -> Finding:
        if whole:
            fix = encrypt_by_rule(target)
            if target.run.creation_rule(target.path) is None:
                fix += f"; or set `existingSecret` or its like in place of `{found.name}`"
        else:
            fix = (
                f"move `{found.name}` out of {quoted(target.path)} into a Secret, and name that "
                f"(`valuesFrom`, or `existingSecret` of the chart)"
            )
        return found.finding(
            self, f"{where} in the values of {found.label or 'a Helm chart'} is a plaintext secret", fix=fix
        )


def _may_hold_values(data: bytes) -> bool:
    return (b"elm" in data or b"kind: Release" in data) and GATE.search(data) is not None


RULE = HelmValueSecret()
