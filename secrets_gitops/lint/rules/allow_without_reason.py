"""`allow-without-reason`: an allow comment that lacks rule or reason; the engine finds it, here are the words."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class AllowWithoutReason:
    """An excuse that nobody can judge later."""

    id = "allow-without-reason"
    alias = "SG904"
    severity: Severity = "low"
    summary = "an allow comment names no rule that there is, gives no reason, or is too mild, and silences nothing"
    why = "Without a reason nobody can tell later whether the exception still holds."
    fix = "write `secrets-gitops:allow RULE -- reason` in PATH, for a critical finding `secrets-gitops:allow!`"

    def concerns(self, target: Target) -> bool:  # noqa: ARG002  the engine decides
        """Never by itself: the engine reads the comments once all rules have run."""
        return False

    def check(self, target: Target) -> Iterator[Finding]:  # noqa: ARG002
        """Nothing."""
        return iter(())


RULE = AllowWithoutReason()
