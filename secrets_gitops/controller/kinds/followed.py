"""What is the same for the kinds that `--enable` adds: their objects are followed, queued, worked on and told about.

Of each object only a record is kept. The object waits as text from its watch event until a worker has it, so that no
worker asks for it; looks at later times ask the API server.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

import orjson

from secrets_gitops.clients.kube.objects import key_of, metadata_of, version_of
from secrets_gitops.clients.kube.request import MERGE_PATCH
from secrets_gitops.clients.kube.resources import path
from secrets_gitops.controller import messages
from secrets_gitops.controller.apply import MayNotWrite, unavailable
from secrets_gitops.controller.pending import Pending
from secrets_gitops.errors import Conflict, Error, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from secrets_gitops.clients.kube.events import EventType
    from secrets_gitops.clients.kube.objects import Key, Version
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.clients.kube.resources import Resource
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.queue import WorkQueue
    from secrets_gitops.controller.work_share import WorkShare

    Emit: TypeAlias = Callable[[Object, EventType, str, str], None]


class Kept(Protocol):
    """What every record has."""

    uid: str
    seen: object
    """What of an object decides whether there is something new in it, as `_seen` gave it."""


R = TypeVar("R", bound=Kept)


class Followed(Generic[R]):
    """The objects of one kind: a Handler of their reflector, and the frame of the work on each.

    A kind says what it sees in an object (`_seen`), what it remembers of one that is new (`_remember`), and does its
    work in `_reconcile`, which may raise any Error: it is logged and tried again.
    """

    def __init__(
        self, resource: Resource, api: Api, queue: WorkQueue[Key], share: WorkShare, log: Log, emit: Emit
    ) -> None:
        self._resource = resource
        self._api = api
        self._queue = queue
        self._share = share
        self._log = log
        self._emit = emit
        self._lock = threading.Lock()
        """Over the records and what is in them."""
        self._records: dict[Key, R] = {}
        self._pending = Pending()

    def _seen(self, obj: Object) -> object:
        """What of the object decides whether there is something new in it; its status must not."""
        raise NotImplementedError

    def _remember(self, key: Key, obj: Object, seen: object, known: R | None) -> R:
        """The record of an object that is new or has changed; `known` is the one before. The lock is held."""
        raise NotImplementedError

    def _forget(self, key: Key, record: R) -> None:
        """The record is dropped. The lock is held."""

    def _reconcile(self, key: Key, record: R, obj: Object) -> None:
        """Work on one object that is not being deleted."""
        raise NotImplementedError

    def _finish(self, key: Key, obj: Object) -> None:
        """The object is being deleted."""

    # what reflectors tell

    def on_changed(self, obj: Object) -> None:
        """Queue the object when there is something new in it."""
        key, uid, seen = key_of(obj), version_of(obj).uid, self._seen(obj)
        with self._lock:
            known = self._records.get(key)
            if known is not None and (known.uid, known.seen) == (uid, seen):
                return
            self._records[key] = self._remember(key, obj, seen, known)
        if self._share.owns(key.namespace):
            self._pending.keep(key, orjson.dumps(obj))
        else:
            self._pending.take(key)  # an older text; whoever gets this namespace later asks for the object
        self._queue.forget(key)
        self._queue.add(key)

    def on_deleted(self, key: Key, known: Version) -> None:
        """Forget the object; Kubernetes collects the Secrets that it owns."""
        with self._lock:
            record = self._records.get(key)
            if record is None or record.uid != known.uid:
                return
            del self._records[key]
            self._forget(key, record)
        self._pending.take(key)
        self._queue.forget(key)

    def on_synced(self) -> None:
        """Nothing waits for it."""

    def on_share_changed(self) -> None:
        """Look at all that may be ours now."""
        for key in list(self._records):
            if self._share.owns(key.namespace):
                self._queue.add(key)

    # the work

    def work(self, key: Key) -> None:
        """One pass over one object."""
        record = self._records.get(key)
        if record is None or not self._share.may_write(key.namespace):
            self._pending.take(key)
            return
        try:
            obj = self._object(key)
            if metadata_of(obj).get("deletionTimestamp"):
                self._finish(key, obj)
            else:
                self._reconcile(key, record, obj)
        except (MayNotWrite, ObjectNotFound):
            return
        except Conflict:  # somebody was faster: not an error
            self._queue.retry(key)
        except Error as error:
            self._again(key, error)

    def _object(self, key: Key) -> Object:
        text = self._pending.take(key)
        if text is not None:
            return cast("Object", orjson.loads(text))
        return self._api.call("GET", path(self._resource, key.namespace, key.name))

    def _again(self, key: Key, error: Error) -> None:
        """Try once more after the queue's delay, or when the server wants it."""
        delay = self._queue.retry(key, unavailable(error))
        said = messages.shortened(error.message)
        self._log.error("Error updating, will retry", key=str(key), error=said, seconds=round(delay, 3))

    def _wait_for_news(self, key: Key, error: Error) -> None:
        """Nothing but a change can help."""
        self._queue.forget(key)
        self._log.error("Error updating, waiting for news", key=str(key), error=messages.shortened(error.message))

    def _keep_finalizers(self, key: Key, obj: Object, finalizers: list[str]) -> None:
        """Leave the object with these only. Raises MayNotWrite, ClusterErrors."""
        if not self._share.may_write(key.namespace):
            raise MayNotWrite
        body = {"metadata": {"resourceVersion": version_of(obj).resource_version, "finalizers": finalizers}}
        self._api.call("PATCH", path(self._resource, key.namespace, key.name), body, content_type=MERGE_PATCH)

    def _write_status(self, key: Key, obj: Object, status: Mapping[str, object]) -> None:
        """On the version that it was decided on. Raises MayNotWrite, ClusterErrors."""
        if not self._share.may_write(key.namespace):
            raise MayNotWrite
        body = {"metadata": {"resourceVersion": version_of(obj).resource_version}, "status": dict(status)}
        where = path(self._resource, key.namespace, key.name, "status")
        self._api.call("PATCH", where, body, content_type=MERGE_PATCH)
