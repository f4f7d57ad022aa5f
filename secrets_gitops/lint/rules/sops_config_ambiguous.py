"""`sops-config-ambiguous`: which creation rule a file gets depends on where `sops` is called."""

from __future__ import annotations

import posixpath

from secrets_gitops.errors import Error
from secrets_gitops.lint import mend
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.run import RULE_FILE
from secrets_gitops.lint.sops_record import is_encrypted, neighbour

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target
    from secrets_gitops.repository.creation_rules import CreationRule, CreationRules


class SopsConfigAmbiguous:
    """We take the nearest `.sops.yaml` above the file; sops takes the nearest above the folder that it is called in."""

    id = "sops-config-ambiguous"
    alias = "SG411"
    severity: Severity = "low"
    summary = "two `.sops.yaml` give an encrypted file different rules, depending on where `sops` is called"
    why = (
        "Called in the root of the repository, sops takes the rules there, called further down those beside the file: "
        "the next new file may be encrypted for other people than this one."
    )
    fix = "say all rules in one `.sops.yaml`; `secrets-gitops explain FILE` names the rule of a file"

    def concerns(self, target: Target) -> bool:
        """Is it a rule file below the root, and are there rules in the root too?"""
        folder, name = posixpath.split(target.path)
        return name == RULE_FILE and bool(folder) and target.run.snapshot.exists(RULE_FILE)

    def check(self, target: Target) -> Iterator[Finding]:
        """One finding, with the first file as the example: they are all mended in one place."""
        folder = posixpath.dirname(target.path)
        nearest, top = target.run.creation_rules(folder), target.run.creation_rules("")
        if nearest is None or top is None or nearest.path != target.path:
            return
        for path in target.run.snapshot.paths():
            if not path.startswith(f"{folder}/") or target.run.creation_rules(posixpath.dirname(path)) is not nearest:
                continue
            if _meaning(top, path) in (None, _meaning(nearest, path)):
                continue
            file = neighbour(target, path)
            if file is not None and is_encrypted(file):
                yield target.finding(
                    self,
                    Region(1, 1, 1, 1),
                    f"{path} gets another rule here than from {RULE_FILE} in the root, where `sops` looks when it is "
                    "called there",
                    fix=f"say all rules in {RULE_FILE}; `secrets-gitops explain {mend.quoted(path)}` names the rule",
                    key=path,
                )
                return


def _meaning(rules: CreationRules, path: str) -> object:
    """What the rules make of a file, apart from where they say it; None when no rule fits."""
    try:
        rule: CreationRule | None = rules.rule_for(path)
    except Error:
        return None
    if rule is None:
        return None
    groups = tuple(frozenset((key.kind, key.text) for key in group) for group in rule.groups)
    return groups, rule.shamir_threshold, rule.selector, rule.mac_only_encrypted


RULE = SopsConfigAmbiguous()
