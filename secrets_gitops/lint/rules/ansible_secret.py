"""`ansible-secret`: variables, plays and inventories with a password or token that nobody encrypted."""

from __future__ import annotations

from secrets_gitops.lint.assignment_rule import AssignmentRule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Severity


class AnsibleSecret(AssignmentRule):
    """`!vault` scalars, files of Ansible's vault and Jinja are no plaintext."""

    id = "ansible-secret"
    alias = "SG604"
    severity: Severity = "high"
    summary = "Ansible variables, a playbook or an inventory hold a plaintext secret"
    why = "Whoever can read the repository can log in with it, often on every host of the inventory."
    fix = "`secrets-gitops encrypt -i PATH` (Ansible reads such files with community.sops), or ansible-vault"
    kinds: frozenset[Kind] = frozenset({"ansible", "inventory"})


RULE = AnsibleSecret()
