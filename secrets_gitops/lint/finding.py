"""Finding: one thing that must not be in git, with its place, why it matters and the command that mends it.

A finding never holds the value that it is about, nor a part of it: key, place and kind of value only.
"""

from __future__ import annotations

from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Severity = Literal["info", "low", "medium", "high", "critical"]
    Confidence = Literal["high", "medium", "low"]

SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
"""All severities, mildest first."""


def rank(severity: Severity) -> int:
    """How grave: larger is graver. Raises ValueError for a word that is no severity."""
    return SEVERITIES.index(severity)


class Region(NamedTuple):
    """A part of a file. Lines and columns count from 1, columns in code points; the end column is excluded."""

    line: int
    column: int
    end_line: int
    end_column: int


class Finding(NamedTuple):
    """One finding. Its region begins at the key (or at the value, where there is no key) and ends with the value."""

    rule: str
    """The rule's slug, for example `k8s-secret-plaintext`."""
    severity: Severity
    path: str
    """POSIX, relative to the root of the snapshot."""
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    """One sentence without a full stop: what, where, and why it is not allowed. Never a value."""
    fix: str = ""
    """The one command that mends it, with the real path, or what to do where no command can."""
    confidence: Confidence = "high"
    object: str = ""
    """The Kubernetes object, `Secret/namespace/name`; parts that are not known are left out."""
    pointer: str = ""
    """JSON pointer of the value in its YAML document; `N#` before it names a document after the first, from 0."""
    key: str = ""
    """The value's key as written."""
    also: tuple[str, ...] = ()
    """Other rules that found the same value in the same place."""
    digest: bytes = b""
    """Keyed digest of the value (`lint.fingerprints`), for fingerprints only; empty for a value that can be guessed."""
    commit: str = ""
    """The commit that brought it, where commits are scanned."""
    introduced: bool = True
    """False when the file's version in a parent commit has it already."""

    def region(self) -> Region:
        """Where it stands."""
        return Region(self.line, self.column, self.end_line, self.end_column)

    def fingerprint(self, path: str | None = None) -> str:
        """A name that stays when lines move; with `path`, the one it would have in a file of that name."""
        from secrets_gitops.lint.fingerprints import fingerprint  # noqa: PLC0415  reports and baselines ask for it

        place = f"{self.object}#{self.pointer or self.key}"
        return fingerprint(self.rule, self.path if path is None else path, place, self.digest)

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """The order of reports: by path, then place, then rule."""
        return self.path, self.line, self.column, self.rule, self.pointer
