"""What the controller remembers of the cluster's Secrets: whether one is there, and whose it is. Never their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.clients.kube.objects import key_of, metadata_of
from secrets_gitops.controller.reconcile import MANAGED, PATCH, controller_uid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.clients.kube.objects import Key, Version
    from secrets_gitops.clients.kube.request import Object


class Target(NamedTuple):
    """A Secret by its metadata."""

    owner: str | None
    """Uid of what controls it."""
    managed: bool
    patch: bool

    def allows(self, uid: str) -> bool:
        """Whether the resource with `uid` may write it."""
        return self.managed or self.patch or self.owner == uid


_FREE = Target(None, managed=False, patch=False)
"""One for all the Secrets that nothing controls: most of a cluster's."""


def read(obj: Mapping[str, object]) -> Target:
    """The Target that metadata shows."""
    metadata = metadata_of(obj)
    annotations = metadata.get("annotations")
    said = annotations if isinstance(annotations, dict) else {}
    target = Target(controller_uid(metadata), said.get(MANAGED) == "true", said.get(PATCH) == "true")
    return _FREE if target == _FREE else target


class Targets:
    """Follows the Secrets; a Handler of a reflector. The two callbacks hear of each change, from its thread."""

    def __init__(
        self,
        on_changed: Callable[[Key, Target], None],
        on_gone: Callable[[Key, Target], None],
        on_synced: Callable[[], None],
    ) -> None:
        self._changed = on_changed
        self._gone = on_gone
        self._synced = on_synced
        self._known: dict[Key, Target] = {}

    def get(self, key: Key) -> Target | None:
        """What is known of the Secret; None when there is none."""
        return self._known.get(key)

    def on_changed(self, obj: Object) -> None:
        """Remember it."""
        key, target = key_of(obj), read(obj)
        self._known[key] = target
        self._changed(key, target)

    def on_deleted(self, key: Key, known: Version) -> None:  # noqa: ARG002
        """Forget it."""
        target = self._known.pop(key, None)
        if target is not None:
            self._gone(key, target)

    def on_synced(self) -> None:
        """All that the list held has been seen."""
        self._synced()
