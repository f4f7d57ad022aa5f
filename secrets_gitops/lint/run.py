"""Run: what one scan shares between its files: the snapshot, the limits, the creation rules, and what went wrong."""

from __future__ import annotations

import posixpath

from secrets_gitops.documents.limits import Limits
from secrets_gitops.errors import Error, Place, ScanIncomplete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from secrets_gitops.lint.finding import Finding
    from secrets_gitops.lint.sops_record import Record
    from secrets_gitops.repository.creation_rules import CreationRule, CreationRules
    from secrets_gitops.repository.snapshot import Snapshot

    T = TypeVar("T")

MAX_BYTES = 5 * 1024 * 1024
"""A text file over this size is not scanned, and the scan is incomplete."""

RULE_FILE = ".sops.yaml"
SETTINGS = ".secrets-gitops.yaml"
"""As `repository.settings.NAME`, whose module a repository without settings need not import."""


class Run:
    """One scan."""

    __slots__ = (
        "_by_folder",
        "_gone_above",
        "_known",
        "_pinned",
        "changed",
        "gone",
        "incomplete",
        "limits",
        "max_bytes",
        "notes",
        "records",
        "salt",
        "snapshot",
        "strict",
        "values",
    )

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        limits: Limits | None = None,
        max_bytes: int = MAX_BYTES,
        changed: frozenset[str] = frozenset(),
        gone: frozenset[str] = frozenset(),
        salt: bytes = b"",
        strict: bool = False,
    ) -> None:
        self.snapshot = snapshot
        self.limits = limits or Limits()
        self.max_bytes = max_bytes
        self.changed = changed
        """The paths that were asked for."""
        self.gone = gone
        """The paths that the commit deletes."""
        self._gone_above = sorted(path for path in gone if posixpath.basename(path) == RULE_FILE)[::-1]
        self.salt = salt
        """Of the repository's baseline; keys the digests of values."""
        self.strict = strict
        """Is the scan incomplete where a rule was stopped?"""
        self.values: list[tuple[Finding, str]] | None = None
        """What the findings of the present file are about, where somebody has to look at it; never kept for longer."""
        self.incomplete: list[Error] = []
        self.notes: list[tuple[Place, str]] = []
        self.records: dict[bytes, Record] = {}
        """What blocks of sops say, by their shape (`lint.sops_record`)."""
        self._known: dict[str, Any] = {}
        self._by_folder: dict[str, CreationRules | None] = {}
        self._pinned: tuple[str, ...] | None = None

    def creation_rule(self, path: str) -> CreationRule | None:
        """The creation rule for the file `path`; None without one, or when the rules are broken (noted once)."""
        rules = self.creation_rules(posixpath.dirname(path))
        if rules is None:
            return None
        try:
            return rules.rule_for(path)
        except Error as error:
            self.note(error)
            return None

    def creation_rules(self, folder: str) -> CreationRules | None:
        """What the nearest `.sops.yaml` at or above `folder` says, within the root of the snapshot."""
        if folder in self._by_folder:
            return self._by_folder[folder]
        path = posixpath.join(folder, RULE_FILE)
        if self.snapshot.exists(path):
            rules = self._load(path)
        elif folder:
            rules = self.creation_rules(_above(folder))
        else:
            rules = None
        self._by_folder[folder] = rules
        return rules

    def has_rules(self, path: str) -> bool:
        """Do any creation rules count for the file `path`, broken ones too, whether or not one of them fits?"""
        folder = posixpath.dirname(path)
        while not self.snapshot.exists(posixpath.join(folder, RULE_FILE)):
            if not folder:
                return False
            folder = _above(folder)
        return True

    def rule_files_gone(self, path: str) -> list[str]:
        """The files with creation rules above the file `path` that the commit deletes, the nearest first."""
        return [gone for gone in self._gone_above if path.startswith(gone.removesuffix(RULE_FILE))]

    def pinned_clusters(self) -> tuple[str, ...]:
        """The clusters whose sealing certificate the repository pins; none where the settings are broken."""
        if self._pinned is None:
            self._pinned = ()
            if self.snapshot.exists(SETTINGS):
                from secrets_gitops.repository import settings  # noqa: PLC0415  many repositories have none

                try:
                    self._pinned = tuple(settings.load(self.snapshot).clusters)
                except Error:  # whoever reads them for the scan says so
                    self._pinned = ()
        return self._pinned

    def _load(self, path: str) -> CreationRules | None:
        from secrets_gitops.repository import creation_rules  # noqa: PLC0415  only where there is a rule file

        try:
            rules = creation_rules.load(self.snapshot, path, strict=False)
        except Error as error:
            self.note(error)
            return None
        if rules is not None:
            self.notes += rules.warnings
        return rules

    def once(self, question: str, answer: Callable[[], T]) -> T:
        """The answer to a question about the whole snapshot, which is worked out once in a scan."""
        if question not in self._known:
            self._known[question] = answer()
        found: T = self._known[question]
        return found

    def note(self, error: Error) -> None:
        """Remember why the scan is incomplete, each reason once."""
        if all((error.place, error.message) != (known.place, known.message) for known in self.incomplete):
            self.incomplete.append(error)

    def too_slow(self, path: str, what: str, seconds: float) -> None:
        """Remember that a rule, or an allowlist, was stopped in the file `path`."""
        message = f"{what} was stopped after {seconds * 1000:.0f} ms"
        if self.strict:
            self.note(ScanIncomplete(message, hints=("give it keywords, or a narrower expression",), place=Place(path)))
        else:
            self.notes.append((Place(path), message))


def _above(folder: str) -> str:
    """The folder above; none above the root of the disk, where a message of a commit may lie."""
    above = posixpath.dirname(folder)
    return "" if above == folder else above
