"""`terraform-secret`: a literal in Terraform or other HCL where a secret belongs."""

from __future__ import annotations

from secrets_gitops.lint.assignment_rule import AssignmentRule, finding_at
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.text_values import looks_made
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_TEXT = rb'"((?:[^"\\\r\n]|\\[^\r\n]){1,4096}+)"'
_VARIABLE = pattern(rb'variable[ \t]{1,20}"?([\w-]{1,100})"?[ \t]{0,20}\{([^{}]{0,4000}+)\}')
_DEFAULT = pattern(rb"(?<![\w.])default[ \t]{0,20}=[ \t]{0,20}" + _TEXT)
_SENSITIVE = pattern(rb"(?<![\w.])sensitive[ \t]{0,20}=[ \t]{0,20}true")
_LIST = pattern(rb"(?<![\w.-])([A-Za-z_][\w-]{1,99}+)[\"']?[ \t]{0,20}[=:][ \t]{0,20}\[([^\[\]{}]{1,20000}+)\]")
_ITEM = pattern(_TEXT)
_PAIR = pattern(
    rb"(?<![\w.])[\"']?name[\"']?[ \t]{0,20}[=:][ \t]{0,20}\"([\w.\[\]-]{1,100}+)\"[,\s]{1,200}+"
    rb"[\"']?value[\"']?[ \t]{0,20}[=:][ \t]{0,20}" + _TEXT
)

_STORED = pattern(
    rb"resource[ \t]{1,20}\"(aws_ssm_parameter|azurerm_key_vault_secret|github_actions_(?:\w{1,20}_)?secret"
    rb"|google_secret_manager_secret_version)\"[ \t]{0,20}\"[^\"\n]{1,100}\"[ \t]{0,20}\{([^{}]{0,4000}+)"
)
_VALUE = pattern(rb"(?<![\w.])(value|plaintext_value|secret_data)[ \t]{0,20}=[ \t]{0,20}" + _TEXT)


class TerraformSecret(AssignmentRule):
    """Attributes and map entries, lists, defaults of variables, `name`/`value` pairs. References are no literals."""

    id = "terraform-secret"
    alias = "SG602"
    severity: Severity = "high"
    summary = "Terraform code or variables hold a plaintext secret"
    why = "What stands in `*.tf` and `*.tfvars` is readable in the repository, and is copied into every state file."
    fix = "read it from a secret store or from `TF_VAR_…`; `secrets-gitops exec` provides the environment"
    kinds: frozenset[Kind] = frozenset({"terraform"})

    def check(self, target: Target) -> Iterator[Finding]:
        """Assignments, then what only HCL has."""
        yield from super().check(target)
        data = target.data
        if b"variable" in data:
            yield from self._defaults(target)
        for found in _LIST.finditer(data) if b"[" in data else ():
            key = found[1].decode()
            if read_key(key).is_sensitive:
                for item in _ITEM.finditer(data, *found.span(2)):
                    yield from self._literal(target, key, item[1], found.start(1), item.end(1))
        for block in _STORED.finditer(data) if b"resource" in data else ():
            if block[1] == b"aws_ssm_parameter" and b"SecureString" not in block[2]:
                continue
            for found in _VALUE.finditer(data, *block.span(2)):
                yield from self._literal(target, found[1].decode(), found[2], found.start(1), found.end(2), "password")
        for inner in target.assignments:  # YAML in a heredoc: HCL itself writes literals in quotes
            before = data[max(0, inner.start - 100) : inner.start].rpartition(b"\n")[2]
            if before.strip(b" -") or inner.op != ":" or inner.quote:
                continue
            if inner.name.sensitivity == "strong" and looks_made(inner.value):
                yield from self._literal(target, inner.key, inner.value.encode(), inner.start, inner.end)
        for found in _PAIR.finditer(data) if b"value" in data else ():
            yield from self._literal(target, found[1].decode(), found[2], found.start(1), found.end(2))

    def _defaults(self, target: Target) -> Iterator[Finding]:
        for found in _VARIABLE.finditer(target.data):
            name = found[1].decode()
            default = _DEFAULT.search(target.data, *found.span(2))
            if default is None:
                continue
            if read_key(name).sensitivity == "open" and _SENSITIVE.search(target.data, *found.span(2)):
                yield from self._literal(target, name, default[1], default.start(), default.end(1), "password")
            else:
                yield from self._literal(target, name, default[1], default.start(), default.end(1))

    def _literal(
        self, target: Target, key: str, value: bytes, start: int, end: int, judged_as: str = ""
    ) -> Iterator[Finding]:
        text = value.decode("utf-8", "replace")
        if len(text) >= 4 and is_secret(text, judged_as or key):
            yield finding_at(self, target, (start, end), key, value)


RULE = TerraformSecret()
