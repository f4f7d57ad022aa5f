"""Limits: how much text and tree a reader takes before it refuses."""

from __future__ import annotations

from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


class _Limits(NamedTuple):
    depth: int = 500
    """Collections inside collections."""
    nodes: int = 200_000
    """Scalars, collections and aliases in the whole file."""
    documents: int = 5_000
    alias_expansions: int = 100_000
    """Nodes that aliases stand for, if each were written out; nested aliases multiply."""
    size: int = 32 * 1024 * 1024
    """Bytes (characters when text is handed in)."""


class Limits(_Limits):
    """What a file may cost. The defaults suit files that a scan comes across; `LARGE` a file that its user names."""

    __slots__ = ()
    LARGE: ClassVar[Limits]


Limits.LARGE = Limits(nodes=5_000_000, documents=200_000, alias_expansions=1_000_000, size=1024 * 1024 * 1024)
