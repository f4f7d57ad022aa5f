"""`sops-selector-drift`: a file was encrypted by another selector than its creation rule has now."""

from __future__ import annotations

from secrets_gitops.documents.formats import file_format
from secrets_gitops.envelopes.sops.selection import DEFAULT
from secrets_gitops.lint import mend
from secrets_gitops.lint.sops_block import leaves
from secrets_gitops.lint.values import ciphertext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target
    from secrets_gitops.repository.creation_rules import CreationRule


class SopsSelectorDrift:
    """`updatekeys` changes recipients only: a file keeps the selector that it was made with for ever."""

    id = "sops-selector-drift"
    alias = "SG406"
    severity: Severity = "medium"
    summary = "the selector of an encrypted file is not that of its creation rule"
    why = (
        "Which values are encrypted is decided by the file's own selector, also after the rule was changed: what the "
        "rule wants encrypted stays readable, now and in every later edit."
    )
    fix = "secrets-gitops decrypt -i PATH && secrets-gitops encrypt -i PATH"

    def concerns(self, target: Target) -> bool:
        """Is it encrypted, and is there a rule?"""
        if target.parent is not None or b"sops" not in target.data:
            return False
        return target.run.creation_rule(target.path) is not None

    def check(self, target: Target) -> Iterator[Finding]:
        """One finding. It is mild where both selectors choose the same values of this file."""
        rule, record = target.run.creation_rule(target.path), target.recorded
        if rule is None or record is None or record.metadata is None:
            return
        if file_format(target.path) == "binary":
            return  # encrypted as a whole, it has no values to choose from
        said, wanted = record.metadata.selector, rule.selector or DEFAULT
        if said == wanted:
            return
        document = record.document if target.format is None else target.document
        if document is None:
            return
        open_key, same = _compared(document, said, wanted, rule)
        what = f", and leaves `{open_key}` readable, which the rule wants encrypted" if open_key else ""
        node = record.metadata.block.get(said.field)
        yield target.finding(
            self,
            record.region(node.resolved() if node is not None else record.key),
            f"the file was encrypted with `{said}`, but the creation rule at {rule.place.path}:{rule.place.line} says "
            f"`{wanted}`{what}{'; both choose the same values of this file' if same else ''}",
            severity="low" if same else "medium",
            fix=mend.encrypt_again(target.path),
            key="sops",
        )


def _compared(document: Document, said: Selector, wanted: Selector, rule: CreationRule) -> tuple[str, bool]:
    """The first key that only `wanted` chooses and that is readable, or empty; and do both choose the same values?

    Raises SettingsError when the rule's selector is not valid.
    """
    by_rule = leaves(document, wanted, sealed=True, place=rule.place) or []
    by_file = leaves(document, said, sealed=True) or []
    same = len(by_rule) == len(by_file)
    for now, then in zip(by_rule, by_file, strict=False):
        if now.selected == then.selected or (now.node is not None and not now.node.text):
            continue
        same = False
        if now.selected and now.node is not None and not ciphertext.looks_like_sops(now.node.text) and now.keys:
            return now.keys[-1], False
    return "", same


RULE = SopsSelectorDrift()
