"""EventRecorder: Kubernetes events, written by threads of their own, so that nobody fails by them.

As client-go does it: the same event again raises the count of the one that is there; an object that causes too many
gets one in five minutes. What waits is bounded: whoever emits faster than events can be written waits a little, unless
the API server takes none just now. What is not written after all is counted, and said once for each reason.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import threading
import time
import zlib
from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING, Literal, NamedTuple

from secrets_gitops.clients.kube import resources
from secrets_gitops.clients.kube.backoff import Backoff
from secrets_gitops.clients.kube.objects import key_of, version_of
from secrets_gitops.clients.kube.request import MERGE_PATCH
from secrets_gitops.errors import Conflict, Error, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.clients.kube.request import Api, Object

    EventType = Literal["Normal", "Warning"]

_log = logging.getLogger(__name__)

WRITERS = 3
_WAITING = 1000  # events for each writer, of some hundred bytes each
_LONGEST_WAIT = 5.0  # seconds that `emit` waits for room
_REMEMBERED = 2048  # for each writer
_LONGEST = 1024  # characters of a message; the API server refuses more
_BURST = 25.0
_REFILL = 1 / 300  # events per second and object, once the burst is used up
_TRIES = 12


class _Event(NamedTuple):
    """What is said, and about which object; the same again is a repetition."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    type: EventType
    reason: str
    message: str


class EventRecorder:
    """Events of one component. Start it with `start`, end it with `stop`."""

    def __init__(
        self,
        api: Api,
        component: str,
        *,
        instance: str = "",
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
        waiting: int = _WAITING,
    ) -> None:
        """`component` is what `kubectl get events` shows as the source; `instance` names this replica.

        `waiting` is how many events may wait for each of the writers.
        """
        self._lock = threading.Lock()
        self._dropped: Counter[str] = Counter()
        self._writers = [
            _Writer(api, component, instance or component, clock, now, waiting, self._drop) for _ in range(WRITERS)
        ]

    @property
    def dropped(self) -> int:
        """How many were never written."""
        return sum(self.dropped_by_reason().values())

    def dropped_by_reason(self) -> dict[str, int]:
        """`full`: too many at once; `refused` by the API server; `noisy` objects; `stopped`; `broken` objects."""
        with self._lock:
            return dict(self._dropped)

    def start(self) -> None:
        """Begin to write what is emitted."""
        for writer in self._writers:
            writer.thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """Write what is waiting for at most that long, then end. What is emitted later is dropped."""
        end = time.monotonic() + seconds
        for writer in self._writers:
            writer.finish()
        for writer in self._writers:
            writer.close(end)

    def emit(self, about: Mapping[str, object], type: EventType, reason: str, message: str) -> None:  # noqa: A002
        """Say `message` about an object, which needs apiVersion, kind and metadata. Never raises.

        Returns at once, or when there is room, in 5 seconds at the latest. `reason` is one CamelCase word. The message
        is shown to everybody who may read events: no values in it.
        """
        try:
            key, version = key_of(about), version_of(about)
        except Error as error:
            self._drop("broken", error.message)
            return
        api_version, kind = str(about.get("apiVersion") or ""), str(about.get("kind") or "")
        event = _Event(api_version, kind, key.namespace, key.name, version.uid, type, reason, _cut(message))
        # All events of an object have one writer, so that repetitions meet and the order stays.
        writer = self._writers[zlib.crc32(f"{version.uid} {key}".encode()) % WRITERS]
        writer.put(event, version.resource_version)

    def _drop(self, reason: str, why: str, number: int = 1) -> None:
        with self._lock:
            is_first = reason not in self._dropped
            self._dropped[reason] += number
        if is_first:
            _log.warning("an event is dropped, as further ones may be (%s): %s", reason, why)


