"""The Lease of each replica: how replicas see each other, and how one tells that another is gone.

A replica renews a Lease of its own, and writes on it which replicas it reckons with. Another one is gone when it has
given its Lease up, or when that has not changed for its duration on *our* clock since *we* saw it: times that another
machine wrote are for people, and are never read.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from secrets_gitops.clients.kube.failures import missing_namespace
from secrets_gitops.clients.kube.resources import LEASES, path
from secrets_gitops.errors import Conflict, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from secrets_gitops.clients.kube.request import Api

LABEL = "secrets-gitops/replica-of"
VIEW = "secrets-gitops/replicas"
"""Annotation: the Leases of the replicas, this one among them, that share the namespaces as its holder sees it."""
POD = "secrets-gitops/pod"
COMPONENT = "sealed-secrets-controller"
_VANISHED = ""
_KEPT = 10
"""A Lease is removed when it was silent for so many times its duration."""


class Member(NamedTuple):
    """A replica as its Lease shows it."""

    name: str
    version: str
    holder: str
    """Empty when it has given up."""
    view: frozenset[str]
    seconds: float
    pod: str = ""


class Sight(NamedTuple):
    """What was last seen of a replica, and when first, on our clock."""

    member: Member
    since: float


class Seat:
    """Our own Lease. Its name is new for each process, so that nobody else ever writes it."""

    def __init__(self, api: Api, namespace: str, pod: str, seconds: float) -> None:
        self._api = api
        self._namespace = namespace
        self._pod = pod
        self._seconds = seconds
        random = secrets.token_hex(3)
        self.name = f"{COMPONENT}-{_plain(pod)}-{random}"
        self._holder = f"{pod}_{random}"
        self._version: str | None = None
        self._acquired = _now()

    def renew(self, view: Iterable[str]) -> None:
        """Write the Lease, for us and with this view.

        Raises ObjectNotFound when it was taken from us, SettingsError when the namespace is not there, ClusterErrors.
        """
        body = self._body(view, self._holder)
        if self._version is None:
            try:
                self._version = _version(self._api.call("POST", path(LEASES, self._namespace), body))
            except ObjectNotFound as error:
                raise missing_namespace(error, self._namespace) from None
            return
        try:
            self._put(body)
        except Conflict:  # an answer of ours was lost on the way, or somebody put a label on it
            self._version = _version(self._api.call("GET", self._path()))
            self._put(body)
        except ObjectNotFound:
            self._version = None
            raise

    def give_up(self) -> None:
        """Let the others have our share at once."""
        if self._version is not None:
            self._put(self._body((), ""))

    def all(self) -> list[Member]:
        """Every replica that has a Lease, we among them."""
        query = {"labelSelector": f"{LABEL}={COMPONENT}"}
        answer = self._api.call("GET", path(LEASES, self._namespace), query=query)
        items = answer.get("items")
        return [member(cast("dict[str, object]", item)) for item in items] if isinstance(items, list) else []

    def bury_predecessors(self) -> None:
        """Give up for former processes of this very pod: it runs one at a time."""
        for other in self.all():
            if other.pod == self._pod and other.holder and other.name != self.name:
                url = path(LEASES, self._namespace, other.name)
                lease = self._api.call("GET", url)
                self._api.call("PUT", url, {**lease, "spec": {**_map(lease.get("spec")), "holderIdentity": ""}})

    def remove(self, other: Member) -> None:
        """Delete a Lease that nobody holds, unless it changed since it was seen."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"resourceVersion": other.version}}
        self._api.call("DELETE", path(LEASES, self._namespace, other.name), options)

    def _put(self, body: Mapping[str, object]) -> None:
        metadata = {**cast("dict[str, object]", body["metadata"]), "resourceVersion": self._version}
        self._version = _version(self._api.call("PUT", self._path(), {**body, "metadata": metadata}))

    def _path(self) -> str:
        return path(LEASES, self._namespace, self.name)

    def _body(self, view: Iterable[str], holder: str) -> dict[str, object]:
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {
                "name": self.name,
                "namespace": self._namespace,
                "labels": {LABEL: COMPONENT},
                "annotations": {VIEW: " ".join(sorted(view)), POD: self._pod},
            },
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": max(1, round(self._seconds)),
                "acquireTime": self._acquired,
                "renewTime": _now(),
            },
        }


class Watchman:
    """Tells the living from the dead, on one clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, Sight] = {}

    def look(self, members: Callable[[], Iterable[Member]]) -> list[Member]:
        """Those that `members` gives, and those seen before, that may still act.

        Silence is counted from when an answer was here to when the next question was sent: however long this process
        was frozen in between, it then speaks of a time at which the other really had not renewed.
        """
        asked = self._clock()
        found = {member.name: member for member in members()}
        now = self._clock()
        for name in [*self._seen, *found]:
            sight = self._seen.get(name)
            # A Lease that vanished without being given up was deleted by somebody; its holder may not know yet.
            one = found.get(name) or (sight.member._replace(version=_VANISHED) if sight else None)
            if one is not None and (sight is None or sight.member.version != one.version):
                self._seen[name] = Sight(one, now)
        for name in [name for name in self._seen if name not in found and not self._may_act(self._seen[name], asked)]:
            del self._seen[name]
        return [sight.member for sight in self._seen.values() if self._may_act(sight, asked)]

    def long_dead(self) -> list[Member]:
        """Those whose Leases can be removed, however slowly others look."""
        now = self._clock()
        return [sight.member for sight in self._seen.values() if now - sight.since > _KEPT * sight.member.seconds]

    @staticmethod
    def _may_act(sight: Sight, now: float) -> bool:
        return bool(sight.member.holder) and now - sight.since <= sight.member.seconds


def pod_name(environ: Mapping[str, str]) -> str:
    """What this process calls itself. A pod has one process at a time; on any other machine it may not be alone."""
    return environ.get("POD_NAME") or f"{platform.node() or 'host'}-{os.getpid()}"


def member(lease: Mapping[str, object]) -> Member:
    """The replica that a Lease stands for."""
    metadata, spec = _map(lease.get("metadata")), _map(lease.get("spec"))
    annotations = _map(metadata.get("annotations"))
    seconds = spec.get("leaseDurationSeconds")
    return Member(
        name=str(metadata.get("name", "")),
        version=str(metadata.get("resourceVersion", "")),
        holder=str(spec.get("holderIdentity") or ""),
        view=frozenset(str(annotations.get(VIEW, "")).split()),
        seconds=float(seconds) if isinstance(seconds, int) else 15.0,
        pod=str(annotations.get(POD, "")),
    )


def _plain(pod: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", pod.lower()).strip("-")[:200] or "pod"


def _version(answer: Mapping[str, object]) -> str:
    return str(_map(answer.get("metadata")).get("resourceVersion", ""))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _map(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
