"""How the controller and its objects are: keys, failing objects, and how replicas share the work. Reading only.

What may not be read is named in `notes` and left out. Of key Secrets the certificates alone are looked at. Ages are
counted on the API server's clock alone.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast

from secrets_gitops.clients.kube.failures import failure
from secrets_gitops.clients.kube.resources import EXTERNAL_SECRETS, LEASES, SEALED_SECRETS, SECRETS, SOPS_SECRETS, path
from secrets_gitops.controller.deploy.plan import NAME
from secrets_gitops.controller.election import COMPONENT, LABEL, member
from secrets_gitops.controller.key_secret import KEY_LABEL
from secrets_gitops.controller.shards import winner
from secrets_gitops.errors import Error, Forbidden, ObjectNotFound, Unavailable
from secrets_gitops.keys.sealing import load_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.clients.kube.resources import Resource
    from secrets_gitops.controller.election import Member
    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.sealing import Certificate

    Tree = dict[str, object]

_KINDS = ((SEALED_SECRETS, "Synced"), (EXTERNAL_SECRETS, "Ready"), (SOPS_SECRETS, "Synced"))
_PAGE = "500"
_LONGEST = 300


@dataclass(frozen=True)
class Key:
    """A sealing key: its certificate, or why there is none."""

    name: str
    fingerprint: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    served: bool = False
    """The one that is sealed for now, as the Service says, or as the newest one is."""
    problem: str | None = None


@dataclass(frozen=True)
class Failing:
    """An object whose Secret is not as it should be."""

    kind: str
    namespace: str
    name: str
    reason: str


@dataclass(frozen=True)
class Objects:
    """The objects of one kind."""

    kind: str
    total: int
    lagging: tuple[str, ...]
    """`namespace/name` of those whose present generation has no status yet."""


@dataclass(frozen=True)
class Replica:
    """One process, by its Lease."""

    lease: str
    pod: str
    silent: int | None
    """Seconds since it renewed, as the API server counts."""
    is_alive: bool
    namespaces: int
    """How many of the namespaces with objects are its share."""
    objects: int


@dataclass(frozen=True)
class Status:
    """All of it."""

    namespace: str
    keys: tuple[Key, ...] | None
    """None: they may not be read."""
    serving: str | None
    """Fingerprint of the certificate that the Service answers with; None when it cannot be asked."""
    kinds: tuple[Objects, ...]
    failing: tuple[Failing, ...]
    replicas: tuple[Replica, ...] | None
    notes: tuple[str, ...] = field(default=())

    @property
    def problems(self) -> tuple[str, ...]:
        """What must be looked after; the exit status says whether there is any."""
        found = [f"{key.name}: {key.problem}" for key in self.keys or () if key.problem]
        if self.keys is not None and not any(key.fingerprint for key in self.keys):
            found.append("there is no sealing key: the controller has not run yet, or is in another namespace")
        if self.replicas and not any(replica.is_alive for replica in self.replicas):
            found.append("no replica has renewed its Lease: the controller does not run")
        return (*found, *(f"{one.kind} {one.namespace}/{one.name}: {one.reason}" for one in self.failing))


def read(api: Api, namespace: str, watched: Sequence[str], deadline: Deadline) -> Status:
    """Ask the API server. `watched` names the namespaces of objects; none is all. Errors but Forbidden travel."""
    notes: list[str] = []
    serving = _serving(api, namespace, deadline, notes)
    keys = _keys(api, namespace, serving, deadline, notes)
    kinds: list[Objects] = []
    failing: list[Failing] = []
    places: Counter[str] = Counter()
    for resource, condition in _KINDS:
        try:
            found = [each for place in watched or (None,) for each in _all(api, resource, place, deadline)]
        except ObjectNotFound:
            continue  # the cluster does not know this kind
        except Forbidden:
            notes.append(f"{resource.plural} may not be listed" + ("" if watched else " in all namespaces"))
            continue
        kinds.append(
            Objects(resource.kind, len(found), tuple(_label(each) for each in found if _lags(each, condition)))
        )
        failing += [one for each in found if (one := _failing(resource.kind, each, condition))]
        places.update(_text(each, "namespace") for each in found)
    replicas = _replicas(api, namespace, places, deadline, notes)
    return Status(namespace, keys, serving, tuple(kinds), tuple(failing), replicas, tuple(notes))


def _serving(api: Api, namespace: str, deadline: Deadline, notes: list[str]) -> str | None:
    service = f"/api/v1/namespaces/{namespace}/services"
    try:
        port = _port(api, f"{service}/{NAME}", deadline)
        answer = api.raw("GET", f"{service}/http:{NAME}:{port}/proxy/v1/cert.pem", accept="*/*", deadline=deadline)
        if answer.status == 200:
            return load_certificate(answer.body, "the certificate that is served").fingerprint
        notes.append(f"the Service {namespace}/{NAME} does not give its certificate: HTTP {answer.status}")
    except Error as error:
        if isinstance(error, Unavailable):
            raise
        notes.append(f"the Service {namespace}/{NAME} gives a certificate that cannot be used: {error.message}")
    return None


def _port(api: Api, service: str, deadline: Deadline) -> str:
    """The name of its first port, which the API server's proxy wants to be told; empty where it has none."""
    try:
        ports = _map(api.call("GET", service, deadline=deadline).get("spec")).get("ports")
    except (Forbidden, ObjectNotFound):
        return ""  # the proxy answers the same, and that is told
    name = _map(ports[0]).get("name") if isinstance(ports, list) and ports else None
    return name if isinstance(name, str) else ""


