"""Reflector: tells a handler what changes among the objects of one kind, through outages, without missing a deletion.

It keeps uid and resourceVersion of each object and nothing else. A list is read in pages; what vanished since the last
one is reported once its last page is in. The watch goes on from the last version seen, and a version that the server no
longer knows leads back to a list. It never gives up; `problem` says what is wrong just now.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import traceback
from typing import TYPE_CHECKING, Protocol

from secrets_gitops.clients.kube import resources
from secrets_gitops.clients.kube.backoff import Backoff
from secrets_gitops.clients.kube.failures import failure
from secrets_gitops.clients.kube.objects import key_of, metadata_of, version_of
from secrets_gitops.clients.kube.request import JSON, SILENCE
from secrets_gitops.errors import Error, Expired, Forbidden, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.objects import Key, Version
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.clients.kube.resources import Resource
    from secrets_gitops.clients.kube.stream import Stream

_log = logging.getLogger(__name__)

PAGE = 500
_SHORTEST_WATCH = 1.0  # seconds; one that ends sooner without an event counts as a failure
_RELISTS_APART = 30.0  # seconds; a version that expires sooner than this after a list counts as a failure too
_PARTIAL = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"


class Handler(Protocol):
    """Called from the reflector's thread, so it must be quick. What it raised on is reported to it again."""

    def on_changed(self, obj: Object) -> None:
        """The object is new, or differs from what was reported last."""

    def on_deleted(self, key: Key, known: Version) -> None:
        """It is gone; `known` is its last version seen. Also when another incarnation has taken its place."""

    def on_synced(self) -> None:
        """Everything that a complete list held has been reported; after every list."""


