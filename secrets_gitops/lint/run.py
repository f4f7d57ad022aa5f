"""Run: what one scan shares between its files."""

from __future__ import annotations

from secrets_gitops.documents.read import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.repository.snapshot import Snapshot

MAX_BYTES = 5 * 1024 * 1024
"""A text file over this size is not scanned, and the scan is incomplete."""


class Run:
    """One scan: the snapshot that all reads go through, the limits, and what was learnt on the way."""

    __slots__ = ("limits", "max_bytes", "snapshot")

    def __init__(self, snapshot: Snapshot, *, limits: Limits | None = None, max_bytes: int = MAX_BYTES) -> None:
        self.snapshot = snapshot
        self.limits = limits or Limits()
        self.max_bytes = max_bytes
