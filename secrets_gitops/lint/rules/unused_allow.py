"""`unused-allow`: an allow comment of ours that silences nothing; the engine finds it, here are the words."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class UnusedAllow:
    """What is left of an excuse when the finding is gone."""

    id = "unused-allow"
    alias = "SG903"
    severity: Severity = "info"
    summary = "an allow comment silences nothing"
    why = "It would silence the next secret that comes to stand there."
    fix = "delete the comment from PATH"

    def concerns(self, target: Target) -> bool:  # noqa: ARG002  the engine decides
        """Never by itself: what a comment silences is known when all rules have run."""
        return False

    def check(self, target: Target) -> Iterator[Finding]:  # noqa: ARG002
        """Nothing."""
        return iter(())


RULE = UnusedAllow()