class Reflector:
    """One kind in one namespace (None: in all), perhaps narrowed by selectors. `run` it in a thread of its own."""

    def __init__(
        self,
        api: Api,
        resource: Resource,
        handler: Handler,
        *,
        namespace: str | None = None,
        labels: str | None = None,
        fields: str | None = None,
        metadata_only: bool = False,
        silence: float = SILENCE,
        poll: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`metadata_only` asks for metadata alone: data of Secrets never arrives. `silence`: see `Api.stream`.

        `poll`: without the right to watch, list every so many seconds; None leaves it at the first list.
        """
        self._api = api
        self._resource = resource
        self._handler = handler
        self._path = resources.path(resource, namespace)
        self._selectors = {"labelSelector": labels, "fieldSelector": fields}
        self._metadata_only = metadata_only
        self._silence = silence
        self._poll = poll
        self._is_polling = False
        self._clock = clock
        self._backoff = Backoff(clock=clock)
        self._stopped = threading.Event()
        self._stream: Stream | None = None
        self._known: dict[Key, Version] = {}
        self._position: str | None = None
        self._listed_at: float | None = None
        self.synced = False
        """Whether a complete list has been reported at least once."""
        self.problem: Error | None = None
        """What keeps it from seeing changes now; None when nothing does."""

    def run(self) -> None:
        """Until `stop`; never raises."""
        while not self._stopped.is_set():
            try:
                self._once()
            except Expired as error:
                self._position = None
                if self._listed_at is not None and self._clock() - self._listed_at < _RELISTS_APART:
                    self._pause(error)
            except Error as error:
                self._pause(error)
            except Exception as error:  # noqa: BLE001  a handler's mistake must not make us deaf for ever
                self._pause(Unavailable(f"a change could not be handled: {_where(error)}"))

    def stop(self) -> None:
        """End `run` at once, from any thread; a list that is being read ends with its page."""
        self._stopped.set()
        stream = self._stream
        if stream is not None:
            stream.close()

    def _once(self) -> None:
        if self._position is None:
            self._list()
        if self._stopped.is_set():
            return
        begun = self._clock()
        try:
            changes = self._watch()
        except Forbidden as error:
            if self._poll is None:
                raise
            self._wait_for_the_next_list(error, self._poll)
            return
        if not changes and self._clock() - begun < _SHORTEST_WATCH and not self._stopped.is_set():
            raise Unavailable(f"the watch of {self._resource.plural} ended at once")

    def _pause(self, error: Error) -> None:
        if self._stopped.is_set():
            return
        if self.problem is None or self.problem.message != error.message:
            _log.warning("cannot watch %s: %s", self._resource.plural, error.message)
        self.problem = error
        self._stopped.wait(self._backoff.failed(error.retry_after if isinstance(error, Unavailable) else None))

    def _wait_for_the_next_list(self, error: Error, seconds: float) -> None:
        if not self._is_polling:
            plural = self._resource.plural
            _log.warning("no right to watch %s, listing them every %g seconds: %s", plural, seconds, error.message)
        self._is_polling = True
        self._position = None
        self._stopped.wait(seconds)

    def _list(self) -> None:
        """All pages, each reported as it comes, so that only one is in memory; then what is missing in them."""
        query = self._query(limit=str(PAGE))
        accept = _PARTIAL.format("List") if self._metadata_only else JSON
        missing = dict(self._known)
        while True:
            page = self._api.call("GET", self._path, query=query, accept=accept)
            items = page.get("items")
            for obj in items if isinstance(items, list) else ():
                missing.pop(self._seen(obj), None)
            about = metadata_of(page)
            token = about.get("continue")
            if not isinstance(token, str) or not token:
                break
            if self._stopped.is_set():
                return
            query["continue"] = token
        for key, known in missing.items():
            self._handler.on_deleted(key, known)
            del self._known[key]
        self._position = str(about.get("resourceVersion") or "")
        self._listed_at = self._clock()
        self.synced = True
        self.problem = None
        self._handler.on_synced()

    def _watch(self) -> int:
        """Follow changes until the stream ends; how many came."""
        query = self._query(
            watch="1",
            allowWatchBookmarks="true",
            resourceVersion=self._position or "",
            timeoutSeconds=str(random.randint(240, 480)),  # noqa: S311  spreads reconnections, hides nothing
        )
        accept = _PARTIAL.format("") if self._metadata_only else JSON
        stream = self._stream = self._api.stream(self._path, query=query, accept=accept, silence=self._silence)
        if self._stopped.is_set():  # `stop` may have looked for the stream just before it was there
            return 0
        changes = 0
        try:
            stream.open()
            self.problem = None
            for line in stream:
                changes += self._event(line)
        finally:
            self._stream = None
            stream.close()
        return changes

    def _event(self, line: bytes) -> int:
        """Handle one line; 1 for a change, 0 for a bookmark."""
        event = self._api.parsed(line)
        obj = event.get("object") if event else None
        if event is None or not isinstance(obj, dict):
            raise Unavailable(f"the watch of {self._resource.plural} sent something that is no event")
        kind = event.get("type")
        if kind == "ERROR":
            code = obj.get("code")
            raise failure(code if isinstance(code, int) else 500, obj, {}, secret=False)
        if kind == "DELETED":
            key = key_of(obj)
            self._handler.on_deleted(key, version_of(obj))
            self._known.pop(key, None)
        elif kind != "BOOKMARK":
            self._seen(obj)
        self._position = version_of(obj).resource_version
        return kind != "BOOKMARK"

    def _seen(self, obj: Object) -> Key:
        """Report an object unless this version of it has been; known only when the handler took it."""
        metadata_of(obj).pop("managedFields", None)
        key, version = key_of(obj), version_of(obj)
        before = self._known.get(key)
        if before == version:
            return key
        if before is not None and before.uid != version.uid:
            self._handler.on_deleted(key, before)
            del self._known[key]
        if not self._metadata_only:  # items of a list of a built-in kind come without these two
            obj.setdefault("apiVersion", self._resource.api_version)
            obj.setdefault("kind", self._resource.kind)
        self._handler.on_changed(obj)
        self._known[key] = version
        return key

    def _query(self, **fixed: str) -> dict[str, str]:
        return fixed | {name: text for name, text in self._selectors.items() if text}


def _where(error: Exception) -> str:
    """Its class and place; never its text, which may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__
