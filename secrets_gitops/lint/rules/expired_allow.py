"""`expired-allow`: an entry of `lint.allow` whose last day is over; the engine finds it, here are the words."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class ExpiredAllow:
    """An excuse that was meant for a time."""

    id = "expired-allow"
    alias = "SG905"
    severity: Severity = "low"
    summary = "an entry of `lint.allow` in the settings has expired, and excuses nothing any more"
    why = "Somebody set a day by which this was to be mended."
    fix = "mend what the entry excused and delete it from PATH, or decide anew until when it may stay"

    def concerns(self, target: Target) -> bool:  # noqa: ARG002  the engine decides
        """Never by itself: the day decides, not the file."""
        return False

    def check(self, target: Target) -> Iterator[Finding]:  # noqa: ARG002
        """Nothing."""
        return iter(())


RULE = ExpiredAllow()
