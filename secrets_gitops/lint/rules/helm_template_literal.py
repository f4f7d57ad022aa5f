"""`helm-template-literal`: a template of a chart makes a Secret from a value that stands in the template itself."""

from __future__ import annotations

from secrets_gitops.lint.helm_values import is_template
from secrets_gitops.lint.kube_gate import may_hold_values
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.open_values import open_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class HelmTemplateLiteral:
    """What `k8s-secret-plaintext` finds below `templates/`, with what mends it there: a template is not encrypted."""

    id = "helm-template-literal"
    alias = "SG302"
    severity: Severity = "high"
    summary = "a template of a Helm chart holds a value of a Secret as literal text"
    why = "Everybody who has the chart has the value, and every installation shares it."
    fix = "make it a value of the chart (`{{ .Values.name | b64enc }}` in PATH), or generate it"

    def concerns(self, target: Target) -> bool:
        """Is it a template that may make a Secret?"""
        if target.parent is not None or not is_template(target.path):
            return False
        return may_hold_values(target.data, target.different_words)

    def check(self, target: Target) -> Iterator[Finding]:
        """The literal values of every Secret."""
        for found in open_values(target):
            if found.severity != "info":
                yield found.finding(
                    self,
                    target,
                    f"`{found.key}` in `{found.field}` of a Secret is literal text in a template of a chart",
                    severity=found.severity,
                    fix=(
                        f"make `{found.key}` a value of the chart, and write {{{{ .Values.NAME | b64enc }}}} "
                        f"in {quoted(target.path)}"
                    ),
                )


RULE = HelmTemplateLiteral()
