"""Objects that no schema would let in, as a looser or older definition leaves them behind, and very large ones.

Each is told once, with a reason; its neighbours and the process do not notice.
"""

from __future__ import annotations

import copy
import http.client
import json
import ssl

import pytest
import yaml
from apiserver import wait_for
from in_the_end import all_is_right, no_value_is_told
from installed import CANARY, EXTERNAL, SEALED, Installation, Wanted

from secrets_gitops.controller import manifests

ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}
LONG = "n" * 63
SOPS = ("isindir.github.com/v1alpha3", "SopsSecret")


@pytest.fixture
def any_schema(kube):
    """Definitions that take everything, or the shipped ones, which it is in the end; an installation comes first."""
    shipped = [yaml.safe_load(manifests.crd(name)) for name in ("sealedsecrets", "externalsecrets", "sopssecrets")]
    loose = copy.deepcopy(shipped)
    for one in loose:
        for version in one["spec"]["versions"]:
            schema = {"type": "object", "properties": {"spec": ANYTHING, "status": ANYTHING}, **ANYTHING}
            version["schema"]["openAPIV3Schema"] = schema

    class Schema:
        def loosen(self):
            kube.apply(*loose)

        def tighten(self):
            kube.apply(*shipped)

    yield Schema()
    kube.apply(*shipped)


@pytest.fixture
def put(installed):
    """A maker: an object with this spec, however odd. It waits until the API server knows the loose definition."""

    def make(name, spec, kind=SEALED, **metadata):
        obj = {"apiVersion": kind[0], "kind": kind[1], "spec": spec}
        obj["metadata"] = {"namespace": installed.namespace, "name": name, **metadata}
        if spec is KeyError:
            del obj["spec"]
        wait_for(lambda: installed.kube.create(obj), 30, f"{name} is not taken")

    return make


def odd_specs(sealed):
    """Names and specs that stand for no Secret."""
    items = sealed["encryptedData"]
    return {
        "no-spec": KeyError,
        "null-spec": None,
        "text-spec": "text",
        "list-spec": [1],
        "empty-spec": {},
        "null-items": {"encryptedData": None},
        "list-items": {"encryptedData": [CANARY]},
        "text-items": {"encryptedData": CANARY},
        "number-item": {"encryptedData": {"k": 5}},
        "mapping-item": {"encryptedData": {"k": {"v": CANARY}}},
        "list-item": {"encryptedData": {"k": [CANARY]}},
        "not-base64": {"encryptedData": {"k": f"{CANARY}!"}},
        "short-blob": {"encryptedData": {"k": "AAAA"}},
        "empty-item": {"encryptedData": {"k": ""}},
        "nul-item": {"encryptedData": {"k": "\0"}},
        "deep-item": {"encryptedData": {"k": nested(200)}},
        "text-template": {"encryptedData": items, "template": CANARY},
        "list-template": {"encryptedData": items, "template": [CANARY]},
        "text-template-data": {"encryptedData": items, "template": {"data": CANARY}},
        "number-template-data": {"encryptedData": items, "template": {"data": {"k": 5}}},
        "text-template-metadata": {"encryptedData": items, "template": {"metadata": CANARY}},
        "number-type": {"encryptedData": items, "template": {"type": 5}},
        "text-immutable": {"encryptedData": items, "template": {"immutable": "yes"}},
        "old-data": {"data": "AAAA", "encryptedData": {}},
        "number-data": {"data": 5},
        "more-than-a-name": {"encryptedData": {"no/name of an item": items["k"]}},
    }


def nested(depth):
    tree = CANARY
    for _ in range(depth):
        tree = [tree]
    return tree


def odd_statuses():
    return {
        "text-status": CANARY.replace("value", "status"),
        "list-status": [1],
        "text-conditions": {"conditions": "text"},
        "odd-conditions": {"conditions": [None, 5, "text", [], {}, {"type": 5}]},
        "odd-condition": {"conditions": [{"type": "Synced", "status": ["True"], "message": 5}]},
        "odd-generation": {"observedGeneration": "x", "conditions": [{"type": "Synced", "status": "True"}]},
    }


