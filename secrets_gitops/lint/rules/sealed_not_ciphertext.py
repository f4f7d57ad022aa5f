"""`sealed-not-ciphertext`: an item of a SealedSecret that cannot be a sealed value."""

from __future__ import annotations

from secrets_gitops.envelopes import sealed_blob
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.objects import entries
from secrets_gitops.lint.value_model import classify
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.objects import KubeObject
    from secrets_gitops.lint.target import Target

_BEGINS_SEALED = pattern(r"A(?:QA|YA|gA)[A-Za-z0-9+/]{16}|Ag[A-D][A-Za-z0-9+/]{16}")
"""The size of an RSA key in its first two bytes, as base64 shows them: a sealed item that was cut or damaged."""


class SealedNotCiphertext:
    """Each item of `encryptedData` is looked at; what is inside a well-formed one, only the cluster's key can tell."""

    id = "sealed-not-ciphertext"
    alias = "SG503"
    severity: Severity = "high"
    summary = "an item in `encryptedData` of a SealedSecret is not sealed"
    why = "The controller cannot open it, and whoever can read the repository can read it: most often it is the value."
    fix = "`secrets-gitops seal -o PATH SECRET.yaml`, from the Secret that it was made of"

    def concerns(self, target: Target) -> bool:
        """Is there a SealedSecret?"""
        return b"SealedSecret" in target.data

    def check(self, target: Target) -> Iterator[Finding]:
        """Every item of `encryptedData`, and `data`, which old ones have in its place."""
        for found in target.objects:
            if found.kind != "SealedSecret":
                continue
            for _, spec in entries(found.node, "spec"):
                for _, items in entries(spec, "encryptedData"):
                    for key, value in entries(items):
                        yield from self._item(target, found, ("spec", "encryptedData", key.resolved().text), key, value)
                for key, value in entries(spec, "data"):
                    yield from self._item(target, found, ("spec", "data"), key, value)

    def _item(
        self, target: Target, found: KubeObject, path: tuple[str, ...], key: Node, value: Node
    ) -> Iterator[Finding]:
        scalar, name = value.resolved(), path[-1]
        if scalar.kind != "scalar" or sealed_blob.flaw(scalar.text) is None:
            return
        kind = classify(scalar.text, name, strict=True, tag=scalar.tag)
        if kind in {"empty", "template", "expansion"}:
            return
        damaged = _BEGINS_SEALED.match(scalar.text) is not None
        what = "is damaged ciphertext" if damaged else f"is not sealed: {sealed_blob.flaw(scalar.text)}"
        severity: Severity = "medium" if damaged else "high"
        yield target.finding(
            self,
            target.span(key, value) if value is scalar else target.span(scalar),
            f"`{name}` in `{path[-2]}` of {found.label} {what}",
            severity="info" if kind in {"placeholder", "documented"} else severity,
            fix=f"`secrets-gitops seal -o {quoted(target.path)} SECRET.yaml`, from the Secret that it was made of",
            object=found.label,
            pointer=found.pointer(*path),
            key=name,
            value=scalar.text,
        )


RULE = SealedNotCiphertext()
