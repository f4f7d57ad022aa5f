"""The API server's audit log as the clock: when each request of an account came, and when it was answered.

Times are taken from it in the same way for all contestants, and nobody is slowed by being asked how far it is.
"""

from __future__ import annotations

import datetime
import json
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from apiserver import Cluster, User

_QUIET = 1.0  # seconds without a write, after which a contestant is taken to be through


class Contestant(Protocol):
    """Who is waited for."""

    name: str

    def has_failed(self) -> bool:
        """Whether it ended, but not in order."""

    def tail(self) -> str:
        """The end of its log."""


class Request(NamedTuple):
    """One answered request, from the audit log; a watch that began, too. Times are seconds of the wall clock."""

    verb: str
    resource: str
    namespace: str
    name: str
    code: int
    begin: float
    end: float
    token: str
    """Which token it came with: replicas share an account."""

    @property
    def is_write(self) -> bool:
        return self.verb in ("create", "update", "patch", "delete") and self.resource != "leases"

    @property
    def succeeded(self) -> bool:
        return 200 <= self.code < 300


class Audit:
    """What the API server answered to one account since this was made; read as the log grows."""

    def __init__(self, cluster: Cluster, user: User) -> None:
        self._log = cluster.folder / "audit.log"
        self._user = user.name
        self._at = cluster.mark()
        self.requests: list[Request] = []

    def read(self) -> list[Request]:
        """All so far."""
        with self._log.open("rb") as log:
            log.seek(self._at)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._at += len(line)
                if self._user.encode() in line and (request := self._request(json.loads(line))):
                    self.requests.append(request)
        return self.requests

    def _request(self, event: dict) -> Request | None:
        began = event["stage"] == "ResponseStarted"
        about = event.get("objectRef")
        if event["user"]["username"] != self._user or about is None or (began and event["verb"] != "watch"):
            return None
        sub = about.get("subresource")
        tokens = event["user"].get("extra", {}).get("authentication.kubernetes.io/credential-id", [""])
        return Request(
            event["verb"] if began or event["verb"] != "watch" else "watch ended",
            about.get("resource", "") + (f"/{sub}" if sub else ""),
            about.get("namespace", ""),
            about.get("name", ""),
            event.get("responseStatus", {}).get("code", 0),
            seconds(event["requestReceivedTimestamp"]),
            seconds(event["stageTimestamp"]),
            tokens[0],
        )

    def count(self, verb: str, resource: str) -> int:
        """How many of these were answered with success."""
        return sum(one.verb == verb and one.resource == resource and one.succeeded for one in self.requests)

    def wait(
        self, finished: Callable[[Audit], bool], limit: float, process: Contestant, *, quiet: float = _QUIET
    ) -> None:
        """Until it is `finished` and wrote nothing for `quiet` seconds. SystemExit with the log's end when not."""
        end = time.time() + limit
        while True:
            begin = time.perf_counter()
            self.read()
            last = max((one.end for one in self.requests if one.is_write), default=0.0)
            if finished(self) and time.time() - last > quiet:
                return
            if time.time() > end or process.has_failed():
                raise SystemExit(f"{process.name} is not through:\n{process.tail()}")
            time.sleep(max(0.1, 20 * (time.perf_counter() - begin)))  # looking costs the contestant little

    def span(self, resource: str) -> float:
        """Seconds from the first list of `resource` (or watch, for who reads by that) to the last answered write."""
        first = min(one.begin for one in self.requests if one.resource == resource and one.verb in ("list", "watch"))
        return max(one.end for one in self.requests if one.is_write) - first


def seconds(stamp: str) -> float:
    """Of the wall clock, from RFC 3339."""
    return datetime.datetime.fromisoformat(stamp).timestamp()
