"""ExternalSecret: when its stores are asked, what becomes of its Secret, and how that is told.

The values that come from stores are kept for seconds by the Fetcher, so that many objects that want the same ask once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.objects import Key, key_of, metadata_of, version_of
from secrets_gitops.clients.kube.resources import EXTERNAL_SECRETS
from secrets_gitops.controller import messages, ready
from secrets_gitops.controller.apply import MayNotWrite
from secrets_gitops.controller.external_secret_object import (
    names_another_class,
    read_object,
    seconds_since,
    synced_version,
)
from secrets_gitops.controller.kinds.followed import Followed
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
    from collections.abc import Callable

    from secrets_gitops.clients.kube.objects import Version
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.controller.cluster_objects import ClusterObjects
    from secrets_gitops.controller.kinds.followed import Emit
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
_PATIENCE = 30.0
"""Seconds that the stores have to answer for one object."""
LIVE_OPERATOR = "External Secrets Operator writes this Secret, too; it is left alone"


@dataclass(slots=True)
class Record:
    """What is remembered of one ExternalSecret."""

    uid: str
    seen: object
    """Its generation, labels and annotations, as the status tells them."""
    target: Key
    news_since: float
    """When that was seen, on the monotonic clock: a change is not answered from what was kept before."""
    written: str = ""
    """The version of the Secret that we left."""
    working: bool = False
    heard: str = ""
    """What was heard of the Secret while a worker had the object: a version, or that it is gone."""


class ExternalSecretKind(Followed[Record]):
    """The ExternalSecrets of one process."""

    def __init__(
        self,
        api: Api,
        objects: ClusterObjects,
        fetcher: Fetcher,
        queue: WorkQueue[Key],
        share: WorkShare,
        log: Log,
        emit: Emit,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(EXTERNAL_SECRETS, api, queue, share, log, emit)
        self._given = Given(objects=objects, fetcher=fetcher)
        self._objects = objects
        self._fetcher = fetcher
        self._clock = clock
        self._now = now
        self._writer = TargetWriter(api, share.may_write)
        self._by_target: dict[Key, Key] = {}
        self._swept = clock()
        self.targets = _Targets(self)

    # what reflectors tell

    def _seen(self, obj: Object) -> str:
        return synced_version(obj)

    def _remember(self, key: Key, obj: Object, seen: object, known: Record | None) -> Record:  # noqa: ARG002
        spec = obj.get("spec")
        wanted = spec.get("target") if isinstance(spec, dict) else None
        name = str(wanted.get("name") or "") if isinstance(wanted, dict) else ""
        fresh = Record(version_of(obj).uid, seen, Key(key.namespace, name or key.name), self._clock())
        self._by_target[fresh.target] = key
        return fresh

    def _forget(self, key: Key, record: Record) -> None:
        if self._by_target.get(record.target) == key:
            del self._by_target[record.target]

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
        """One pass over one object, in which nothing is made of what is heard of its Secret until it is over."""
        record = self._records.get(key)
        if record is None:
            return
        self._sweep()
        record.working = True
        try:
            super().work(key)
        finally:
            with self._lock:
                heard, record.heard, record.working = record.heard, "", False
            if heard not in {"", record.written}:
                self._queue.add(key)

    def _reconcile(self, key: Key, record: Record, obj: Object) -> None:
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
        try:
            secret = self._writer.read(name, record.uid, manager)
        except Error as error:
            if error.retry:
                raise
            self._failed(key, obj, "could not get the target Secret", error, final=False)
            return
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
            after = refresh.look_again(found.refresh_interval, since or 0.0, found.refresh_policy)
            self._settle(key, record, secret, after)
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

    def _finish(self, key: Key, obj: Object) -> None:
        """Do what External Secrets Operator left to its finalizer, so that the object can go without it."""
        finalizers = metadata_of(obj).get("finalizers")
        if not isinstance(finalizers, list) or marks.FINALIZER not in finalizers:
            return
        found, fields = read_object(obj, key)
        try:
            if names_another_class(found, fields, self._objects):
                return
        except ObjectNotFound:
            pass  # a store that is gone, too, has no class
        manager = marks.field_manager(found.name)
        name = Key(key.namespace, found.target_name)
        secret = self._writer.read(name, version_of(obj).uid, manager)
        if secret is not None and target.deleted_with(found, secret.live):
            self._writer.delete(name, secret)
            self._emit(obj, "Normal", "Deleted", "secret deleted")
        self._keep_finalizers(key, obj, [one for one in finalizers if one != marks.FINALIZER])

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
        after = refresh.look_again(found.refresh_interval, 0.0, found.refresh_policy)
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
            self._wait_for_news(key, error)
        else:
            self._again(key, error)

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
