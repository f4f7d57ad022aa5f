"""Policy: what the repository and its users say about findings: which of them are excused."""

from __future__ import annotations

from secrets_gitops.lint import catalog
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secrets_gitops.lint.allows import Marker
    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.suppressed import Suppressed
    from secrets_gitops.lint.target import Target
    from secrets_gitops.repository.snapshot import Snapshot

_MARKS = (b":allow", b"pragma:", b"ggignore", b":ignore", b"checkov:skip")
"""One of them is part of every allow comment, ours and others'."""


class Options(NamedTuple):
    """What flags and environment say about a scan; None where they say nothing, and then the settings decide."""

    foreign_allow: bool | None = None
    """Do the allow markers of other tools count?"""


NONE = Options()


class Policy:
    """For one scan.

    `excuses` is the snapshot that may excuse findings, when it is another than the one that is scanned: what a server
    receives must not excuse itself.
    """

    def __init__(self, options: Options = NONE, excuses: Snapshot | None = None) -> None:
        self._options = options
        self._excuses = excuses

    def judge(
        self, target: Target, findings: list[Finding], ran: frozenset[str]
    ) -> tuple[list[Finding], list[Suppressed]]:
        """The findings of a file that count, also those about excuses, and the findings that do not.

        `ran` are the rules that checked the file; empty when only some of them were asked, as for context.
        """
        if not any(word in target.data for word in _MARKS):
            return findings, []
        from secrets_gitops.lint import allows  # noqa: PLC0415  few files have an allow comment

        foreign = self._options.foreign_allow is not False
        heard = allows.hear(target, findings, foreign=foreign, known=self._known(target.path))
        return [*heard.findings, *about_markers(target, heard.unused, ran)], heard.suppressed

    def _known(self, path: str) -> str | None:
        """The file as it is where excuses are taken from; None when that is the file itself."""
        if self._excuses is None:
            return None
        if not self._excuses.exists(path):
            return ""
        from secrets_gitops.lint.gate import utf8  # noqa: PLC0415

        return utf8(self._excuses.read(path)).decode("utf-8", "replace")


def about_markers(target: Target, markers: Iterable[Marker], ran: frozenset[str]) -> Iterator[Finding]:
    """What is wrong with allow comments. One that names a rule that did not run may be of use in another scan."""
    for marker in markers:
        if marker.problem:
            rule = catalog.load("allow-without-reason")
            message = f"this `{marker.name}` silences nothing: {marker.problem}"
        elif ran.issuperset(marker.rules):
            rule = catalog.load("unused-allow")
            message = f"no finding of `{', '.join(marker.rules)}` stands here"
        else:
            continue
        if rule.id in ran:
            yield target.finding(rule, marker.region(), message)