@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["while it runs", "before it starts", "under an older definition"])
def test_objects_that_no_schema_would_let_in(cluster, installed, any_schema, put, when):
    any_schema.loosen()
    controller = installed.start().ready()
    certificate = controller.certificate()
    if when != "while it runs":
        controller.stop()
    odd = odd_specs(installed.sealed(certificate, "sealed")["spec"])
    for name, spec in odd.items():
        put(name, spec)
    for name, status in odd_statuses().items():
        installed.seal(certificate, name)
        if when != "while it runs":
            obj = installed.kube.get(*SEALED, installed.namespace, name)
            installed.kube.update({**obj, "status": status}, "status")
    installed.seal_many(certificate, [f"neighbour{number}" for number in range(10)])
    if when == "under an older definition":
        any_schema.tighten()
    if when != "while it runs":
        controller = installed.start().ready()

    def told():
        return {name: installed.synced(name) for name in odd}

    wait_for(
        lambda: all(status == "False" and message for status, message in told().values()),
        60,
        lambda: f"{[name for name, one in told().items() if one[0] != 'False']}\n{controller.text()[-3000:]}",
    )
    all_is_right(installed, statuses=1)
    assert controller.lives()
    assert installed.kube.get("v1", "Secret", installed.namespace, "list-items") is None
    for name in odd:
        status = installed.kube.get(*SEALED, installed.namespace, name)["status"]
        assert len([one for one in status["conditions"] if one.get("type") == "Synced"]) == 1
    writes = [one for one in cluster.audited(installed.account, installed.mark) if "/status" in one["requestURI"]]
    for name in odd:
        assert sum(one["objectRef"]["name"] == name for one in writes) == 1, f"{name} is told more than once"
    no_value_is_told(installed)


def odd_external_specs():
    whole = {"secretStoreRef": {"name": "main"}, "dataFrom": [{"extract": {"key": "db"}}]}
    return {
        "es-no-spec": KeyError,
        "es-text-spec": CANARY,
        "es-list-spec": [1],
        "es-text-store": {**whole, "secretStoreRef": CANARY},
        "es-list-store": {**whole, "secretStoreRef": {"name": [CANARY]}},
        "es-text-data": {**whole, "data": CANARY},
        "es-null-data": {**whole, "data": [None]},
        "es-number-key": {**whole, "data": [{"secretKey": 5, "remoteRef": {"key": 5}}]},
        "es-list-extract": {**whole, "dataFrom": [{"extract": [CANARY]}]},
        "es-odd-interval": {**whole, "refreshInterval": CANARY},
        "es-number-interval": {**whole, "refreshInterval": {"a": 5}},
        "es-text-target": {**whole, "target": CANARY},
        "es-list-name": {**whole, "target": {"name": [CANARY]}},
        "es-text-template": {**whole, "target": {"template": CANARY}},
        "es-odd-policy": {**whole, "target": {"creationPolicy": ["Owner"]}},
        "es-impossible-name": {**whole, "target": {"name": "No Name/At All"}},
    }


def odd_sops_specs():
    return {
        "sops-no-spec": KeyError,
        "sops-text-spec": CANARY,
        "sops-text-templates": {"secretTemplates": CANARY},
        "sops-null-template": {"secretTemplates": [None]},
        "sops-number-name": {"secretTemplates": [{"name": 5, "stringData": {"a": CANARY}}]},
        "sops-text-data": {"secretTemplates": [{"name": "x", "stringData": CANARY}]},
        "sops-list-data": {"secretTemplates": [{"name": "x", "data": [CANARY]}]},
    }


@pytest.mark.timeout(300)
def test_odd_objects_of_the_other_kinds(cluster, namespace, fault_proxy, tmp_path, any_schema):
    inst = Installation(cluster, namespace, tmp_path, fault_proxy, kinds=("externalsecrets", "sopssecrets"))
    any_schema.loosen()
    try:
        controller = inst.start().ready()
        values = [{"key": "db", "value": f'{{"k": "{CANARY}db"}}'}]
        store = {"apiVersion": EXTERNAL[0], "kind": "SecretStore", "metadata": {"name": "main", "namespace": namespace}}
        inst.kube.create({**store, "spec": {"provider": {"fake": {"data": values}}}})
        objects = [(EXTERNAL, odd_external_specs()), (SOPS, odd_sops_specs())]
        for kind, specs in objects:
            for name, spec in specs.items():
                obj = {"apiVersion": kind[0], "kind": kind[1], "spec": spec}
                obj["metadata"] = {"namespace": namespace, "name": name}
                if spec is KeyError:
                    del obj["spec"]
                wait_for(lambda obj=obj: inst.kube.create(obj), 30, f"{name} is not taken")
        for number in range(3):
            name = f"neighbour{number}"
            spec = {"secretStoreRef": {"name": "main"}, "dataFrom": [{"extract": {"key": "db"}}]}
            meta = {"namespace": namespace, "name": name}
            inst.kube.create({"apiVersion": EXTERNAL[0], "kind": EXTERNAL[1], "metadata": meta, "spec": spec})
            inst.wanted[name] = Wanted({"k": f"{CANARY}db".encode()}, kind=EXTERNAL)

        def untold():
            found = {}
            for kind, specs in objects:
                for name in specs:
                    conditions = inst.kube.get(*kind, namespace, name).get("status", {}).get("conditions", [])
                    says = {one["type"]: (one["status"], one.get("message")) for one in conditions}
                    status, message = says.get("Ready") or says.get("Synced") or (None, None)
                    if status != "False" or not message:
                        found[name] = says
            return found

        wait_for(lambda: not untold(), 60, lambda: f"{untold()}\n{controller.text()[-3000:]}", interval=0.2)
        all_is_right(inst)
        assert controller.lives()
    finally:
        inst.close()


