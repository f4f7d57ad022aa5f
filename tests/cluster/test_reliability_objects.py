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
from installed import CANARY, SEALED, Wanted

from secrets_gitops.controller import manifests

ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}
LONG = "n" * 63


@pytest.fixture
def any_schema(kube):
    """The definition takes everything; in the end it is the shipped one again."""
    shipped = yaml.safe_load(manifests.crd("sealedsecrets"))
    loose = copy.deepcopy(shipped)
    loose["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
        "type": "object",
        "properties": {"spec": ANYTHING, "status": ANYTHING},
        **ANYTHING,
    }

    def put(definition):
        kube.apply(definition)

    put(loose)
    yield lambda: put(shipped)
    put(shipped)


@pytest.fixture
def put(installed):
    """A maker: an object with this spec, however odd. It waits until the API server knows the loose definition."""

    def make(name, spec, **metadata):
        obj = {"apiVersion": SEALED[0], "kind": SEALED[1], "spec": spec}
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
def test_objects_that_no_schema_would_let_in(installed, any_schema, put, when):
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
        any_schema()
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
    no_value_is_told(installed)


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
    controller = installed.start().ready()
    certificate = controller.certificate()
    longest = ".".join([LONG, LONG, LONG, "n" * 61])
    installed.seal(certificate, longest)
    installed.seal(certificate, "1.2.3")
    odd = {
        "owners": {
            "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1", "controller": True}]
        },
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
