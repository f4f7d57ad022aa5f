"""`sops-not-encrypted`: a creation rule covers the file, and the file is not encrypted."""

from __future__ import annotations

import posixpath

from secrets_gitops.documents.formats import line_format
from secrets_gitops.lint import mend, sops_text
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.objects import secret_pairs
from secrets_gitops.lint.reference_positions import names_a_secret
from secrets_gitops.lint.secret_values import judge
from secrets_gitops.lint.value_model import classify, is_secret
from secrets_gitops.lint.values import ciphertext, public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target
    from secrets_gitops.repository.creation_rules import CreationRule

_NEVER = frozenset(
    {
        ".sops.yaml", ".sops.yml", ".secrets-gitops.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization",
        ".gitkeep", ".gitignore", ".gitattributes", ".pre-commit-config.yaml", ".pre-commit-hooks.yaml",
    }
)  # fmt: skip
_DOCUMENTATION = (".md", ".rst", ".adoc", ".pub", ".crt", ".cer")
_PROBES = ("q1.yaml", "q2/q3.yml", "q4.json", "q5.env", "q6/q7/q8.yaml", "q9.txt")
"""Names that nobody would write a rule for; a rule that fits one of them fits everything of its kind."""


class SopsNotEncrypted:
    """A rule for certain files says that these must be encrypted. A rule for all files only says how."""

    id = "sops-not-encrypted"
    alias = "SG401"
    severity: Severity = "high"
    summary = "a file that a creation rule covers is not encrypted"
    why = "`.sops.yaml` says that files of this name are encrypted; this one is readable in the repository."
    fix = "secrets-gitops encrypt -i PATH"

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        """A rule for all files obliges all files."""

    def concerns(self, target: Target) -> bool:
        """Is there a rule for the file?"""
        if target.parent is not None or posixpath.basename(target.path) in _NEVER or not target.data.strip():
            return False
        return target.run.creation_rule(target.path) is not None

    def check(self, target: Target) -> Iterator[Finding]:
        """At most one finding: the first value that should be encrypted."""
        rule = target.run.creation_rule(target.path)
        if rule is None or target.recorded is not None or sops_text.is_encrypted(target.path, target.data):
            return
        if sops_text.unmerged_line(target.data):  # `sops-unmerged` says what there is to do
            return
        found = _first_open(target, rule, broad=not self._strict and _is_broad(rule))
        if found is not None:
            region, key = found
            what = f"`{key}` and the rest of the file are" if key else "the file is"
            yield target.finding(
                self,
                target.lift(region),
                f"{what} not encrypted, though the creation rule at {rule.place.path}:{rule.place.line} covers it",
                fix=mend.encrypt(target.path),
                key=key,
            )


def _is_broad(rule: CreationRule) -> bool:
    """Does the rule fit files whatever they are called?"""
    if not rule.path_regex:
        return True
    from secrets_gitops.golang import regexp  # noqa: PLC0415

    expression = regexp.compile(rule.path_regex)
    return any(expression.search(probe) for probe in _PROBES)


def _first_open(target: Target, rule: CreationRule, *, broad: bool) -> tuple[Region, str] | None:
    """The first value that the rule's selector chooses; for a broad rule, only one that is a secret."""
    if target.format is None:
        return _first_open_line(target, rule, broad=broad)
    document = target.document
    if document is None:
        return None if broad else (Region(1, 1, 1, 1), "")
    from secrets_gitops.lint.sops_block import leaves  # noqa: PLC0415

    found = leaves(document, rule.selector, sealed=False, place=rule.place)
    if found is None:
        return None if broad else (Region(1, 1, 1, 1), "")
    secrets = _plaintext_of_secrets(target) if broad else frozenset()
    for leaf in found:
        if not leaf.selected or leaf.node is None:
            continue
        key, node = leaf.keys[-1] if leaf.keys else "", leaf.node
        if broad:
            opened = id(node) in secrets or (not names_a_secret(leaf.keys) and is_secret(node.text, key))
        else:
            opened = classify(node.text, key) != "empty"
        if opened:
            name = target.key_of(node)
            return target.own_span(name or node, node), key
    return None


def _plaintext_of_secrets(target: Target) -> frozenset[int]:
    """The scalars in the data of Secrets that may not stand there."""
    return frozenset(
        id(value.resolved())
        for found in target.objects
        for field, key, value in secret_pairs(found)
        if judge(key.resolved().text, value.resolved().text, encoded=field == "data", tag=value.resolved().tag).severity
        not in {None, "info"}
    )


def _first_open_line(target: Target, rule: CreationRule, *, broad: bool) -> tuple[Region, str] | None:
    """The same for dotenv and INI, by lines; any other file would be encrypted as a whole."""
    path, text = target.path, target.text
    form = line_format(path)
    if form is None:
        whole = broad or path.endswith(_DOCUMENTATION) or public.is_public(text)
        return None if whole or ciphertext.is_ciphertext_bytes(target.data) else (Region(1, 1, 1, 1), "")
    from secrets_gitops.envelopes.sops.selection import DEFAULT, Selection  # noqa: PLC0415

    selection = Selection(rule.selector or DEFAULT, rule.place)
    for line in sops_text.assignments(path, text):
        keys = (line.section, line.key) if form == "ini" else (line.key,)
        if selection.selects(keys) and (is_secret(line.value, line.key) if broad else line.value.strip()):
            return Region(line.line, line.column, line.line, line.end_column), line.key
    return None


RULE = SopsNotEncrypted()
STRICT = SopsNotEncrypted(strict=True)
