"""`k8s-configmap-secret`: a ConfigMap holds a secret, as an entry or in a configuration file that is one."""

from __future__ import annotations

from secrets_gitops.lint.candidates import spread
from secrets_gitops.lint.mend import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class K8sConfigMapSecret:
    """Entries are read as what they look like: YAML, JSON, TOML, ini, properties, dotenv."""

    id = "k8s-configmap-secret"
    alias = "SG104"
    severity: Severity = "high"
    summary = "a ConfigMap holds a plaintext secret"
    why = "Nobody treats a ConfigMap as secret: it is readable in the repository and, in the cluster, to most roles."
    fix = "move the value out of PATH into a Secret, and encrypt or seal that"

    def concerns(self, target: Target) -> bool:
        """Is there a ConfigMap, and something called as secrets are?"""
        return b"ConfigMap" in target.data and target.may_be_called_secret

    def check(self, target: Target) -> Iterator[Finding]:
        """Every value below `data`, and those in the texts there."""
        for leaf in target.leaves:
            if leaf.object is None or leaf.object.kind != "ConfigMap" or leaf.within[:1] != ("data",):
                continue
            entry = leaf.within[1] if len(leaf.within) > 1 else leaf.name
            for found in spread(target, leaf):
                if found.is_secret:
                    where = f"`{found.name}`" if found.name == entry else f"`{found.name}` in `{entry}`"
                    yield found.finding(
                        self,
                        f"{where} of {leaf.label} is a plaintext secret",
                        fix=(
                            f"move `{found.name}` out of the ConfigMap in {quoted(target.path)} into a Secret, "
                            f"and `secrets-gitops seal -i` or `encrypt -i` that"
                        ),
                        label=leaf.label,
                    )


RULE = K8sConfigMapSecret()
