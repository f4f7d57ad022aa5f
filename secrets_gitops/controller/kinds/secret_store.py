"""SecretStore and ClusterSecretStore: whether they can be used, as far as that is known without asking the store.

Looked at are the spec and the credentials that it names. Whether the login is taken shows when a value is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.objects import metadata_of, version_of
from secrets_gitops.controller import messages, ready
from secrets_gitops.controller.kinds.followed import Followed
from secrets_gitops.controller.served_fields import ServedFields
from secrets_gitops.errors import DocumentError, Error, NotBuiltYet
from secrets_gitops.materialize.objects import Found
from secrets_gitops.materialize.providers import catalog

if TYPE_CHECKING:
    from secrets_gitops.clients.kube.objects import Key
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.clients.kube.resources import Resource
    from secrets_gitops.controller.kinds.followed import Emit
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.queue import WorkQueue
    from secrets_gitops.controller.work_share import WorkShare
    from secrets_gitops.materialize.objects import ObjectSource

LOOK_AGAIN = 300.0
"""Seconds after which a store is looked at once more, as External Secrets Operator does."""
_FINAL = (DocumentError, NotBuiltYet)


@dataclass(slots=True)
class Record:
    """What is remembered of one store."""

    uid: str
    seen: object
    """Its generation."""


class SecretStoreKind(Followed[Record]):
    """The stores of one process, of one of the two kinds."""

    def __init__(
        self,
        resource: Resource,
        api: Api,
        objects: ObjectSource,
        queue: WorkQueue[Key],
        share: WorkShare,
        log: Log,
        emit: Emit,
    ) -> None:
        super().__init__(resource, api, queue, share, log, emit)
        self._objects = objects

    def _seen(self, obj: Object) -> object:
        return metadata_of(obj).get("generation")

    def _remember(self, key: Key, obj: Object, seen: object, known: Record | None) -> Record:  # noqa: ARG002
        return Record(version_of(obj).uid, seen)

    def _reconcile(self, key: Key, record: Record, obj: Object) -> None:  # noqa: ARG002
        found = Found(obj, ServedFields(obj, f"{self._resource.kind} {key}"))
        seen = _Seen(self._objects)
        try:
            if found.store.controller:  # for a class of controller; we have none
                return
            catalog.open_store(found, f"{self._resource.kind} `{key.name}`", key.namespace, seen)
        except Error as error:
            if not seen.is_referent:
                self._tell(key, obj, "InvalidProviderConfig", messages.shortened(error.message))
                (self._wait_for_news if isinstance(error, _FINAL) else self._again)(key, error)
                return
        self._tell(key, obj, "Valid", "store validated")
        self._queue.forget(key)
        self._queue.add_after(key, LOOK_AGAIN)

    def _tell(self, key: Key, obj: Object, reason: str, message: str) -> None:
        """Write the condition where it says something new; the words of success do not matter."""
        before, is_ready = ready.condition(obj), reason == "Valid"
        same = (before.get("status"), before.get("reason")) == ("True" if is_ready else "False", reason)
        if same and (is_ready or before.get("message") == message):
            return
        status = ready.told(obj, ready=is_ready, reason=reason, message=message, now=datetime.now(UTC))
        self._write_status(key, obj, {"capabilities": "ReadOnly", **status})
        if not is_ready:
            self._emit(obj, "Warning", reason, message)


class _Seen:
    """The objects around; remembers when a credential of the namespace of whoever uses the store was asked for."""

    offline = False

    def __init__(self, objects: ObjectSource) -> None:
        self._objects = objects
        self.is_referent = False

    def get(self, group: str, kind: str, namespace: str, name: str) -> Found | None:
        """The object; none where only an ExternalSecret can tell which one is meant."""
        if not namespace:
            self.is_referent = True
            return None
        return self._objects.get(group, kind, namespace, name)
