"""The objects around a resource, which it points to: those of the repository, or those of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.fields import Fields


class Found(NamedTuple):
    """One object, and what reads it with places."""

    tree: Mapping[str, object]
    fields: Fields


class ObjectSource(Protocol):
    """Where objects are looked up."""

    @property
    def offline(self) -> bool:
        """Whether these are the files of a repository, where what is not found may well exist in the cluster."""

    def get(self, group: str, kind: str, namespace: str, name: str) -> Found | None:
        """The object, or None; `namespace` is empty for one of the cluster. Raises Unavailable, Forbidden."""
