"""SopsSecrets on a real API server: sealed by the genuine sops, opened by an account with the shipped rights."""

from __future__ import annotations

import base64
import json
import subprocess
import threading

import pytest
import yaml
from alone import Everything
from apiserver import wait_for
from test_shards_in_a_cluster import quiet_log

from secrets_gitops.clients.kube.events import EventRecorder
from secrets_gitops.clients.kube.watch import Reflector
from secrets_gitops.controller import manifests
from secrets_gitops.controller.flags import Flags
from secrets_gitops.controller.kinds.enabled import SopsSecrets
from secrets_gitops.keys import age

API = "isindir.github.com/v1alpha3"
CANARY = "c4nary-77ab"
RIGHTS = (
    ("", "secrets", "get list watch create update delete"),
    ("", "events", "create patch"),
    ("isindir.github.com", "sopssecrets", "get list watch"),
    ("isindir.github.com", "sopssecrets/status", "update patch"),
)


@pytest.fixture(autouse=True)
def _kind(kube):
    kube.apply(yaml.safe_load(manifests.crd("sopssecrets")))


@pytest.fixture(scope="module")
def key():
    identity, recipient = age.generate()
    return identity.reveal().decode(), recipient


@pytest.fixture
def controller(user, namespace, key):
    """A maker of running ones."""
    running = []

    def start(integrity="require", keys=True):
        api, events = user(*RIGHTS).api(), None
        events = EventRecorder(api, "secrets-gitops")
        events.start()
        reflectors = []

        def watch(resource, handler, place, *, labels=None, metadata_only=False):
            made = Reflector(api, resource, handler, namespace=place, labels=labels, metadata_only=metadata_only)
            threading.Thread(target=made.run, daemon=True).start()
            reflectors.append(made)
            return made

        environ = {"SOPS_AGE_KEY": key[0], "HOME": "/nonexistent"} if keys else {"HOME": "/nonexistent"}
        work = SopsSecrets(api, Flags(workers=2, integrity=integrity), environ, Everything(), quiet_log(), events.emit)

        def end():
            for each in reflectors:
                each.stop()
            work.stop()
            events.stop()

        running.append(end)
        work.start(watch, [namespace])
        return end

    yield start
    for end in running:
        end()


