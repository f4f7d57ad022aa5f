"""EventRecorder: Kubernetes events, written from a thread of their own, so that nobody waits for them or fails by them.

As client-go does it: the same event again raises the count of the one that is there; an object that causes too many
gets one in five minutes. The queue is bounded; what does not fit is dropped and counted.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import queue
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal, NamedTuple

from secrets_gitops.clients.kube import resources
from secrets_gitops.clients.kube.backoff import Backoff
from secrets_gitops.clients.kube.objects import key_of, version_of
from secrets_gitops.clients.kube.request import MERGE_PATCH
from secrets_gitops.errors import Error, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.clients.kube.request import Api, Object

    EventType = Literal["Normal", "Warning"]

_log = logging.getLogger(__name__)

_WAITING = 1000
_REMEMBERED = 4096
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
    ) -> None:
        """`component` is what `kubectl get events` shows as the source; `instance` names this replica."""
        self._api = api
        self._component = component
        self._instance = instance or component
        self._clock = clock
        self._now = now
        self._backoff = Backoff(clock=clock)
        self._queue: queue.Queue[tuple[_Event, str] | None] = queue.Queue(_WAITING)
        self._written: OrderedDict[_Event, tuple[str, int]] = OrderedDict()
        self._tokens: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self.dropped = 0
        """How many were never written: too many at once, or refused by the API server."""

    def start(self) -> None:
        """Begin to write what is emitted."""
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """Write what is waiting for at most that long, then end. What is emitted later is dropped."""
        self._stopped.set()
        with contextlib.suppress(queue.Full):  # then it ends after the last one
            self._queue.put_nowait(None)
        if self._thread.is_alive():
            self._thread.join(seconds)

    def emit(self, about: Mapping[str, object], type: EventType, reason: str, message: str) -> None:  # noqa: A002
        """Say `message` about an object, which needs apiVersion, kind and metadata. Returns at once and never raises.

        `reason` is one CamelCase word. The message is shown to everybody who may read events: no values in it.
        """
        try:
            key, version = key_of(about), version_of(about)
            api_version, kind = str(about.get("apiVersion") or ""), str(about.get("kind") or "")
            event = _Event(api_version, kind, key.namespace, key.name, version.uid, type, reason, _cut(message))
            if self._stopped.is_set():
                self.dropped += 1
                return
            self._queue.put_nowait((event, version.resource_version))
        except (queue.Full, Error):
            self.dropped += 1

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            if item is None:
                return
            self._write(*item)
            if self._stopped.is_set() and self._queue.empty():
                return

    def _write(self, event: _Event, resource_version: str) -> None:
        if not self._allowed(event):
            self.dropped += 1
            return
        for _ in range(_TRIES):
            try:
                self._send(event, resource_version)
            except Error as error:
                if not error.retry or self._stopped.wait(self._backoff.failed(getattr(error, "retry_after", None))):
                    _log.debug("an event is dropped: %s", error.message)
                    break
            else:
                return
        self.dropped += 1

    def _send(self, event: _Event, resource_version: str) -> None:
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
        name = f"{event.name}.{time.time_ns():x}"
        path = resources.path(resources.EVENTS, namespace)
        self._api.call("POST", path, self._object(event, resource_version, namespace, name, stamp))
        self._remember(event, name, 1)

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
