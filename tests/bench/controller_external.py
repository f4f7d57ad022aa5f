"""2,000 ExternalSecrets on 200 keys of one store: the first sync beside a bare loop, and how often the store is asked.

The store is of the provider `kubernetes` and leads back to the same API server, as an account of its own, so that the
audit log counts what it is asked. The bare loop asks for each key once and then does, for each object, what the
controller does to the API server: look for the Secret, apply it, tell the status, post the event.
"""

from __future__ import annotations

import base64
import itertools
import statistics

from controller_audit import Audit
from controller_world import HOME_NAMESPACE, NAMESPACES, Process, Sealing, World

from harness import Environment, compared, held

API = "external-secrets.io/v1"
OBJECTS, KEYS = 2000, 200


def run(env: Environment, sealing: Sealing, *, runs: int, threads: int, pool: int) -> None:
    """Print the rows of ExternalSecrets."""
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    fetches, requests = 0, 0.0
    for _, who in itertools.product(range(runs), rates):
        with World(env, sealing, enable="externalsecrets") as world:
            reader = world.cluster.account(HOME_NAMESPACE, "reader")
            world.cluster.allow(reader, ("", "secrets", "get"), namespace=HOME_NAMESPACE)
            _fill(world)
            asked = Audit(world.cluster, reader)
            if who == "ours":
                audit = Audit(world.cluster, world.account)
                process = world.ours()
            else:
                user = world.stranger("bare")
                audit = Audit(world.cluster, user)
                arguments = ("external", reader.kubeconfig(), threads, pool, KEYS)
                process = world.script("controller_bare.py", user, *arguments)
            rates[who].append(OBJECTS / _synced(audit, process))
            if who == "ours":
                fetches = max(fetches, sum(one.verb in ("get", "list") for one in asked.read()))
                requests = _requests(audit) / OBJECTS
    ours, bare = (statistics.median(each) for each in rates.values())
    compared(f"first sync of {OBJECTS:,} ExternalSecrets, time each", 1000 / ours, 1000 / bare, "ms", 1.5)
    held(f"fetches for {KEYS} distinct keys", fetches, "requests", KEYS)
    held("API requests per new ExternalSecret", requests, "requests")


def _fill(world: World) -> None:
    server = {"url": world.cluster.url, "caBundle": base64.b64encode(world.cluster.ca.read_bytes()).decode()}
    auth = {"serviceAccount": {"name": "reader", "namespace": HOME_NAMESPACE}}
    provider = {"kubernetes": {"server": server, "remoteNamespace": HOME_NAMESPACE, "auth": auth}}
    store = {"apiVersion": API, "kind": "ClusterSecretStore", "metadata": {"name": "main"}}
    world.cluster.kube.create({**store, "spec": {"provider": provider}})
    sources = []
    for at in range(KEYS):
        metadata = {"namespace": HOME_NAMESPACE, "name": f"source-{at}"}
        values = {"password": f"correct horse {at}"}
        sources.append({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values})
    world.create(sources)
    objects = []
    for at in range(OBJECTS):
        metadata = {"namespace": NAMESPACES[at % len(NAMESPACES)], "name": f"app-{at}"}
        data = {"secretKey": "password", "remoteRef": {"key": f"source-{at % KEYS}", "property": "password"}}
        ref = {"kind": "ClusterSecretStore", "name": "main"}
        spec = {"refreshInterval": "1h", "secretStoreRef": ref, "data": [data]}
        objects.append({"apiVersion": API, "kind": "ExternalSecret", "metadata": metadata, "spec": spec})
    world.create(objects)


def _synced(audit: Audit, process: Process) -> float:
    def finished(audit: Audit) -> bool:
        told = {(one.namespace, one.name) for one in audit.requests if one.resource == "externalsecrets/status"}
        return len(told) >= OBJECTS and audit.count("patch", "secrets") >= OBJECTS

    audit.wait(finished, 300, process)
    return audit.span("externalsecrets")


def _requests(audit: Audit) -> int:
    """Those about the objects and their Secrets; lists and watches of the start aside."""
    verbs = ("get", "create", "update", "patch", "delete")
    return sum(one.verb in verbs and one.namespace in NAMESPACES for one in audit.requests)