@pytest.fixture
def sealed(kube, namespace, program, key, tmp_path):
    """A maker: a SopsSecret `s` with these templates, sealed by sops and applied; the one that is there is replaced."""

    def make(templates, *options, **spec):
        tree = {"apiVersion": API, "kind": "SopsSecret", "metadata": {"name": "s", "namespace": namespace}}
        file = tmp_path / "s.json"
        file.write_text(json.dumps({**tree, "spec": {**spec, "secretTemplates": templates}}))
        words = [program("sops"), "--encrypt", "--age", key[1], "--encrypted-suffix", "Templates", *options, str(file)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        obj = json.loads(done.stdout)
        found = kube.get(API, "SopsSecret", namespace, "s")
        if found is None:
            return kube.create(obj)
        obj["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
        return kube.update(obj)

    return make


def one(name, **values):
    return {"name": name, "stringData": values}


def status(kube, namespace):
    return (kube.get(API, "SopsSecret", namespace, "s") or {}).get("status", {})


def conditions(kube, namespace):
    return {each["type"]: each["status"] for each in status(kube, namespace).get("conditions", [])}


def is_told(kube, namespace, message, **wanted):
    def fits():
        return (
            status(kube, namespace).get("message") == message and conditions(kube, namespace).items() >= wanted.items()
        )

    wait_for(fits, 10, lambda: status(kube, namespace))


def test_the_secrets_are_made_owned_and_followed(kube, namespace, sealed, controller):
    made = sealed([one("a", p=CANARY), one("b", q="2")], "--mac-only-encrypted")
    controller()
    is_told(kube, namespace, "Healthy", Synced="True", IntegrityUnknown="False")
    assert kube.secret(namespace, "a") == {"p": CANARY.encode()}
    (owner,) = kube.get("v1", "Secret", namespace, "b")["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("SopsSecret", made["metadata"]["uid"])
    kube.delete("v1", "Secret", namespace, "a")
    wait_for(lambda: kube.secret(namespace, "a") is not None, 10, "it did not come back")
    kube.merge("v1", "Secret", namespace, "a", {"data": {"p": base64.b64encode(b"edited").decode()}})
    wait_for(lambda: kube.secret(namespace, "a") == {"p": CANARY.encode()}, 10, "the edit was not undone")
    sealed([one("b", q="3")], "--mac-only-encrypted")
    wait_for(lambda: kube.secret(namespace, "b") == {"q": b"3"}, 10, "not updated")
    wait_for(lambda: kube.secret(namespace, "a") is None, 10, "the Secret of a template that is gone is still there")
    told = str(status(kube, namespace)) + str(kube.list("v1", "Event", namespace))
    assert CANARY not in told


def test_what_was_dropped_while_nobody_looked_is_deleted(kube, namespace, sealed, controller):
    sealed([one("a", p="1"), one("b", q="2")], "--mac-only-encrypted")
    end = controller()
    is_told(kube, namespace, "Healthy")
    end()
    sealed([one("b", q="2")], "--mac-only-encrypted")
    controller()
    wait_for(lambda: kube.secret(namespace, "a") is None, 10, "it is still there")


def test_a_mac_that_does_not_fit_is_refused_or_reported(kube, namespace, sealed, controller):
    """The metadata changed after sealing, and the MAC of this file covers it."""
    obj = sealed([one("a", p="1")])
    kube.merge(API, "SopsSecret", namespace, "s", {"metadata": {"labels": {"added": "later"}}})
    end = controller()
    is_told(kube, namespace, "Decryption error", Synced="False", IntegrityUnknown="True")
    assert kube.secret(namespace, "a") is None
    (synced,) = [one for one in status(kube, namespace)["conditions"] if one["type"] == "Synced"]
    assert "--integrity=report" in synced["message"]
    end()
    controller("report")
    is_told(kube, namespace, "Healthy", Synced="True", IntegrityUnknown="True")
    assert kube.secret(namespace, "a") == {"p": b"1"}
    assert obj["sops"]


def test_a_value_that_was_moved_is_not_applied_even_so(kube, namespace, sealed, controller):
    """Every value is bound to its place in the object: reporting integrity does not switch that off."""
    obj = sealed([one("a", p="1", q="2")])
    (template,) = obj["spec"]["secretTemplates"]
    data = template["stringData"]
    data["p"], data["q"] = data["q"], data["p"]
    kube.update(obj)
    controller("report")
    is_told(kube, namespace, "Decryption error", Synced="False")
    assert kube.secret(namespace, "a") is None


def test_without_the_key_nothing_is_made(kube, namespace, sealed, controller):
    sealed([one("a", p="1")], "--mac-only-encrypted")
    controller(keys=False)
    is_told(kube, namespace, "Decryption error", Synced="False", IntegrityUnknown="False")


def test_a_foreign_secret_is_taken_only_where_somebody_allows_it(kube, namespace, sealed, controller):
    meta = {"name": "a", "namespace": namespace}
    kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"p": "theirs"}})
    sealed([one("a", p="1")], "--mac-only-encrypted")
    controller()
    is_told(kube, namespace, "Child secret is not owned by controller error", Synced="False")
    assert kube.secret(namespace, "a") == {"p": b"theirs"}
    sealed([one("a", p="1")], "--mac-only-encrypted", enforceOwnership=True)
    is_told(kube, namespace, "Healthy", Synced="True")
    assert kube.secret(namespace, "a") == {"p": b"1"}


def test_a_suspended_one_is_left_alone(kube, namespace, sealed, controller):
    sealed([one("a", p="1")], "--mac-only-encrypted", suspend=True)
    controller()
    is_told(kube, namespace, "Reconciliation is suspended")
    assert kube.secret(namespace, "a") is None
