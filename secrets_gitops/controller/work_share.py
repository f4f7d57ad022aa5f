"""Which part of the work is this replica's, and whether it may write at all just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.controller.shards import Shards


class WorkShare(Protocol):
    """Asked before every write, so it must be quick; it takes no lock that is held over a request."""

    def owns(self, namespace: str) -> bool:
        """Whether objects of `namespace` are this replica's now."""

    def may_write(self, namespace: str) -> bool:
        """Whether this replica may write there now; False past the deadline of its Lease, and where it owns nothing."""


class Gate:
    """The share that `shards` give, closed to writers while `closed` says so."""

    def __init__(self, shards: Shards, closed: Callable[[], bool]) -> None:
        self._shards = shards
        self._closed = closed

    def owns(self, namespace: str) -> bool:
        """As the shards have it."""
        return self._shards.owns(namespace)

    def may_write(self, namespace: str) -> bool:
        """Not while the gate is closed."""
        return not self._closed() and self._shards.owns(namespace)
