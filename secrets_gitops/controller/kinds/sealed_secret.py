"""SealedSecret: when to work on one, what its Secret must be, and how the outcome is told.

Of each object only what decides about work is kept: which spec and which scope were seen, how it went, and which key
opened it. The object itself waits as text from its watch event until a worker has it, so that no worker asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import orjson

from secrets_gitops.clients.kube.objects import Key, key_of, metadata_of, version_of
from secrets_gitops.controller import conditions, messages
from secrets_gitops.controller.apply import IMMUTABLE, MayNotWrite, unavailable
from secrets_gitops.controller.kinds.sealed_record import Record, seen_of
from secrets_gitops.controller.metrics import Observed
from secrets_gitops.controller.pending import Pending
from secrets_gitops.controller.reconcile import decide
from secrets_gitops.controller.targets import Targets
from secrets_gitops.controller.tell import StatusWriter, get
from secrets_gitops.controller.unsealing import is_still_closed, unseal
from secrets_gitops.errors import Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secrets_gitops.clients.kube.events import EventType
    from secrets_gitops.clients.kube.objects import Version
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.controller.apply import Applied, Writer
    from secrets_gitops.controller.flags import Flags
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.metrics import Metrics
    from secrets_gitops.controller.queue import WorkQueue
    from secrets_gitops.controller.reconcile import Tree
    from secrets_gitops.controller.sealing_keys import SealingKeys
    from secrets_gitops.controller.targets import Target
    from secrets_gitops.controller.work_share import WorkShare
    from secrets_gitops.keys.sealing import SealingKey

INSTANCE_LABEL = "app.kubernetes.io/instance"
_LOOK_AGAIN = 15.0  # seconds
_UNTOLD = 8
"""So many failures that will pass by themselves are not told: about a second of them."""


class SealedSecretKind:
    """The SealedSecrets of one process: a Handler of their reflector, and the work on each."""

    def __init__(
        self,
        api: Api,
        keys: SealingKeys,
        queue: WorkQueue[Key],
        writer: Writer,
        share: WorkShare,
        flags: Flags,
        log: Log,
        emit: Callable[[Object, EventType, str, str], None],
    ) -> None:
        self._api = api
        self._keys = keys
        self._queue = queue
        self._writer = writer
        self._share = share
        self._flags = flags
        self._log = log
        self._emit = emit
        self.metrics: Metrics | None = None
        self._status = StatusWriter(api, share.may_write)
        self._records: dict[Key, Record] = {}
        self._pending = Pending()
        self._gone: set[Key] = set()
        self.uncompared: set[Key] = set()
        """Objects taken as settled by their status alone, until the comparison has looked at them."""
        self._listed = False
        self._unsynced_lists = 1
        self.on_listed: Callable[[], None] = lambda: None
        self.targets = Targets(self._target_changed, self._target_gone, lambda: None)

    # what reflectors tell

    def on_changed(self, obj: Object) -> None:
        """Queue the object when there is something new for us in it."""
        key = key_of(obj)
        seen, version = seen_of(obj), version_of(obj)
        labels = metadata_of(obj).get("labels")
        instance = str(labels.get(INSTANCE_LABEL, "")) if isinstance(labels, dict) else ""
        record = self._records.get(key)
        if record is not None and record.seen == seen:
            record.instance = instance
            record.condition = conditions.synced(obj)
            if record.condition == "True" and conditions.is_current(obj) and not record.trouble:
                record.settled = True
            if version.resource_version != record.written and record.settled:
                self._log.info("update suppressed, no changes in spec", key=str(key))
            return
        fresh = Record(seen, conditions.synced(obj), instance=instance)
        if record is not None and record.seen.uid == seen.uid:
            fresh.key = record.key
        self._records[key] = fresh
        if record is None and not self._listed and self._looks_settled(key, obj, seen.uid):
            fresh.settled = True
            self.uncompared.add(key)
            return
        if self._share.owns(key.namespace):
            self._pending.keep(key, orjson.dumps(obj))
        else:
            self._pending.take(key)  # an older text; whoever gets this namespace later asks for the object
        self._queue.forget(key)
        self._queue.add(key)

    def on_deleted(self, key: Key, known: Version) -> None:
        """Forget the object; Kubernetes collects its Secret."""
        record = self._records.get(key)
        if record is None or record.seen.uid != known.uid:
            return
        del self._records[key]
        self.uncompared.discard(key)
        self._pending.take(key)
        self._queue.forget(key)
        self._count()
        if self._flags.old_gc_behavior:
            self._gone.add(key)
            self._queue.add(key)

    def on_synced(self) -> None:
        """One list is complete."""
        self._unsynced_lists -= 1
        if self._unsynced_lists <= 0 and not self._listed:
            self._listed = True
            self.on_listed()

    def expect_lists(self, number: int) -> None:
        """How many reflectors tell of SealedSecrets: one for all namespaces, or one for each."""
        self._unsynced_lists = number

    def on_new_key(self) -> None:
        """Try again what no key opened so far."""
        for key, record in list(self._records.items()):
            if record.trouble == "unseal":
                self._queue.forget(key)
                self._queue.add(key)

    def on_share_changed(self) -> None:
        """Take up what is not settled among the objects that may be ours now."""
        for key, record in list(self._records.items()):
            is_missing = not self._flags.skip_recreate and self.targets.get(key) is None
            if (is_missing or not record.settled) and self._share.owns(key.namespace):
                self._queue.add(key)

    def observed(self) -> Iterator[Observed]:
        """Every object, for the metrics."""
        names = {key.fingerprint: key.name for key in self._keys.newest_first()}
        for key, record in list(self._records.items()):
            yield Observed(
                key.namespace, key.name, record.condition or "Unknown", record.instance, names.get(record.key, "")
            )

    def _target_changed(self, key: Key, target: Target) -> None:
        record = self._records.get(key)
        if record is not None and record.trouble == "unmanaged" and target.allows(record.seen.uid):
            self._queue.add(key)

    def _target_gone(self, key: Key, target: Target) -> None:
        record = self._records.get(key)
        if record is not None and (target.owner == record.seen.uid or target.managed or record.trouble):
            self._queue.forget(key)
            self._queue.add(key)

    def _looks_settled(self, key: Key, obj: Object, uid: str) -> bool:
        """Whether nothing seems to be left to do: only then a restart is quiet."""
        if self._flags.skip_recreate:
            return conditions.is_current(obj)
        target = self.targets.get(key)
        if target is None or target.owner not in {uid, None}:
            return False
        return conditions.is_current(obj) if self._flags.update_status else target.allows(uid)

    # the work

    def work(self, key: Key) -> None:
        """One pass over one object; every failure is told, and tried again when that can help."""
        if not self._share.may_write(key.namespace):
            self._pending.take(key)
            self._leave(key)
            return
        if key in self._gone:
            self._collect(key)
        record = self._records.get(key)
        if record is None:
            return
        text = self._pending.take(key)
        self._count()
        self._log.info("Updating", key=str(key))
        try:
            obj = cast("Object", orjson.loads(text)) if text is not None else get(self._api, key)
            if obj is None:
                return
            if seen_of(obj) != record.seen:  # the watch brings the other one
                return
            self._reconcile(key, record, obj)
        except MayNotWrite:
            self._leave(key)
        except Error as error:
            self._again(key, record, error, "fetch")

    def _leave(self, key: Key) -> None:
        """Leave it to the replica whose turn it is; look later whether it was done, should the turn be ours again."""
        record = self._records.get(key)
        self._gone.discard(key)  # the replica that owns the namespace has seen the deletion too
        if record is not None and not record.settled:
            self._queue.add_after(key, _LOOK_AGAIN)

    def compare(self, obj: Object, secret: Tree | None) -> bool:
        """Whether `secret` is what `obj` stands for; when not, the object is queued."""
        key = key_of(obj)
        record = self._records.get(key)
        if record is None or record.seen != seen_of(obj):
            return True
        try:
            wanted = self._wanted(obj, record, self._keys.newest_first())
            same = decide(record.seen.uid, wanted, secret).action == "keep"
        except Error:
            same = False
        if not same:
            self._queue.add(key)
        return same

    def _reconcile(self, key: Key, record: Record, obj: Object) -> None:
        keys, v1 = self._keys.newest_first(), self._flags.accept_deprecated_v1_data
        if record.tried and is_still_closed(obj, keys, tried=record.tried, accept_v1_data=v1):
            record.tried = keys
            return
        record.tried = ()
        try:
            wanted = self._wanted(obj, record, keys)
        except Error as error:
            said = messages.of_unsealing(error)
            if self._fail(key, record, obj, said, ("ErrUnsealFailed", f"Failed to unseal: {said}"), "unseal", error):
                record.tried = keys
            if self._keys.newest_first() is not keys:
                self._queue.add(key)
            return
        try:
            applied = self._writer.apply(
                record.seen.uid, wanted, namespace=key.namespace, name=key.name, absent=self._is_absent(key, record)
            )
        except Error as error:
            event = messages.shortened(error.message)
            if error.message.endswith(IMMUTABLE):
                event = messages.target_is_immutable(key.namespace, key.name)
            self._fail(key, record, obj, messages.shortened(error.message), ("ErrUpdateFailed", event), "update", error)
            return
        if applied == "refused":
            said = messages.not_managed(key.name)
            self._fail(key, record, obj, f"failed update: {said}", ("ErrUpdateFailed", said), "unmanaged", None)
            return
        self._succeed(key, record, obj, applied)

    def _is_absent(self, key: Key, record: Record) -> bool:
        """Whether the Secret is probably not there, so that creating it needs no look first."""
        return self.targets.get(key) is None if not self._flags.skip_recreate else not record.condition

    def _wanted(self, obj: Object, record: Record, keys: tuple[SealingKey, ...]) -> Tree:
        """The Secret that the object stands for. Raises what materializing raises."""
        opened = unseal(obj, keys, first=record.key, accept_v1_data=self._flags.accept_deprecated_v1_data)
        record.key = opened.key or record.key
        return opened.secret

    def _succeed(self, key: Key, record: Record, obj: Object, applied: Applied) -> None:
        try:
            told = self._tell(record, obj, "")
        except Error as error:
            self._again(key, record, error, "status")
            return
        record.trouble, record.settled = "", True
        self._queue.forget(key)
        if told or applied != "kept":
            self._emit(obj, "Normal", "Unsealed", messages.UNSEALED)

    def _fail(
        self,
        key: Key,
        record: Record,
        obj: Object,
        said: str,
        event: tuple[str, str],
        trouble: str,
        error: Error | None,
    ) -> bool:
        """Tell a failure, once, and try again later where that can help; whether it waits for news instead."""
        first = record.trouble != trouble
        record.trouble, record.settled = trouble, False
        self._count_error(trouble, key)
        passing = error is not None and error.retry
        if not (passing and self._queue.failures(key) < _UNTOLD):
            try:
                told = self._tell(record, obj, said, keep_message=passing)
            except Error as problem:
                self._again(key, record, problem, "status")
                return False
            if told or (first and not self._flags.update_status):
                self._emit(obj, "Warning", *event)
        # What does not open, and an immutable Secret, wait for news; the rest is tried again for ever.
        if trouble == "unseal" or (error is not None and error.message.endswith(IMMUTABLE)):
            self._queue.forget(key)
            self._log.error("Error updating, waiting for news", key=str(key), error=said)
            return True
        delay = self._queue.retry(key, unavailable(error) if error is not None else 0.0)
        self._log.error("Error updating, will retry", key=str(key), error=said, seconds=round(delay, 3))
        return False

    def _again(self, key: Key, record: Record, error: Error, reason: str) -> None:
        self._count_error(reason, key)
        record.settled = False
        delay = self._queue.retry(key, unavailable(error))
        self._log.error("Error updating, will retry", key=str(key), error=error.message, seconds=round(delay, 3))

    def _tell(self, record: Record, obj: Object, said: str, *, keep_message: bool = False) -> bool:
        """Write the status if it says something new; whether it did."""
        record.condition = "False" if said else "True"
        if not self._flags.update_status:
            return False
        seen = record.seen
        version = self._status.tell(obj, said, keep_message=keep_message, is_same=lambda newer: seen_of(newer) == seen)
        record.written = version or record.written
        return version is not None

    def _collect(self, key: Key) -> None:
        """`--old-gc-behavior`: the Secret goes with its SealedSecret, whoever owns it."""
        if key not in self._records:
            try:
                self._writer.delete(key.namespace, key.name)
            except MayNotWrite:
                pass
            except Error as error:
                self._queue.retry(key, unavailable(error))
                return
        self._gone.discard(key)

    def _count(self) -> None:
        if self.metrics is not None:
            self.metrics.requests.inc()

    def _count_error(self, reason: str, key: Key) -> None:
        if self.metrics is not None:
            self.metrics.errors.labels(reason, key.namespace).inc()
