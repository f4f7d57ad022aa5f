"""After a start: are the Secrets that were taken as right by their status alone really right?

Both kinds are listed in pages, in the one order that the API server keeps, and walked side by side. So ten thousand
objects cost a few hundred requests, and no more than a page of each is in memory. It gives way to all other work.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.objects import key_of
from secrets_gitops.clients.kube.resources import SEALED_SECRETS, SECRETS, path
from secrets_gitops.errors import Error, Expired

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_gitops.clients.kube.objects import Key
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.clients.kube.resources import Resource
    from secrets_gitops.controller.kinds.sealed_secret import SealedSecretKind
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.queue import WorkQueue
    from secrets_gitops.controller.work_share import WorkShare

_PAGE = "50"
_NOT_OURS = "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token"
"""Large or numerous Secrets that no SealedSecret stands for."""
_RETRY = 5.0  # seconds


class Comparison:
    """Walks once over everything that a start left uncompared."""

    def __init__(
        self,
        api: Api,
        kind: SealedSecretKind,
        queue: WorkQueue[Key],
        share: WorkShare,
        log: Log,
        namespaces: Sequence[str | None],
        labels: str | None,
    ) -> None:
        self._api = api
        self._kind = kind
        self._queue = queue
        self._share = share
        self._log = log
        self._namespaces = namespaces
        self._labels = labels

    def run(self, stop: threading.Event) -> None:
        """Until all are compared or `stop` is set; an API server that fails is asked again."""
        with contextlib.suppress(OSError, AttributeError):  # of this thread alone, where the system can do that
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        number, different = len(self._kind.uncompared), 0
        while self._kind.uncompared and not stop.is_set():
            try:
                different += sum(self._walk(namespace, stop) for namespace in self._namespaces)
                break
            except Expired:
                continue
            except Error:
                stop.wait(_RETRY)
        if number and not stop.is_set():
            self._kind.uncompared.clear()
            self._log.info("Compared the Secrets of unchanged objects", objects=number, different=different)

    def _walk(self, namespace: str | None, stop: threading.Event) -> int:
        secrets = self._list(SECRETS, namespace, fields=_NOT_OURS)
        secret = next(secrets, None)
        different = 0
        for obj in self._list(SEALED_SECRETS, namespace, labels=self._labels):
            key = key_of(obj)
            while secret is not None and _order(key_of(secret)) < _order(key):
                secret = next(secrets, None)
            if key not in self._kind.uncompared or not self._share.owns(key.namespace):
                continue
            while not self._queue.idle() and not stop.wait(0.05):
                pass
            if stop.is_set():
                break
            found = secret if secret is not None and key_of(secret) == key else None
            different += not self._kind.compare(obj, found)
            self._kind.uncompared.discard(key)
        return different

    def _list(
        self, resource: Resource, namespace: str | None, *, labels: str | None = None, fields: str | None = None
    ) -> Iterator[Object]:
        query = {"limit": _PAGE}
        if labels:
            query["labelSelector"] = labels
        if fields:
            query["fieldSelector"] = fields
        while True:
            page = self._api.call("GET", path(resource, namespace), query=query)
            items, about = page.get("items"), page.get("metadata")
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict):
                    item["metadata"].pop("managedFields", None)
                    item.setdefault("apiVersion", resource.api_version)
                    item.setdefault("kind", resource.kind)
                    yield item
            token = about.get("continue") if isinstance(about, dict) else None
            if not isinstance(token, str) or not token:
                return
            query["continue"] = token


def _order(key: Key) -> str:
    """How etcd sorts: by the path, in which a slash stands between namespace and name."""
    return f"{key.namespace}/{key.name}"