@pytest.mark.timeout(300)
def test_objects_nested_deeper_than_anybody_reads(cluster, installed):
    """The shipped definition keeps whatever a template's metadata holds; one user's joke must not stop all others."""
    controller = installed.start().ready()
    certificate = controller.certificate()
    connection = http.client.HTTPSConnection(
        "127.0.0.1", cluster.port, context=ssl.create_default_context(cafile=str(cluster.ca))
    )
    path = installed.kube.path(*SEALED, installed.namespace)
    headers = {"Authorization": f"Bearer {cluster.admin.token}", "Content-Type": "application/json"}
    for depth in (250, 600, 1100, 5000):
        obj = installed.sealed(certificate, f"deep{depth}", template={"metadata": {"odd": "HERE"}})
        text = json.dumps(obj).replace('"HERE"', "[" * depth + "]" * depth)
        connection.request("POST", path, text, headers)
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        answer.read()
        installed.wanted[f"deep{depth}"] = Wanted({"k": f"{CANARY}deep{depth}".encode()})
    connection.close()
    installed.seal_many(certificate, [f"neighbour{number}" for number in range(5)])
    all_is_right(installed)
    controller.stop()
    installed.start().ready().says("Compared the Secrets")
    all_is_right(installed)


@pytest.mark.timeout(300)
def test_odd_metadata_and_the_longest_names(installed, any_schema, put):
    any_schema.loosen()
    controller = installed.start().ready()
    certificate = controller.certificate()
    longest = ".".join([LONG, LONG, LONG, "n" * 61])
    installed.seal(certificate, longest)
    installed.seal(certificate, "1.2.3")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner", "namespace": installed.namespace}}
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "controller": True}
    reference["uid"] = installed.kube.create(owner)["metadata"]["uid"]
    odd = {
        "owners": {"ownerReferences": [reference]},
        "finalizers": {"finalizers": ["example.org/never"]},
        "labels": {"labels": {"app.kubernetes.io/instance": ""}, "annotations": {"sealedsecrets.bitnami.com/x": "\0"}},
    }
    for name, metadata in odd.items():
        put(name, installed.sealed(certificate, name)["spec"], **metadata)
        installed.wanted[name] = Wanted({"k": f"{CANARY}{name}".encode()})
    templates = {
        "template-labels": {"labels": {"a": 5}},
        "template-owners": {"ownerReferences": "text"},
        "template-annotations": {"annotations": ["a"]},
        "template-invalid": {"labels": {"a": "no label value"}},
    }
    for name, metadata in templates.items():
        put(name, {**installed.sealed(certificate, name)["spec"], "template": {"metadata": metadata}})
    events = lambda: {e["involvedObject"]["name"] for e in installed.kube.list("v1", "Event", installed.namespace)}  # noqa: E731
    wait_for(lambda: longest in events(), 30, "no event about the longest name")
    wait_for(
        lambda: all(installed.synced(n)[0] for n in templates), 30, lambda: [installed.synced(n) for n in templates]
    )
    assert installed.synced("template-invalid")[0] == "False"
    all_is_right(installed)
    installed.kube.merge(*SEALED, installed.namespace, "finalizers", {"metadata": {"finalizers": None}})
    assert controller.lives()


@pytest.mark.timeout(300)
def test_a_megabyte_passes_and_what_no_secret_can_hold_is_told_once(cluster, installed):
    """A Secret of 1 MiB is the most there can be; sealed, in base64, it is an object of 1.4 MB."""
    controller = installed.start().ready()
    certificate = controller.certificate()
    room = 1024 * 1024 - len("k")
    for at in range(3):
        installed.seal(certificate, f"megabyte{at}", (CANARY * 81000)[: room - at])
    installed.seal(certificate, "small")
    too_large = installed.sealed(certificate, "too-large", CANARY * 81000)
    installed.kube.create(too_large)
    wait_for(lambda: installed.synced("too-large")[0] == "False", 60, controller.text)
    all_is_right(installed)
    attempts = [one for one in cluster.audited(installed.account, installed.mark) if one["verb"] == "create"]
    assert sum(one.get("objectRef", {}).get("name") == "too-large" for one in attempts) < 30, "tried in haste"
    installed.reseal(certificate, "megabyte0", (CANARY * 81000)[: room - 5])
    installed.drop_secret("megabyte1")
    all_is_right(installed)
