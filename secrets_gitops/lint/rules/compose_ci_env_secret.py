"""`compose-ci-env-secret`: secrets in compose files, pipelines, Dockerfiles and scripts, and in commands anywhere."""

from __future__ import annotations

from secrets_gitops.lint import command_secrets, mend
from secrets_gitops.lint.assignment_rule import AssignmentRule, is_encrypted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


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
        for found in command_secrets.find(target.data, in_docs=target.kind == "docs"):
            yield target.finding(
                self,
                target.region(found.start, found.end),
                f"{found.what} holds a plaintext value",
                fix=mend.take_out(target, found.key),
                key=found.key,
                value=found.value,
            )


RULE = ComposeCiEnvSecret()
