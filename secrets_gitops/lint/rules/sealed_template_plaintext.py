"""`sealed-template-plaintext`: a secret in the template of a SealedSecret, beside the sealed items."""

from __future__ import annotations

from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.objects import entries
from secrets_gitops.lint.secret_values import is_secret_in_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.objects import KubeObject
    from secrets_gitops.lint.target import Target


class SealedTemplatePlaintext:
    """A template may hold settings, and quote sealed keys; secrets belong in `encryptedData`."""

    id = "sealed-template-plaintext"
    alias = "SG501"
    severity: Severity = "high"
    summary = "the template of a SealedSecret holds a secret in plaintext"
    why = "Only `encryptedData` is sealed. What stands in `template.data` is readable by whoever reads the repository."
    fix = "move the value into `encryptedData` of PATH and quote it in the template as {{ .key }}"

    def concerns(self, target: Target) -> bool:
        """Is there a SealedSecret?"""
        return b"SealedSecret" in target.data and b"template" in target.data

    def check(self, target: Target) -> Iterator[Finding]:
        """The values of `spec.template.data` and `spec.template.stringData`."""
        for found in target.objects:
            if found.kind != "SealedSecret":
                continue
            for _, spec in entries(found.node, "spec"):
                for _, template in entries(spec, "template"):
                    for field in ("data", "stringData"):
                        for _, values in entries(template, field):
                            for key, value in entries(values):
                                yield from self._value(target, found, field, key, value)

    def _value(self, target: Target, found: KubeObject, field: str, key: Node, value: Node) -> Iterator[Finding]:
        scalar, name = value.resolved(), key.resolved().text
        if scalar.kind == "scalar" and is_secret_in_template(name, scalar.text):
            yield target.finding(
                self,
                target.span(key, value) if value is scalar else target.span(scalar),
                f"`{name}` in `template.{field}` of {found.label} is plaintext; only `encryptedData` is sealed",
                fix=(
                    f"move the value into `encryptedData` of {quoted(target.path)} "
                    f"(`secrets-gitops seal`) and quote it in the template"
                ),
                object=found.label,
                pointer=found.pointer("spec", "template", field, name),
                key=name,
                value=scalar.text,
            )


RULE = SealedTemplatePlaintext()
