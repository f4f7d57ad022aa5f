"""Which part of the work is this replica's, and whether it may write at all just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class WorkShare(Protocol):
    """Asked before every write, so it must be quick; it takes no lock that is held over a request."""

    def owns(self, namespace: str) -> bool:
        """Whether objects of `namespace` are this replica's now."""

    def may_write(self) -> bool:
        """Whether this replica may write; False past the deadline of its Lease."""


class Everything:
    """The share of a replica that is alone."""

    def owns(self, namespace: str) -> bool:  # noqa: ARG002
        """All of them."""
        return True

    def may_write(self) -> bool:
        """Always."""
        return True


class Gate:
    """A share that is closed while `closed` says so."""

    def __init__(self, share: WorkShare, closed: Callable[[], bool]) -> None:
        self._share = share
        self._closed = closed

    def owns(self, namespace: str) -> bool:
        """As the share has it."""
        return self._share.owns(namespace)

    def may_write(self) -> bool:
        """Not while the gate is closed."""
        return not self._closed() and self._share.may_write()
