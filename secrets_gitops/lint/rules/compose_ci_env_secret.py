"""`compose-ci-env-secret`: secrets in compose files, pipelines, Dockerfiles and scripts, and in commands anywhere."""

from __future__ import annotations

from secrets_gitops.lint import command_secrets, mend
from secrets_gitops.lint.assignment_rule import AssignmentRule, finding_at, is_encrypted
from secrets_gitops.lint.value_model import is_secret
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_ENV = pattern(rb"(?:^|\n)[ \t]{0,20}(?:ENV|env)[ \t]{1,20}([A-Za-z_]\w{1,99}+)[ \t]{1,20}([^\s=][^\r\n]{3,500}+)")
"""The older form of `ENV`, without `=`."""


class ComposeCiEnvSecret(AssignmentRule):
    """Assignments in files that set environments, and in every file the arguments and headers that log in."""

    id = "compose-ci-env-secret"
    alias = "SG606"
    severity: Severity = "high"
    summary = "a compose file, pipeline, Dockerfile, script or command line holds a plaintext secret"
    why = "Pipelines, images and scripts are read by many, and logs often repeat what they hold."
    fix = "let PATH read it from the CI system's secrets or from the environment"
    kinds: frozenset[Kind] = frozenset({"compose", "ci", "dockerfile", "shell"})

    def concerns(self, target: Target) -> bool:
        """Any whole file that people write: the catalogue says for which it is asked."""
        return target.parent is None and target.kind not in {"sample", "noise"} and not is_encrypted(target)

    def check(self, target: Target) -> Iterator[Finding]:
        """Assignments where the kind of file is ours, and commands everywhere."""
        if target.kind in self.kinds:
            yield from super().check(target)
        if target.kind == "dockerfile":
            yield from self._env(target)
        for found in command_secrets.find(target, in_docs=target.kind == "docs"):
            yield target.finding(
                self,
                target.region(found.start, found.end),
                f"{found.what} holds a plaintext value",
                fix=mend.take_out(target, found.key),
                key=found.key,
                value=found.value,
            )

    def _env(self, target: Target) -> Iterator[Finding]:
        for found in _ENV.finditer(target.data):
            key, value = found[1].decode(), found[2].decode("utf-8", "replace").strip(" \t\"'")
            if "$" not in value and is_secret(value, key) and (not value.isalpha() or len(value) >= 16):
                yield finding_at(self, target, (found.start(1), found.end(2)), key, value)


RULE = ComposeCiEnvSecret()
