"""`sops-unmerged`: an encrypted file in which the markers of a merge conflict still stand."""

from __future__ import annotations

from secrets_gitops.lint import sops_text
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.mend import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target


class SopsUnmerged:
    """git records what was added, markers and all."""

    id = "sops-unmerged"
    alias = "SG412"
    severity: Severity = "high"
    summary = "an encrypted file holds the markers of a merge conflict"
    why = "Such a file is two files in one: nobody can decrypt it, and whoever deploys it fails."
    fix = "`secrets-gitops edit PATH`, which shows both sides"

    def concerns(self, target: Target) -> bool:
        """Are there markers, and envelopes between them?"""
        return target.parent is None and sops_text.unmerged_line(target.data) > 0

    def check(self, target: Target) -> Iterator[Finding]:
        """One finding, at the first marker."""
        line = sops_text.unmerged_line(target.data)
        fix = f"`secrets-gitops edit {quoted(target.path)}` shows both sides"
        yield target.finding(
            self, target.lift(Region(line, 1, line, 8)), "a merge is not finished: conflict markers stand here", fix=fix
        )


RULE = SopsUnmerged()
