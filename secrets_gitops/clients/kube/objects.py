"""The few fields of an API object that a client needs: which one it is, and which version of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Key(NamedTuple):
    """Which object of a kind; the namespace is empty for kinds that have none."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Version(NamedTuple):
    """Which incarnation (`uid`) of an object, and which state of it."""

    uid: str
    resource_version: str


def metadata_of(obj: Mapping[str, object]) -> dict[str, object]:
    """`metadata`, the very mapping. Raises Unavailable when there is none: such an answer is broken."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        raise Unavailable("the API server sent an object without metadata")
    return metadata


def key_of(obj: Mapping[str, object]) -> Key:
    """Namespace and name."""
    metadata = metadata_of(obj)
    return Key(sys.intern(str(metadata.get("namespace") or "")), str(metadata.get("name") or ""))


def version_of(obj: Mapping[str, object]) -> Version:
    """Uid and resourceVersion."""
    metadata = metadata_of(obj)
    return Version(str(metadata.get("uid") or ""), str(metadata.get("resourceVersion") or ""))
