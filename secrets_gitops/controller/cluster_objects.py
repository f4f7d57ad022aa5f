"""The objects that ExternalSecrets point to, asked from the API server and kept for some seconds.

Many resources name one store with one Secret; without this each of them would ask for both.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.clients.kube.objects import Key
from secrets_gitops.clients.kube.resources import (
    CLUSTER_SECRET_STORES,
    CONFIG_MAPS,
    NAMESPACES,
    SECRET_STORES,
    SECRETS,
    path,
)
from secrets_gitops.controller.served_fields import ServedFields
from secrets_gitops.errors import ObjectNotFound
from secrets_gitops.materialize.objects import Found

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.clients.kube.resources import Resource

_RESOURCES = {
    (each.group, each.kind): each for each in (SECRETS, CONFIG_MAPS, NAMESPACES, SECRET_STORES, CLUSTER_SECRET_STORES)
}
KEPT = 5.0
"""Seconds."""


class _Kept(NamedTuple):
    found: Found | None
    until: float


class ClusterObjects:
    """An ObjectSource over the API server, for any number of threads."""

    offline = False

    def __init__(self, api: Api, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[Resource, Key], _Kept] = {}
        self._asking: dict[tuple[Resource, Key], threading.Lock] = {}

    def get(self, group: str, kind: str, namespace: str, name: str) -> Found | None:
        """The object as it was at most `KEPT` seconds ago. Raises Forbidden, Unavailable."""
        resource = _RESOURCES[group, kind]
        key = (resource, Key(namespace, name))
        with self._lock:
            turn = self._asking.setdefault(key, threading.Lock())
        with turn:
            kept = self._kept.get(key)
            if kept is None or kept.until <= self._clock():
                kept = _Kept(self._ask(*key), self._clock() + KEPT)
                with self._lock:
                    self._kept[key] = kept
            return kept.found

    def forget(self) -> None:
        """Drop what is too old to be used."""
        now = self._clock()
        with self._lock:
            for key in [key for key, kept in self._kept.items() if kept.until <= now]:
                del self._kept[key]
                self._asking.pop(key, None)

    def _ask(self, resource: Resource, key: Key) -> Found | None:
        try:
            tree = self._api.call("GET", path(resource, key.namespace or None, key.name))
        except ObjectNotFound:
            return None
        return Found(tree, ServedFields(tree, f"{resource.kind} {key}"))
