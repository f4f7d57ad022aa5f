"""Lease: who of several may write. One object of the API, and the monotonic clock of each machine by itself.

Clocks of two machines are never compared. How old a renewal is counts from when it was *seen* to change here; how long
the holder may write counts from before it *sent* the renewal, and is shorter. So whoever takes a Lease over does so
after the holder has stopped, however late either hears of the other.
"""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING, Literal, NamedTuple

from secrets_gitops.clients.kube import resources
from secrets_gitops.clients.kube.objects import metadata_of
from secrets_gitops.errors import Conflict, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.deadline import Deadline

_SAFE = 2 / 3
"""The part of the duration in which the holder may write; client-go renews for 10 of 15 seconds."""


class Tenure(NamedTuple):
    """How things stand: `held` by us, by `other` (or nobody could say), or `lost`: it was ours until this call."""

    state: Literal["held", "other", "lost"]
    holder: str
    """Whose it is as far as seen; empty when nobody's."""


class Lease:
    """One Lease as one candidate sees it; for one thread, but for `may_write`."""

    def __init__(
        self,
        api: Api,
        namespace: str,
        name: str,
        identity: str,
        *,
        seconds: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
    ) -> None:
        """`identity` must differ for every process that ever runs; `now` is written for people, never compared."""
        self._api = api
        self._collection = resources.path(resources.LEASES, namespace)
        self._path = resources.path(resources.LEASES, namespace, name)
        self._namespace, self._name, self._identity = namespace, name, identity
        self._seconds = seconds
        self._clock = clock
        self._now = now
        self._found: Object | None = None
        self._observed: tuple[object, ...] = ()
        self._observed_at = 0.0
        self.deadline = float("-inf")
        """On `clock`: from here on nothing may be written, until another renewal moves it."""

    def may_write(self) -> bool:
        """Whether the Lease is surely ours at this moment; ask before each write."""
        return self._clock() < self.deadline

    def acquire_or_renew(self, deadline: Deadline | None = None) -> Tenure:
        """Take it when it is free or its holder fell silent, renew it when it is ours. Call it every few seconds.

        Raises Forbidden without the right to Leases, Unavailable and others when the server could not be asked; then
        nothing is known, and `deadline` stands.
        """
        held = self.deadline > float("-inf")
        for _ in range(3):
            try:
                if self._found is None or not held:
                    self._found = self._read(deadline)
                if self._found is not None and not self._is_free(self._found):
                    self.deadline = float("-inf")
                    return Tenure("lost" if held else "other", self._holder(self._found))
                return self._write(self._found, deadline)
            except (Conflict, ObjectNotFound):
                self._found = None  # somebody was faster, or removed it: look again
        return Tenure("held", self._identity) if self.may_write() else Tenure("other", "")

    def release(self, deadline: Deadline | None = None) -> None:
        """Stop writing and let the next one take it at once. Raises what `acquire_or_renew` raises."""
        found, self._found = self._found, None
        held, self.deadline = self.deadline > float("-inf"), float("-inf")
        if held and found is not None:
            spec = {**_spec(found), "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": self._stamp()}
            try:
                self._api.call("PUT", self._path, {**found, "spec": spec}, deadline=deadline)
            except (Conflict, ObjectNotFound):
                return  # it is somebody else's already

    def _read(self, deadline: Deadline | None) -> Object | None:
        try:
            found = self._api.call("GET", self._path, deadline=deadline)
        except ObjectNotFound:
            return None
        self._notice(found)
        return found

    def _notice(self, found: Object) -> None:
        """Start counting anew when the holder has shown a sign of life."""
        spec = _spec(found)
        sign = (metadata_of(found).get("uid"), spec.get("holderIdentity"), spec.get("renewTime"))
        if sign != self._observed:
            self._observed, self._observed_at = sign, self._clock()

    def _is_free(self, found: Object) -> bool:
        holder = self._holder(found)
        if holder in ("", self._identity):
            return True
        seconds = _spec(found).get("leaseDurationSeconds")
        lasting = float(seconds) if isinstance(seconds, int) and seconds > 0 else self._seconds
        return self._clock() >= self._observed_at + lasting

    def _write(self, found: Object | None, deadline: Deadline | None) -> Tenure:
        """Create, or replace exactly the version that was read."""
        stamp = self._stamp()
        before = _spec(found) if found is not None else {}
        ours = self._holder(found) == self._identity if found is not None else False
        moves = before.get("leaseTransitions")
        spec: Object = {
            **before,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._seconds)),
            "acquireTime": before.get("acquireTime") if ours else stamp,
            "renewTime": stamp,
            "leaseTransitions": (moves if isinstance(moves, int) else 0) + (found is not None and not ours),
        }
        begun = self._clock()
        if found is None:
            metadata = {"namespace": self._namespace, "name": self._name}
            made: Object = {"apiVersion": resources.LEASES.api_version, "kind": "Lease", "metadata": metadata}
            self._found = self._api.call("POST", self._collection, {**made, "spec": spec}, deadline=deadline)
        else:
            self._found = self._api.call("PUT", self._path, {**found, "spec": spec}, deadline=deadline)
        self.deadline = begun + self._seconds * _SAFE
        return Tenure("held", self._identity)

    def _holder(self, found: Object) -> str:
        holder = _spec(found).get("holderIdentity")
        return holder if isinstance(holder, str) else ""

    def _stamp(self) -> str:
        return self._now().astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _spec(lease: Object) -> Object:
    spec = lease.get("spec")
    return spec if isinstance(spec, dict) else {}
