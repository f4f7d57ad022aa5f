"""ExternalSecret: when its stores are asked, what becomes of its Secret, and how that is told.

Of each object only the version that was seen is kept. It waits as text from its watch event until a worker has it, so
that no worker asks for it; looks at later times ask the API server. The values that come from stores
are kept for seconds by the Fetcher, so that many objects that want the same ask once.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import orjson

from secrets_gitops.clients.kube.objects import Key, key_of, metadata_of, version_of
from secrets_gitops.clients.kube.request import MERGE_PATCH
from secrets_gitops.clients.kube.resources import EXTERNAL_SECRETS, path
from secrets_gitops.controller import messages, ready
from secrets_gitops.controller.apply import MayNotWrite, unavailable
from secrets_gitops.controller.external_secret_object import (
    names_another_class,
    read_object,
    seconds_since,
    synced_version,
)
from secrets_gitops.controller.server_side_apply import TargetWriter, is_another_at_work, owner_of
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import (
    AccessDenied,
    Conflict,
    DocumentError,
    Error,
    NotBuiltYet,
    ObjectNotFound,
)
from secrets_gitops.manifests import external_secret_marks as marks
from secrets_gitops.materialize import external_secret, refresh, target
from secrets_gitops.materialize.materialized import Given

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.clients.kube.events import EventType
    from secrets_gitops.clients.kube.objects import Version
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.controller.cluster_objects import ClusterObjects
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.queue import WorkQueue
    from secrets_gitops.controller.server_side_apply import Secret
    from secrets_gitops.controller.work_share import WorkShare
    from secrets_gitops.manifests.external_secret import ExternalSecret
    from secrets_gitops.materialize.external_secret import ProviderData
    from secrets_gitops.materialize.target import Decision
    from secrets_gitops.references.fetcher import Fetcher

_WINDOW = 60.0
"""Seconds for which an answer of a store serves other objects, too; less where an object refreshes more often."""
_RETRY_WINDOW = 2.0
"""The same after a failure, which may be over."""
_GONE = "gone"
_MOST_WAITING = 32 * 1024 * 1024
"""Bytes of objects that wait for workers; beyond it a worker asks the API server for the object."""
_PATIENCE = 30.0
"""Seconds that the stores have to answer for one object."""
LIVE_OPERATOR = "External Secrets Operator writes this Secret, too; it is left alone"


@dataclass(slots=True)
class Record:
    """What is remembered of one ExternalSecret."""

    uid: str
    seen: str
    """Its generation, labels and annotations, as the status tells them."""
    target: Key
    news_since: float
    """When that was seen, on the monotonic clock: a change is not answered from what was kept before."""
    written: str = ""
    """The version of the Secret that we left."""
    text: bytes | None = None
    """The object, until a worker takes it."""
    working: bool = False
    heard: str = ""
    """What was heard of the Secret while a worker had the object: a version, or that it is gone."""


class ExternalSecretKind:
    """The ExternalSecrets of one process: a Handler of their reflector, and the work on each."""

    def __init__(
        self,
        api: Api,
        objects: ClusterObjects,
        fetcher: Fetcher,
        queue: WorkQueue[Key],
        share: WorkShare,
        log: Log,
        emit: Callable[[Object, EventType, str, str], None],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api = api
        self._given = Given(objects=objects, fetcher=fetcher)
        self._objects = objects
        self._fetcher = fetcher
        self._queue = queue
        self._share = share
        self._log = log
        self._emit = emit
        self._clock = clock
        self._now = now
        self._writer = TargetWriter(api, share.may_write)
        self._lock = threading.Lock()
        self._records: dict[Key, Record] = {}
        self._by_target: dict[Key, Key] = {}
        self._waiting = 0
        self._swept = clock()
        self.targets = _Targets(self)

    # what reflectors tell

    def on_changed(self, obj: Object) -> None:
        """Queue the object when its spec, labels or annotations are new; its own status is no news."""
        key, seen = key_of(obj), synced_version(obj)
        uid = version_of(obj).uid
        with self._lock:
            record = self._records.get(key)
            if record is not None and (record.uid, record.seen) == (uid, seen):
                return
            spec = obj.get("spec")
            wanted = spec.get("target") if isinstance(spec, dict) else None
            name = str(wanted.get("name") or "") if isinstance(wanted, dict) else ""
            fresh = Record(uid, seen, Key(key.namespace, name or key.name), self._clock())
            if self._waiting < _MOST_WAITING:
                fresh.text = orjson.dumps(obj)
                self._waiting += len(fresh.text)
            self._forget_text(record)
            self._records[key] = fresh
            self._by_target[fresh.target] = key
        self._queue.forget(key)
        self._queue.add(key)

    def on_deleted(self, key: Key, known: Version) -> None:
        """Forget the object; Kubernetes collects the Secret that it owns."""
        with self._lock:
            record = self._records.get(key)
            if record is None or record.uid != known.uid:
                return
            self._forget_text(record)
            del self._records[key]
            if self._by_target.get(record.target) == key:
                del self._by_target[record.target]
        self._queue.forget(key)

    def on_synced(self) -> None:
        """Nothing waits for it."""

    def on_share_changed(self) -> None:
        """Look at all that may be ours now."""
        for key in list(self._records):
            if self._share.owns(key.namespace):
                self._queue.add(key)

    def on_target(self, name: Key, version: str) -> None:
        """A marked Secret was changed (or is gone, without a version) by somebody: look at whose it is."""
        with self._lock:
            key = self._by_target.get(name)
            record = self._records.get(key) if key is not None else None
            if key is None or record is None:
                return
            if record.working:  # it may be our own write, whose answer is still on its way
                record.heard = version or _GONE
                return
        if version != record.written:
            self._queue.add(key)

    # the work

    def work(self, key: Key) -> None:
        """One pass over one object."""
        record = self._records.get(key)
        if record is None or not self._share.may_write(key.namespace):
            return
        self._sweep()
        record.working = True
        try:
            self._reconcile(key, record, self._take(key, record))
        except (MayNotWrite, ObjectNotFound):
            return
        except Conflict:  # somebody was faster: not an error
            self._queue.retry(key)
        except Error as error:
            self._again(key, error)
        finally:
            with self._lock:
                heard, record.heard, record.working = record.heard, "", False
            if heard not in {"", record.written}:
                self._queue.add(key)

    def _take(self, key: Key, record: Record) -> Object:
        with self._lock:
            text = self._forget_text(record)
        if text is not None:
            return cast("Object", orjson.loads(text))
        return self._api.call("GET", path(EXTERNAL_SECRETS, key.namespace, key.name))

    def _forget_text(self, record: Record | None) -> bytes | None:
        """The object that waits, which no longer does. The lock is held."""
        if record is None or record.text is None:
            return None
        text, record.text = record.text, None
        self._waiting -= len(text)
        return text

    def _reconcile(self, key: Key, record: Record, obj: Object) -> None:
        if metadata_of(obj).get("deletionTimestamp"):
            return
        started = self._now()
        try:
            found, fields = read_object(obj, key)
            if names_another_class(found, fields, self._objects):
                return
        except Error as error:
            final = isinstance(error, (DocumentError, NotBuiltYet))
            self._failed(key, obj, "could not read the ExternalSecret", error, final=final)
            return
        manager = marks.field_manager(found.name)
        name = Key(key.namespace, found.target_name)
        secret = self._writer.read(name, record.uid, manager)
        if secret is not None and is_another_at_work(secret, manager):
            self._failed(key, obj, LIVE_OPERATOR, AccessDenied(LIVE_OPERATOR), final=True)
            return
        status = ready.status_of(obj)
        synced, since = str(status.get("syncedResourceVersion") or ""), seconds_since(status, started)
        changed = synced != synced_version(obj)
        due = refresh.is_due(
            found.refresh_policy, found.refresh_interval, synced=bool(synced), changed=changed, since=since
        )
        live = secret.live if secret is not None else None
        if not due and ready.condition(obj).get("status") == "True" and target.is_valid(found, live):
            self._settle(key, record, secret, refresh.look_again(found.refresh_interval, since or 0.0))
            return
        try:
            has_failed = ready.condition(obj).get("status") == "False"
            newer_than = self._newer_than(found, record, synced, has_failed=has_failed)
            data = external_secret.fetch(
                found, fields, self._given, newer_than=newer_than, deadline=Deadline(_PATIENCE)
            )
        except Error as error:
            final = isinstance(error, NotBuiltYet)
            self._failed(key, obj, "could not get secret data from provider", error, final=final)
            return
        for skipped in data.skipped:
            self._emit(obj, "Normal", "MissingProviderSecret", f"{skipped.where}: secret does not exist: {skipped.key}")
        self._carry_out(key, record, obj, found, data, secret, started)

    def _carry_out(
        self,
        key: Key,
        record: Record,
        obj: Object,
        found: ExternalSecret,
        data: ProviderData,
        secret: Secret | None,
        started: datetime,
    ) -> None:
        decision = target.decide(found, data.values, secret.live if secret is not None else None)
        name, manager = Key(key.namespace, found.target_name), marks.field_manager(found.name)
        try:
            event = self._act(name, manager, decision, obj, found, secret, record)
        except (Conflict, MayNotWrite):
            raise
        except Error as error:
            self._failed(key, obj, "could not update secret", error, final=False)
            return
        if not decision.ready:
            self._failed(key, obj, decision.message, AccessDenied(decision.message), final=decision.final)
            return
        status = ready.told(obj, ready=True, reason=decision.reason, message=decision.message, now=started)
        status["refreshTime"] = ready.timestamp(started)
        status["syncedResourceVersion"] = synced_version(obj)
        if decision.wanted is not None:
            status["binding"] = {"name": name.name}
        self._write_status(key, obj, status)
        if event is not None:
            self._emit(obj, "Normal", *event)
        self._queue.forget(key)
        after = refresh.look_again(found.refresh_interval, 0.0)
        if after is not None:
            self._queue.add_after(key, after + 0.001)

    def _act(
        self,
        name: Key,
        manager: str,
        decision: Decision,
        obj: Object,
        found: ExternalSecret,
        secret: Secret | None,
        record: Record,
    ) -> tuple[str, str] | None:
        """Do what was decided; the event to tell."""
        if decision.action == "delete" and secret is not None:
            self._writer.delete(name, secret)
            return "Deleted", "secret deleted"
        if decision.wanted is None:
            return None
        written = self._writer.write(name, owner_of(obj), decision.wanted, secret, manager)
        tree = written if written is not None else secret.tree if secret is not None else None
        record.written = version_of(tree).resource_version if tree is not None else ""
        self._drop_renamed(obj, found, name)
        if written is None:
            return None
        return ("Created", "secret created") if secret is None else ("Updated", "secret updated")

    def _drop_renamed(self, obj: Object, found: ExternalSecret, name: Key) -> None:
        """Delete the Secret that was the target before it got another name."""
        before = ready.status_of(obj).get("binding")
        old = before.get("name") if isinstance(before, dict) else None
        if found.target.creation_policy == "Owner" and old not in {None, name.name}:
            for other in self._writer.drop_others(name, version_of(obj).uid, found.name):
                self._emit(obj, "Normal", "Deleted", f"orphaned secret deleted: {other}")

    def _newer_than(self, found: ExternalSecret, record: Record, synced: str, *, has_failed: bool) -> float:
        """Answers from before this moment are not good enough."""
        window = min(_WINDOW, found.refresh_interval / 4) if found.refresh_interval > 0 else _WINDOW
        moment = self._clock() - (min(window, _RETRY_WINDOW) if has_failed else window)
        is_forced = synced and synced != record.seen
        return max(moment, record.news_since) if is_forced else moment

    def _settle(self, key: Key, record: Record, secret: Secret | None, after: float | None) -> None:
        record.written = version_of(secret.tree).resource_version if secret is not None else ""
        self._queue.forget(key)
        if after is not None:
            self._queue.add_after(key, after + 0.001)

    def _failed(self, key: Key, obj: Object, message: str, error: Error, *, final: bool) -> None:
        """Tell why, and try again unless it is `final`: what cannot change by itself waits for news."""
        said = messages.shortened(error.message)
        told = message if message == error.message else messages.shortened(f"{message}: {error.message}")
        status = ready.told(obj, ready=False, reason="SecretSyncedError", message=told, now=self._now())
        if ready.condition(obj) != ready.condition({"status": status}):
            self._write_status(key, obj, status)
        self._emit(obj, "Warning", "UpdateFailed", said)
        if final:
            self._queue.forget(key)
            self._log.error("Error updating, waiting for news", key=str(key), error=said)
            return
        self._again(key, error)

    def _again(self, key: Key, error: Error) -> None:
        delay = self._queue.retry(key, unavailable(error))
        self._log.error(
            "Error updating, will retry", key=str(key), error=messages.shortened(error.message), seconds=round(delay, 3)
        )

    def _write_status(self, key: Key, obj: Object, status: Mapping[str, object]) -> None:
        if not self._share.may_write(key.namespace):
            raise MayNotWrite
        body = {"metadata": {"resourceVersion": version_of(obj).resource_version}, "status": dict(status)}
        where = path(EXTERNAL_SECRETS, key.namespace, key.name, "status")
        self._api.call("PATCH", where, body, content_type=MERGE_PATCH)

    def _sweep(self) -> None:
        """Drop values of stores that no object may take any more."""
        now = self._clock()
        if now - self._swept > _WINDOW:
            self._swept = now
            self._fetcher.forget(now - _WINDOW)
            self._objects.forget()


class _Targets:
    """A Handler of the reflector of marked Secrets."""

    def __init__(self, kind: ExternalSecretKind) -> None:
        self._kind = kind

    def on_changed(self, obj: Object) -> None:
        self._kind.on_target(key_of(obj), version_of(obj).resource_version)

    def on_deleted(self, key: Key, known: Version) -> None:  # noqa: ARG002
        self._kind.on_target(key, "")

    def on_synced(self) -> None:
        """Nothing waits for it."""
