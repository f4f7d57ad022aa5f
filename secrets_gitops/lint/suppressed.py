"""Suppressed: a finding that somebody excused, kept apart from those that count."""

from __future__ import annotations

from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from secrets_gitops.lint.finding import Finding

    Excuse = Literal["comment", "settings", "baseline", "gitleaks"]


class Suppressed(NamedTuple):
    """A finding that does not count, and why not."""

    finding: Finding
    by: Excuse
    """A comment beside it, `lint.allow` of the settings, the baseline, or an allowlist of `.gitleaks.toml`."""
    justification: str
    """The reason as somebody wrote it down; for a comment of another tool, the name of its marker."""

    @property
    def kind(self) -> Literal["inSource", "external"]:
        """The word of SARIF for where the excuse stands."""
        return "inSource" if self.by == "comment" else "external"
