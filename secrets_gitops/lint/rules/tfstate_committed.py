"""`tfstate-committed`: a state file of Terraform; it holds every attribute of every resource in plaintext."""

from __future__ import annotations

from secrets_gitops.lint import state_outputs
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
_OUTPUTS = pattern(rb'"outputs"\s{0,20}:\s{0,20}\{\s{0,200}"')


class TfstateCommitted:
    """The sensitive attributes, each; where none is known as such, the file itself."""

    id = "tfstate-committed"
    alias = "SG603"
    severity: Severity = "high"
    summary = "a Terraform state file is committed"
    why = "A state file repeats every attribute of every resource in plaintext: passwords, keys, connection strings."
    fix = "`git rm --cached PATH`, keep the state in a backend that encrypts, and change what it holds"

    def concerns(self, target: Target) -> bool:
        """Is it a state file, with resources or outputs?"""
        return (
            target.parent is None
            and target.kind == "tfstate"
            and not is_encrypted(target)
            and (_RESOURCES.search(target.data) is not None or _OUTPUTS.search(target.data) is not None)
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """Attributes under telling names, results of `random_password`, sensitive outputs."""
        places: dict[int, tuple[str, int, str]] = {}
        for assigned in secrets(target, "tfstate"):
            places[assigned.start] = assigned.key, assigned.end, assigned.value
        for found in _RESULT.finditer(target.data) if b"random_password" in target.data else ():
            value = found[2].decode("utf-8", "replace")
            if is_secret(value, "password"):
                places[found.start(1)] = found[1].decode(), found.end(2), value
        for output in state_outputs.secrets(target.data):
            places[output.start] = output.key, output.end, output.value
        fix = (
            f"`git rm --cached {quoted(target.path)}`, keep the state in a backend that encrypts, and change the value"
        )
        for start, (key, end, value) in sorted(places.items()):
            yield target.finding(
                self, target.region(start, end), f"`{key}` is plaintext in a state file", fix=fix, key=key, value=value
            )
        resources = None if places else _RESOURCES.search(target.data)
        if resources is not None:
            where = target.region(*resources.span())
            yield target.finding(self, where, "a state file with resources is committed", severity="medium", fix=fix)


RULE = TfstateCommitted()