class _Writer:
    """One thread, and the events that wait for it."""

    def __init__(
        self,
        api: Api,
        component: str,
        instance: str,
        clock: Callable[[], float],
        now: Callable[[], datetime.datetime],
        waiting: int,
        drop: Callable[..., None],
    ) -> None:
        self._api = api
        self._component = component
        self._instance = instance
        self._clock = clock
        self._now = now
        self._most = waiting
        self._drop = drop
        self._backoff = Backoff(clock=clock)
        self._changed = threading.Condition()
        self._queue: deque[tuple[_Event, str]] = deque()
        self._is_failing = False
        self._stopped = threading.Event()
        self._written: OrderedDict[_Event, tuple[str, int]] = OrderedDict()
        self._tokens: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self.thread = threading.Thread(target=self._run, name="events", daemon=True)

    def put(self, event: _Event, resource_version: str) -> None:
        """Let it wait; when there is no room, wait for some while events are taken at all."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._queue) < self._most or self._is_failing or self._stopped.is_set(), _LONGEST_WAIT
            )
            reason = "stopped" if self._stopped.is_set() else "full" if len(self._queue) >= self._most else ""
            if not reason:
                self._queue.append((event, resource_version))
                self._changed.notify_all()
        if reason:
            self._drop(reason, "the process ends" if reason == "stopped" else "too many wait")

    def finish(self) -> None:
        """Take no more; what waits is still written."""
        with self._changed:
            self._stopped.set()
            self._changed.notify_all()

    def close(self, end: float) -> None:
        """Wait for the thread until `end`, and give up what waits then."""
        if self.thread.is_alive():
            self.thread.join(max(0.0, end - time.monotonic()))
        with self._changed:
            left = len(self._queue)
            self._queue.clear()
        if left:
            self._drop("stopped", "the process ends", left)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopped.is_set())
                if not self._queue:
                    return
                event, resource_version = self._queue.popleft()
                self._changed.notify_all()
            try:
                self._write(event, resource_version)
            except Exception as error:  # noqa: BLE001  without this thread whoever emits would wait for nothing
                self._drop("broken", type(error).__name__)

    def _write(self, event: _Event, resource_version: str) -> None:
        if not self._allowed(event):
            self._drop("noisy", f"there are too many about {event.kind} {event.namespace}/{event.name}")
            return
        why, new_name = "", f"{event.name}.{time.time_ns():x}"
        for _ in range(_TRIES):
            try:
                self._send(event, resource_version, new_name)
            except Error as error:
                why = error.message
                if not error.retry or not self._wait(self._backoff.failed(getattr(error, "retry_after", None))):
                    break
            else:
                self._is_failing = False
                return
        self._drop("refused", why)

    def _wait(self, seconds: float) -> bool:
        """Wait before the next try; False when the process ends meanwhile."""
        with self._changed:
            self._is_failing = True
            self._changed.notify_all()
        return not self._stopped.wait(seconds)

    def _send(self, event: _Event, resource_version: str, new_name: str) -> None:
        known = self._written.get(event)
        stamp = self._now().astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        namespace = event.namespace or "default"
        if known is not None:
            name, count = known
            path = resources.path(resources.EVENTS, namespace, name)
            try:
                self._api.call("PATCH", path, {"count": count + 1, "lastTimestamp": stamp}, content_type=MERGE_PATCH)
            except ObjectNotFound:  # events live for an hour
                del self._written[event]
            else:
                self._remember(event, name, count + 1)
                return
        path = resources.path(resources.EVENTS, namespace)
        with contextlib.suppress(Conflict):  # it is there by an earlier try, whose answer was lost
            self._api.call("POST", path, self._object(event, resource_version, namespace, new_name, stamp))
        self._remember(event, new_name, 1)

    def _object(self, event: _Event, resource_version: str, namespace: str, name: str, stamp: str) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"namespace": namespace, "name": name},
            "involvedObject": {
                "apiVersion": event.api_version,
                "kind": event.kind,
                "namespace": event.namespace,
                "name": event.name,
                "uid": event.uid,
                "resourceVersion": resource_version,
            },
            "type": event.type,
            "reason": event.reason,
            "message": event.message,
            "count": 1,
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "reportingInstance": self._instance,
        }

    def _remember(self, event: _Event, name: str, count: int) -> None:
        self._written[event] = (name, count)
        self._written.move_to_end(event)
        if len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)

    def _allowed(self, event: _Event) -> bool:
        """A bucket of 25 for each object, refilled every five minutes by one."""
        about = (event.uid, event.name)
        now = self._clock()
        tokens, filled_at = self._tokens.get(about, (_BURST, now))
        tokens = min(_BURST, tokens + (now - filled_at) * _REFILL)
        allowed = tokens >= 1
        self._tokens[about] = (tokens - allowed, now)
        self._tokens.move_to_end(about)
        if len(self._tokens) > _REMEMBERED:
            self._tokens.popitem(last=False)
        return allowed


def _cut(message: str) -> str:
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"
