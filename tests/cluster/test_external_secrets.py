"""ExternalSecrets on a real API server, by an account that has only the rights that are shipped."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys

import pytest
import yaml
from apiserver import wait_for
from at_work import API, ES, RIGHTS, AtWork, ready, wait_ready
from click.testing import CliRunner

from secrets_gitops.cli.controller_manifests import command
from secrets_gitops.controller import manifests
from secrets_gitops.manifests import external_secret_marks as marks

CANARY = "c4nary-9c1e"


@pytest.fixture(autouse=True)
def _kinds(kube):
    for name in ("externalsecrets", "secretstores"):
        kube.apply(yaml.safe_load(manifests.crd(name)))


@pytest.fixture
def account(user):
    return user(*RIGHTS)


@pytest.fixture
def controller(account, namespace):
    """A maker of running ones; each gives its `end`."""
    running = []

    def start():
        running.append(AtWork(account, namespace))
        return running[-1].end

    yield start
    for each in running:
        each.end()


@pytest.fixture
def make(kube, namespace):
    """A maker: a fake store `main` with these values, and an ExternalSecret `db` with this spec beside its defaults."""

    def store(**values):
        items = [{"key": key.replace("_", "/"), "value": value} for key, value in values.items()]
        tree = thing("SecretStore", "main", {"provider": {"fake": {"data": items}}})
        kube.apply(tree)

    def thing(kind, name, spec):
        return {"apiVersion": API, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}

    def both(spec, **values):
        store(**(values or {"apps_db": json.dumps({"user": "app", "password": CANARY})}))
        return kube.create(thing("ExternalSecret", "db", {"secretStoreRef": {"name": "main"}, **spec}))

    both.store = store
    return both


WHOLE = {"dataFrom": [{"extract": {"key": "apps/db"}}]}
DATA = {"user": b"app", "password": CANARY.encode()}


def test_a_secret_is_made_owned_marked_and_told(kube, namespace, make, controller):
    made = make({**WHOLE, "refreshInterval": "1h"})
    controller()
    wait_ready(kube, namespace)
    secret = kube.get("v1", "Secret", namespace, "db")
    assert kube.secret(namespace, "db") == DATA
    (owner,) = secret["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("ExternalSecret", made["metadata"]["uid"], True)
    assert secret["metadata"]["labels"][marks.CREATED_BY] == marks.created_by(namespace, "db")
    assert secret["metadata"]["annotations"][marks.DATA_HASH] == marks.data_hash(DATA)
    (entry,) = secret["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("externalsecrets.external-secrets.io/db", "Apply")
    status = kube.get(*ES, namespace, "db")["status"]
    assert status["binding"] == {"name": "db"}
    assert status["syncedResourceVersion"] == marks.synced_version(1, {}, {})
    assert status["refreshTime"]
    wait_for(lambda: kube.list("v1", "Event", namespace), 5, "no event")
    events = kube.list("v1", "Event", namespace)
    assert [(each["type"], each["reason"]) for each in events] == [("Normal", "Created")]
    assert CANARY not in str(events) + str(status)


def test_what_others_change_or_delete_is_mended_at_once(kube, namespace, make, controller):
    make(WHOLE)
    controller()
    wait_ready(kube, namespace)
    kube.delete("v1", "Secret", namespace, "db")
    wait_for(lambda: kube.secret(namespace, "db") == DATA, 10, "it did not come back")
    edited = base64.b64encode(b"edited").decode()
    kube.merge("v1", "Secret", namespace, "db", {"data": {"user": edited, "more": edited}})
    wait_for(lambda: kube.secret(namespace, "db") == DATA, 10, lambda: kube.secret(namespace, "db"))


def test_nothing_is_written_after_a_restart_when_nothing_is_new(cluster, kube, namespace, account, make, controller):
    make(WHOLE)
    end = controller()
    wait_ready(kube, namespace)
    end()
    mark = cluster.mark()
    controller()
    wait_for(lambda: any("secrets/db" in one for one in cluster.requests(account, mark)), 10, "not looked at")
    later = {"apiVersion": API, "kind": "ExternalSecret", "metadata": {"name": "later", "namespace": namespace}}
    kube.create({**later, "spec": {"secretStoreRef": {"name": "main"}, **WHOLE}})
    wait_for(lambda: ready(kube, namespace, "later"), 10, "the later one is not ready")
    reads = ("get ", "list ", "watch ")
    writes = [one for one in cluster.requests(account, mark) if not one.startswith(reads)]
    assert [one for one in writes if "later" not in one and "/events" not in one] == []
    assert len([one for one in kube.list("v1", "Event", namespace) if one["involvedObject"]["name"] == "db"]) <= 1


def test_a_changed_value_arrives_with_the_next_refresh(kube, namespace, make, controller):
    make({**WHOLE, "refreshInterval": "1s"})
    controller()
    wait_ready(kube, namespace)
    make.store(apps_db='{"user": "other"}')
    wait_for(lambda: kube.secret(namespace, "db") == {"user": b"other"}, 20, lambda: kube.secret(namespace, "db"))


def test_a_change_of_the_spec_drops_what_is_no_longer_wanted(kube, namespace, make, controller):
    make(WHOLE)
    controller()
    wait_ready(kube, namespace)
    data = [{"secretKey": "only", "remoteRef": {"key": "apps/db", "property": "user"}}]
    kube.merge(*ES, namespace, "db", {"spec": {"dataFrom": None, "data": data}})
    wait_for(lambda: kube.secret(namespace, "db") == {"only": b"app"}, 10, lambda: kube.secret(namespace, "db"))


@pytest.mark.parametrize(
    ("policy", "kept"), [("Merge", True), ("CreateOrMerge", True), ("Owner", False), ("Orphan", False)]
)
def test_keys_of_others_stay_where_the_policy_merges(kube, namespace, make, controller, policy, kept):
    foreign = {"theirs": base64.b64encode(b"x").decode()}
    meta = {"name": "db", "namespace": namespace, "labels": {"mine": "1"}}
    kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": foreign})
    make({**WHOLE, "target": {"creationPolicy": policy}})
    controller()
    wait_ready(kube, namespace)
    assert kube.secret(namespace, "db") == DATA | ({"theirs": b"x"} if kept else {})
    secret = kube.get("v1", "Secret", namespace, "db")
    assert secret["metadata"]["labels"]["mine"] == "1"
    assert bool(secret["metadata"].get("ownerReferences")) == (policy == "Owner")


def test_a_secret_that_the_operator_made_is_taken_over_whole(kube, namespace, make, controller):
    """Its update of the same name becomes our apply, so that a key that is no longer wanted goes away."""
    manager = marks.field_manager("db")
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": namespace}}
    body["data"] = {"gone": base64.b64encode(b"x").decode()}
    kube.api.call("POST", kube.path("v1", "Secret", namespace), body, query={"fieldManager": manager})
    make({**WHOLE, "target": {"creationPolicy": "Merge"}})
    controller()
    wait_ready(kube, namespace)
    assert kube.secret(namespace, "db") == DATA


def test_what_a_live_operator_writes_is_left_alone(kube, namespace, make, controller):
    make(WHOLE)
    end = controller()
    wait_ready(kube, namespace)
    end()
    body = {"data": {"user": base64.b64encode(b"operator").decode()}}
    where = kube.path("v1", "Secret", namespace, "db")
    query = {"fieldManager": marks.field_manager("db")}
    kube.api.call("PATCH", where, body, query=query, content_type="application/merge-patch+json")
    controller()
    wait_ready(kube, namespace, ("False", "SecretSyncedError"))
    assert kube.secret(namespace, "db")["user"] == b"operator"


def test_a_missing_secret_is_an_error_or_deletes_as_the_policy_says(kube, namespace, make, controller):
    make({**WHOLE, "target": {"deletionPolicy": "Delete"}, "refreshInterval": "1s"})
    controller()
    wait_ready(kube, namespace)
    make.store(another="x")
    wait_ready(kube, namespace, ("True", "SecretDeleted"), 20)
    assert kube.get("v1", "Secret", namespace, "db") is None
    kube.merge(*ES, namespace, "db", {"spec": {"target": {"deletionPolicy": "Retain"}}})
    wait_ready(kube, namespace, ("False", "SecretSyncedError"))


def test_a_secret_of_another_external_secret_is_refused(kube, namespace, make, controller):
    make(WHOLE)
    controller()
    wait_ready(kube, namespace)
    other = {"apiVersion": API, "kind": "ExternalSecret", "metadata": {"name": "second", "namespace": namespace}}
    kube.create({**other, "spec": {"secretStoreRef": {"name": "main"}, "target": {"name": "db"}, **WHOLE}})
    wait_for(lambda: ready(kube, namespace, "second") == ("False", "SecretSyncedError"), 10, "not refused")
    assert "owned by another" in kube.get(*ES, namespace, "second")["status"]["conditions"][0]["message"]


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_the_finalizer_of_an_operator_that_is_gone_holds_nothing_up(kube, namespace, make, controller, policy):
    """What it stands for is done: with deletionPolicy Delete the Secret goes at once; another finalizer stays."""
    made = make({**WHOLE, "target": {"deletionPolicy": policy}})
    controller()
    wait_ready(kube, namespace)
    other = "example.org/mine"
    kube.merge(*ES, namespace, "db", {"metadata": {"finalizers": [marks.FINALIZER, other]}})
    kube.delete(*ES, namespace, "db")
    wait_for(lambda: kube.get(*ES, namespace, "db")["metadata"]["finalizers"] == [other], 10, "it holds on")
    assert kube.secret(namespace, "db") == (
        DATA if policy == "Retain" else None
    )  # the rest is for Kubernetes to collect
    kube.merge(*ES, namespace, "db", {"metadata": {"finalizers": None}})
    wait_for(lambda: kube.get(*ES, namespace, "db") is None, 10, lambda: made)


def test_what_is_not_built_is_refused_by_name(kube, namespace, make, controller):
    make({**WHOLE, "target": {"template": {"data": {"url": "{{ .user }}"}}}})
    controller()
    wait_ready(kube, namespace, ("False", "SecretSyncedError"))
    wait_for(lambda: kube.list("v1", "Event", namespace), 5, "no event")
    (event,) = kube.list("v1", "Event", namespace)
    assert "Go template" in event["message"]


def test_many_that_want_the_same_ask_once(cluster, kube, namespace, account, controller):
    """Through the provider `kubernetes`, as a service account that may read one namespace."""
    reader = cluster.account(namespace, "reader")
    cluster.allow(reader, ("", "secrets", "get"), namespace=namespace)
    server = {"url": cluster.url, "caBundle": base64.b64encode(cluster.ca.read_bytes()).decode()}
    auth = {"serviceAccount": {"name": "reader"}}
    provider = {"kubernetes": {"server": server, "remoteNamespace": namespace, "auth": auth}}
    meta = {"name": "main", "namespace": namespace}
    kube.create({"apiVersion": API, "kind": "SecretStore", "metadata": meta, "spec": {"provider": provider}})
    for number in range(4):
        source = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"s{number}", "namespace": namespace}}
        kube.create({**source, "stringData": {"k": str(number)}})
    for number in range(40):
        es = {"apiVersion": API, "kind": "ExternalSecret", "metadata": {"name": f"e{number}", "namespace": namespace}}
        data = [{"secretKey": "v", "remoteRef": {"key": f"s{number % 4}", "property": "k"}}]
        kube.create({**es, "spec": {"secretStoreRef": {"name": "main"}, "data": data}})
    mark = cluster.mark()
    controller()
    names = [f"e{number}" for number in range(40)]
    wait_for(lambda: all(ready(kube, namespace, name) == ("True", "SecretSynced") for name in names), 30, "not ready")
    assert all(kube.secret(namespace, f"e{number}") == {"v": str(number % 4).encode()} for number in range(40))
    assert len(cluster.requests(reader, mark)) == 4
    tokens = [one for one in cluster.requests(account, mark) if one.endswith("/serviceaccounts/reader/token")]
    assert len(tokens) == 1


@pytest.mark.timeout(240)
def test_the_process_works_under_the_shipped_rights(cluster, kube, namespace, make, tmp_path):
    words = ["-n", namespace, "--watch-namespace", namespace, "--enable", "externalsecrets"]
    shipped = CliRunner().invoke(command, words, catch_exceptions=False)
    kube.apply(*yaml.safe_load_all(shipped.output))
    account = cluster.account(namespace, "sealed-secrets-controller")
    make(WHOLE)
    run = [sys.executable, "-m", "secrets_gitops", "controller", "run", "--key-size=2048", "--all-namespaces=false"]
    run += ["--listen-addr=127.0.0.1:0", "--listen-metrics-addr=127.0.0.1:0", "--enable=externalsecrets"]
    config = str(account.kubeconfig(namespace=namespace))
    environ = {**os.environ, "KUBECONFIG": config, "POD_NAMESPACE": namespace, "POD_NAME": "pod"}
    log = tmp_path / "log"
    mark = cluster.mark()
    with log.open("wb") as file:
        process = subprocess.Popen(run, stdout=file, stderr=file, env=environ, cwd=tmp_path)
    try:
        # A busy machine takes its time to start and to make the key; whoever ended is not waited for.
        wait_for(
            lambda: process.poll() is not None or ready(kube, namespace) == ("True", "SecretSynced"),
            120,
            lambda: log.read_text()[-3000:],
        )
        assert process.poll() is None, log.read_text()[-3000:]
        assert kube.secret(namespace, "db") == DATA
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    text = log.read_text()
    assert "Traceback" not in text and CANARY not in text
    ours = [one for one in cluster.requests(account, mark) if "db" in one]
    assert len([one for one in ours if "event" not in one]) <= 3, ours


def test_a_store_that_refuses_us_heals_when_it_no_longer_does(cluster, kube, namespace, controller):
    """Also a refusal that looks lasting is tried again."""
    reader = cluster.account(namespace, "late")
    server = {"url": cluster.url, "caBundle": base64.b64encode(cluster.ca.read_bytes()).decode()}
    auth = {"serviceAccount": {"name": "late"}}
    provider = {"kubernetes": {"server": server, "remoteNamespace": namespace, "auth": auth}}
    meta = {"name": "main", "namespace": namespace}
    kube.create({"apiVersion": API, "kind": "SecretStore", "metadata": meta, "spec": {"provider": provider}})
    source = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace}}
    kube.create({**source, "stringData": {"k": "v"}})
    es = {"apiVersion": API, "kind": "ExternalSecret", "metadata": {"name": "db", "namespace": namespace}}
    spec = {"secretStoreRef": {"name": "main"}, "refreshInterval": "1s", "dataFrom": [{"extract": {"key": "s"}}]}
    kube.create({**es, "spec": spec})
    controller()
    wait_ready(kube, namespace, ("False", "SecretSyncedError"))
    cluster.allow(reader, ("", "secrets", "get"), namespace=namespace)
    wait_ready(kube, namespace, seconds=20)
    assert kube.secret(namespace, "db") == {"k": b"v"}


def test_a_renamed_target_leaves_nothing_behind(kube, namespace, make, controller):
    make(WHOLE)
    controller()
    wait_ready(kube, namespace)
    kube.merge(*ES, namespace, "db", {"spec": {"target": {"name": "renamed"}}})
    wait_for(lambda: kube.secret(namespace, "renamed") == DATA, 10, "not made")
    wait_for(lambda: kube.secret(namespace, "db") is None, 10, "the old one is still there")
