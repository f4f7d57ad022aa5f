"""`tfstate-committed`: a state file of Terraform; it holds every attribute of every resource in plaintext."""

from __future__ import annotations

from secrets_gitops.lint.assignment_rule import is_encrypted
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.text_values import secrets
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_RESOURCES = pattern(rb'"(?:resources|modules)"\s{0,20}:\s{0,20}[\[{]\s{0,200}[^\]}\s]')
_TEXT = rb'"((?:[^"\\\r\n]|\\[^\r\n]){4,4096}+)"'
_RESULT = pattern(rb'"(result|bcrypt_hash|secret_string|private_key_pem|content)"\s{0,20}:\s{0,20}' + _TEXT)
_OUTPUT = pattern(
    rb'"(value)"\s{0,20}:\s{0,20}' + _TEXT + rb'\s{0,20},\s{0,200}"type"\s{0,20}:\s{0,20}"string"\s{0,20},'
    rb'\s{0,200}"sensitive"\s{0,20}:\s{0,20}true'
)
_OUTPUT_FIRST = pattern(rb'"sensitive"\s{0,20}:\s{0,20}true\s{0,20},[^{}]{0,300}?"(value)"\s{0,20}:\s{0,20}' + _TEXT)


class TfstateCommitted:
    """The sensitive attributes, each; where none is known as such, the file itself."""

    id = "tfstate-committed"
    alias = "SG603"
    severity: Severity = "high"
    summary = "a Terraform state file is committed"
    why = "A state file repeats every attribute of every resource in plaintext: passwords, keys, connection strings."
    fix = "`git rm --cached PATH`, keep the state in a backend that encrypts, and change what it holds"

    def concerns(self, target: Target) -> bool:
        """Is it a state file, with resources?"""
        return (
            target.parent is None
            and target.kind == "tfstate"
            and not is_encrypted(target)
            and _RESOURCES.search(target.data) is not None
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """Attributes under telling names, results of `random_password`, sensitive outputs."""
        places: dict[int, tuple[str, int, str]] = {}
        for assigned in secrets(target, "tfstate"):
            places[assigned.start] = assigned.key, assigned.end, assigned.value
        for expression in (_RESULT, _OUTPUT, _OUTPUT_FIRST):
            if expression is _RESULT and b"random_password" not in target.data:
                continue
            for found in expression.finditer(target.data):
                value = found[2].decode("utf-8", "replace")
                if is_secret(value, "password"):
                    places[found.start(1)] = found[1].decode(), found.end(2), value
        fix = (
            f"`git rm --cached {quoted(target.path)}`, keep the state in a backend that encrypts, and change the value"
        )
        for start, (key, end, value) in sorted(places.items()):
            yield target.finding(
                self, target.region(start, end), f"`{key}` is plaintext in a state file", fix=fix, key=key, value=value
            )
        if not places:
            resources = _RESOURCES.search(target.data)
            assert resources is not None  # says `concerns`
            where = target.region(*resources.span())
            yield target.finding(self, where, "a state file with resources is committed", severity="medium", fix=fix)


RULE = TfstateCommitted()
