"""The objects around a resource, which it points to: those of the repository, or those of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from secrets_gitops.manifests import secret_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.fields import Fields
    from secrets_gitops.manifests.secret_store import SecretStore


@dataclass(frozen=True, repr=False)
class Found:
    """One object, and what reads it with places."""

    tree: Mapping[str, object]
    fields: Fields

    @cached_property
    def store(self) -> SecretStore:
        """The object as a SecretStore or ClusterSecretStore, read once for all that name it. Raises DocumentError."""
        return secret_store.read(self.fields, self.tree)


class ObjectSource(Protocol):
    """Where objects are looked up."""

    @property
    def offline(self) -> bool:
        """Whether these are the files of a repository, where what is not found may well exist in the cluster."""

    def get(self, group: str, kind: str, namespace: str, name: str) -> Found | None:
        """The object, or None; `namespace` is empty for one of the cluster. Raises Unavailable, Forbidden."""
