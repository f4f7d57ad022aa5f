"""`terraform-secret`: a literal in Terraform or other HCL where a secret belongs."""

from __future__ import annotations

from bisect import bisect_right

from secrets_gitops.lint.assignment_rule import AssignmentRule, finding, finding_at
from secrets_gitops.lint.candidates import is_excused
from secrets_gitops.lint.hcl_leaves import leaves
from secrets_gitops.lint.secret_values import judge
from secrets_gitops.lint.text_values import literal, looks_made, secrets
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.lint.values import bodies, shape
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.hcl_leaves import HclLeaf
    from secrets_gitops.lint.target import Target

_TEXT = rb'"((?:[^"\\\r\n]|\\[^\r\n]){1,4096}+)"'
_NAME = rb"(?<![\w.])[\"']?name[\"']?[ \t]{0,20}[=:][ \t]{0,20}\"([\w.\[\]-]{1,100}+)\""
_NAMED = rb"((?<![\w.])[\"']?value[\"']?)[ \t]{0,20}[=:][ \t]{0,20}" + _TEXT
_PAIRS = (
    (pattern(_NAME + rb"[,\s]{1,200}+" + _NAMED), 1, 2, 3),
    (pattern(_NAMED + rb"[,\s]{1,200}+" + _NAME), 3, 1, 2),
)
"""A name and its value, in both orders, with the groups of the name, of the key `value` and of the value itself."""
_STORED = pattern(
    rb"resource[ \t]{1,20}\"(aws_ssm_parameter|azurerm_key_vault_secret|github_actions_(?:\w{1,20}_)?secret"
    rb"|google_secret_manager_secret_version)\"[ \t]{0,20}\"[^\"\n]{1,100}\"[ \t]{0,20}\{([^{}]{0,4000}+)"
)
_VALUE = pattern(rb"(?<![\w.])(value|plaintext_value|secret_data)[ \t]{0,20}=[ \t]{0,20}" + _TEXT)


_WORDS = (b"secret", b"sensitive")
"""In every text with a secret whose key does not say that it is one."""


class TerraformSecret(AssignmentRule):
    """Attributes, maps, lists, heredocs, defaults of variables, `name`/`value` pairs. References are no literals."""

    id = "terraform-secret"
    alias = "SG602"
    severity: Severity = "high"
    summary = "Terraform code or variables hold a plaintext secret"
    why = "What stands in `*.tf` and `*.tfvars` is readable in the repository, and is copied into every state file."
    fix = "read it from a secret store or from `TF_VAR_…`; `secrets-gitops exec` provides the environment"
    kinds: frozenset[Kind] = frozenset({"terraform"})

    def check(self, target: Target) -> Iterator[Finding]:
        """Assignments, then what only HCL has."""
        told: set[int] = set()
        for found in secrets(target, target.kind):
            told.add(found.value_start)
            yield finding(self, target, found)
        data = target.data
        for expression, name, start, value in _PAIRS if b"value" in data else ():
            for pair in expression.finditer(data):
                key, text = pair[name].decode(), pair[value].decode("utf-8", "replace")
                if len(text) >= 4 and pair.start(value) not in told and is_secret(text, key):
                    told.add(pair.start(value))
                    yield finding_at(self, target, (pair.start(start), pair.end(value)), key, text)
        heredocs: list[tuple[int, int]] = []
        for leaf in leaves(data) if target.telling_words or any(word in target.lowered for word in _WORDS) else ():
            if leaf.is_heredoc:
                heredocs.append((leaf.start, leaf.end))
            if leaf.start not in told and _is_secret(leaf):
                told.update(range(leaf.start, leaf.end) if leaf.is_heredoc else (leaf.start,))
                yield finding_at(self, target, _place(leaf), leaf.name, leaf.text.strip())
        for block in _STORED.finditer(data) if b"resource" in data else ():
            if block[1] == b"aws_ssm_parameter" and b"SecureString" not in block[2]:
                continue
            for stored in _VALUE.finditer(data, *block.span(2)):
                text = stored[2].decode("utf-8", "replace")
                if stored.start(2) not in told and len(text) >= 4 and is_secret(text, "password"):
                    yield finding_at(self, target, (stored.start(1), stored.end(2)), stored[1].decode(), text)
        yield from self._in_heredocs(target, heredocs, told)

    def _in_heredocs(self, target: Target, heredocs: list[tuple[int, int]], told: set[int]) -> Iterator[Finding]:
        """YAML, scripts and the like, which write literals without quotes; HCL itself does not."""
        for found in target.assignments:
            if found.quote or found.value_start in told or found.name.sensitivity != "strong":
                continue
            at = bisect_right(heredocs, (found.start, len(target.data))) - 1
            if at >= 0 and found.start < heredocs[at][1]:
                value = literal(found, "shell")
                if looks_made(value) and is_secret(value, found.name):
                    span = found.start, found.value_start + len(value.encode())
                    yield finding_at(self, target, span, found.key, value)


def _is_secret(leaf: HclLeaf) -> bool:
    text = leaf.text.strip()
    if len(text) < 4:
        return False
    if leaf.stored:
        inside = bodies.assignments(text) or [bodies.Assignment(leaf.name, text)]
        return any(judge(one.key, one.value).severity == "high" for one in inside)
    if not leaf.sense.is_sensitive or not is_secret(text, leaf.sense) or is_excused(leaf.name, leaf.sense, text):
        return False
    if "\n" in text and bodies.assignments(text) is None:
        return all(shape.is_random_looking(line.strip()) for line in text.splitlines())
    return leaf.is_whole or looks_made(text)


def _place(leaf: HclLeaf) -> tuple[int, int]:
    """From its key, where that stands near, to its last character."""
    return leaf.key_start if leaf.key_start >= 0 else leaf.start, leaf.start + len(leaf.text.rstrip().encode())


RULE = TerraformSecret()