def _keys(
    api: Api, namespace: str, serving: str | None, deadline: Deadline, notes: list[str]
) -> tuple[Key, ...] | None:
    try:
        secrets = list(_all(api, SECRETS, namespace, deadline, labelSelector=f"{KEY_LABEL}=active"))
    except Forbidden:
        notes.append(f"key Secrets in {namespace} may not be listed")
        return None
    read = [(_text(secret, "name"), _certificate(secret)) for secret in secrets]
    usable = [certificate for _, certificate in read if not isinstance(certificate, str)]
    newest = max(usable, key=lambda certificate: certificate.not_before, default=None)
    served = serving or (newest.fingerprint if newest else None)
    keys = [_key(name, certificate, served) for name, certificate in read]
    return tuple(
        sorted(keys, key=lambda key: (key.not_before or datetime.min.replace(tzinfo=UTC), key.name), reverse=True)
    )


def _certificate(secret: Tree) -> Certificate | str:
    """The certificate of a key Secret, or what is the matter. The private key beside it is left alone."""
    text = _map(secret.get("data")).get("tls.crt")
    if not isinstance(text, str):
        return "there is no certificate under `tls.crt`"
    try:
        return load_certificate(base64.b64decode(text, validate=True), f"Secret {_label(secret)}")
    except (Error, binascii.Error):
        return "`tls.crt` is not a certificate that can be used"


def _key(name: str, certificate: Certificate | str, served: str | None) -> Key:
    if isinstance(certificate, str):
        return Key(name, problem=certificate)
    is_served = certificate.fingerprint == served
    return Key(name, certificate.fingerprint, certificate.not_before, certificate.not_after, is_served)


def _replicas(
    api: Api, namespace: str, places: Counter[str], deadline: Deadline, notes: list[str]
) -> tuple[Replica, ...] | None:
    query = {"labelSelector": f"{LABEL}={COMPONENT}"}
    answer = api.raw("GET", path(LEASES, namespace), query=query, deadline=deadline)
    parsed = api.parsed(answer.body)
    if answer.status != 200:
        error = failure(answer.status, parsed, answer.headers, secret=False)
        if not isinstance(error, Forbidden):
            raise error
        notes.append(f"Leases in {namespace} may not be listed")
        return None
    now = answer.headers.get("Date")
    found = []
    for lease in _items(parsed):
        one, silent = member(lease), _silent(lease, now)
        if one.holder:
            found.append((one, silent, silent is None or silent <= one.seconds))
    if not found:
        notes.append("no replica holds a Lease: none runs, or it runs alone, without the right to Leases")
    alive = {one.name: one for one, _, is_alive in found if is_alive}
    shares = {name: [place for place in places if _falls_to(place, one)] for name, one in alive.items()}
    return tuple(
        Replica(
            one.name,
            one.pod,
            silent,
            is_alive,
            namespaces=len(shares.get(one.name, ())),
            objects=sum(places[place] for place in shares.get(one.name, ())),
        )
        for one, silent, is_alive in sorted(found, key=lambda entry: entry[0].name)
    )


def _falls_to(place: str, one: Member) -> bool:
    return winner(place, one.view) == one.name


def _silent(lease: Tree, now: str | None) -> int | None:
    """Seconds since the Lease was written: both times are the API server's, never a replica's."""
    listed = _map(lease.get("metadata")).get("managedFields")
    entries = [_map(entry) for entry in listed] if isinstance(listed, list) else []
    written = max((str(entry.get("time", "")) for entry in entries), default="")
    try:
        return max(0, round((parsedate_to_datetime(now or "") - datetime.fromisoformat(written)).total_seconds()))
    except (ValueError, TypeError):
        return None


def _all(api: Api, resource: Resource, namespace: str | None, deadline: Deadline, **query: str) -> Iterator[Tree]:
    query["limit"] = _PAGE
    while True:
        answer = api.call("GET", path(resource, namespace), query=query, deadline=deadline)
        yield from _items(answer)
        following = _map(answer.get("metadata")).get("continue")
        if not isinstance(following, str) or not following:
            return
        query["continue"] = following


def _failing(kind: str, obj: Tree, condition: str) -> Failing | None:
    said = _condition(obj, condition)
    message = said.get("message")
    if kind == SOPS_SECRETS.kind and not said:  # the other operator's status is one message
        message = _map(obj.get("status")).get("message")
        if message in (None, "", "Healthy"):
            return None
    elif said.get("status") != "False":
        return None
    words = [str(part) for part in (said.get("reason"), message) if isinstance(part, str) and part]
    return Failing(kind, _text(obj, "namespace"), _text(obj, "name"), _safe(": ".join(words)) or "no reason is given")


def _safe(text: str) -> str:
    """One line. What a template's function said may be a value: the original controller puts it into the status."""
    return " ".join(text.partition("error calling")[0].split())[:_LONGEST]


def _lags(obj: Tree, condition: str) -> bool:
    status = _map(obj.get("status"))
    said = status.get("observedGeneration")
    if condition == "Synced" and said is not None:
        return said != _map(obj.get("metadata")).get("generation")
    return not _condition(obj, condition) and not status.get("message")


def _condition(obj: Tree, kind: str) -> Tree:
    listed = _map(obj.get("status")).get("conditions")
    entries = [_map(entry) for entry in listed] if isinstance(listed, list) else []
    return next((entry for entry in entries if entry.get("type") == kind), {})


def _label(obj: Tree) -> str:
    return f"{_text(obj, 'namespace')}/{_text(obj, 'name')}"


def _text(obj: Tree, name: str) -> str:
    return str(_map(obj.get("metadata")).get(name) or "")


def _items(answer: object) -> list[Tree]:
    items = _map(answer).get("items")
    return [_map(item) for item in items] if isinstance(items, list) else []


def _map(value: object) -> Tree:
    return cast("Tree", value) if isinstance(value, dict) else {}
