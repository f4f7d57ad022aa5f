"""SealedSecrets on a real API server, under the shipped rights. What goes wrong there: `test_reliability_*.py`.

In the end every Secret is right, nothing is written twice, and no value stands in a log, a status or an event.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml
from apiserver import free_port, wait_for
from click.testing import CliRunner

from secrets_gitops.cli.controller_manifests import command
from secrets_gitops.crypto import rsa_hybrid
from secrets_gitops.keys.sealing import load_certificate

CANARY = "canary-value-0815"
KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"
SS = ("bitnami.com/v1alpha1", "SealedSecret")
CHART = (
    ("bitnami.com", "sealedsecrets", "get list watch"),
    ("bitnami.com", "sealedsecrets/status", "update"),
    ("", "secrets", "get list create update delete watch"),
    ("", "events", "create patch"),
    ("", "namespaces", "get"),
)


class Controller:
    """One process, working in the test's namespace."""

    def __init__(self, config, namespace, folder, *flags, name="pod"):
        self.port = free_port()
        self.log = folder / f"{name}-{self.port}.log"
        words = [sys.executable, "-m", "secrets_gitops", "controller", "run", "--key-size=2048"]
        words += ["--all-namespaces=false", f"--listen-addr=127.0.0.1:{self.port}", "--listen-metrics-addr=127.0.0.1:0"]
        given = {"KUBECONFIG": str(config), "POD_NAMESPACE": namespace, "POD_NAME": name}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*words, *flags], stdout=log, stderr=log, env={**os.environ, **given}, cwd=folder
            )

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def ready(self, seconds=30):
        wait_for(lambda: self.get("/readyz")[0] == 200, seconds, lambda: f"not ready:\n{self.log.read_text()[-2000:]}")
        return self

    def certificate(self):
        return load_certificate(self.get("/v1/cert.pem")[1], "the controller")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(10)


@pytest.fixture
def start(cluster, kube, namespace, user, tmp_path):
    """A maker of controllers; `server` is what they take for the API server."""
    shipped = CliRunner().invoke(command, ["-n", namespace, "--watch-namespace", namespace], catch_exceptions=False)
    kube.apply(*yaml.safe_load_all(shipped.output))
    account = cluster.account(namespace, "sealed-secrets-controller")
    started = []

    def make(*flags, server=None, account=account, name="pod", namespace=namespace):
        config = account.kubeconfig(server, namespace=namespace)
        started.append(Controller(config, namespace, tmp_path, *flags, name=name))
        return started[-1]

    make.account = account
    yield make
    for controller in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            controller.stop()
        controller.process.kill()
        controller.process.wait()
        assert CANARY not in controller.log.read_text()
        assert "Traceback" not in controller.log.read_text()


@pytest.fixture
def seal(kube, namespace):
    """A maker of SealedSecrets in the test's namespace."""

    def make(certificate, name, value=CANARY, label=None, **spec):
        label = f"{namespace}/{name}".encode() if label is None else label
        blob = rsa_hybrid.seal(certificate.public_key, value.encode(), label)
        encrypted = {"k": base64.b64encode(blob).decode()}
        metadata = {"namespace": namespace, "name": name}
        kube.create(
            {"apiVersion": SS[0], "kind": SS[1], "metadata": metadata, "spec": {"encryptedData": encrypted, **spec}}
        )

    return make


@pytest.fixture
def synced(kube, namespace):
    """What the condition of an object says."""

    def find(name):
        conditions = (kube.get(*SS, namespace, name) or {}).get("status", {}).get("conditions", [{}])
        return conditions[0].get("status"), conditions[0].get("message", "")

    return find


@pytest.fixture
def all_right(cluster, kube, namespace, start):
    """Waits until so many Secrets are there with the right data and told, and each was made once."""

    def check(number, seconds=60):
        def done():
            objects = kube.list(*SS, namespace)
            states = [o.get("status", {}).get("conditions", [{}])[0].get("status") for o in objects]
            return states == ["True"] * number

        wait_for(done, seconds, "not all are Synced", interval=0.2)
        for obj in kube.list(*SS, namespace):
            assert kube.secret(namespace, obj["metadata"]["name"]) == {"k": CANARY.encode()}
        made = kube.list("v1", "Secret", namespace)
        versions = [s["metadata"]["managedFields"] for s in made if "ownerReferences" in s["metadata"]]
        assert [len(one) for one in versions] == [1] * number, "a Secret was written twice"
        assert CANARY not in json.dumps(kube.list(*SS, namespace)) + json.dumps(kube.list("v1", "Event", namespace))

    return check


def test_from_the_first_key_to_the_last_signal(kube, namespace, start, seal, synced, program):
    controller = start().ready()
    (key,) = kube.list("v1", "Secret", namespace, labelSelector=f"{KEY_LABEL}=active")
    assert key["type"] == "kubernetes.io/tls" and key["metadata"]["name"].startswith("sealed-secrets-key")
    cert = controller.log.parent / "cert.pem"
    cert.write_bytes(controller.get("/v1/cert.pem")[1])
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "real", "namespace": namespace}}
    sealed = subprocess.run(
        [program("kubeseal"), "--cert", str(cert)],
        input=json.dumps({**secret, "stringData": {"k": CANARY}}).encode(),
        capture_output=True,
        check=True,
    )
    kube.create(json.loads(sealed.stdout))
    wait_for(lambda: synced("real")[0] == "True", 10, "what the real kubeseal sealed does not open")
    assert kube.secret(namespace, "real") == {"k": CANARY.encode()}
    threads = os.listdir(f"/proc/{controller.process.pid}/task")  # the kernel gives a signal to any of them
    os.kill(max(map(int, threads)), signal.SIGUSR1)
    served = cert.read_bytes()
    wait_for(lambda: controller.get("/v1/cert.pem")[1] != served, 60, "SIGUSR1 made no key")
    seal(controller.certificate(), "newer")
    wait_for(lambda: synced("newer")[0] == "True", 10, "sealed for the new key")
    began = time.monotonic()
    assert controller.stop() == 0
    assert time.monotonic() - began < 5


def test_a_deleted_secret_comes_back_also_when_nobody_was_looking(kube, namespace, start, seal, fault_proxy, synced):
    controller = start(server=fault_proxy.url).ready()
    seal(controller.certificate(), "a")
    wait_for(lambda: synced("a")[0] == "True", 10, "not unsealed")
    for during_an_outage in (False, True):
        with fault_proxy.outage() if during_an_outage else contextlib.nullcontext():
            kube.delete("v1", "Secret", namespace, "a")
            time.sleep(0.5 if during_an_outage else 0)
        wait_for(lambda: kube.secret(namespace, "a"), 20, "it never came back")


def test_a_restart_over_unchanged_objects_writes_nothing(cluster, start, seal, all_right):
    controller = start().ready()
    for number in range(20):
        seal(controller.certificate(), f"o{number}")
    all_right(20)
    controller.stop()
    mark = cluster.mark()
    controller = start().ready()
    wait_for(lambda: "Compared the Secrets" in controller.log.read_text(), 20, "never compared")
    writes = [one for one in cluster.requests(start.account, mark) if one.split()[0] in ("create", "update", "patch")]
    assert [one for one in writes if "/leases" not in one] == []
    reads = [one for one in cluster.requests(start.account, mark) if one.startswith("get ") and "sealedsecrets/" in one]
    assert reads == []


def test_a_new_object_costs_three_requests(cluster, start, seal, all_right):
    controller = start().ready()
    certificate = controller.certificate()
    mark = cluster.mark()
    for number in range(30):
        seal(certificate, f"o{number}")
    all_right(30)
    wait_for(lambda: sum("/events" in r for r in cluster.requests(start.account, mark)) == 30, 10, "events")
    spent = [one for one in cluster.requests(start.account, mark) if not one.startswith("watch ")]
    spent = [one for one in spent if "/leases" not in one and "/pods" not in one]
    assert len(spent) == 90


def test_a_late_key_heals_within_five_seconds_and_a_bad_one_harms_nothing(kube, namespace, start, seal, synced):
    first = start().ready()
    early, name = (
        first.certificate(),
        kube.list("v1", "Secret", namespace, labelSelector=KEY_LABEL)[0]["metadata"]["name"],
    )
    kept = kube.get("v1", "Secret", namespace, name)
    first.stop()
    kube.delete("v1", "Secret", namespace, name)
    bad = {"name": "sealed-secrets-keybad", "namespace": namespace, "labels": {KEY_LABEL: "active"}}
    kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": bad, "data": {"tls.key": "AAAA"}})
    start().ready()
    seal(early, "a")
    wait_for(lambda: synced("a")[0] == "False", 10, "no failure was told")
    assert "another cluster's key" in synced("a")[1]
    metadata = {part: kept["metadata"][part] for part in ("name", "namespace", "labels")}
    kube.create(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kept["type"], "data": kept["data"]}
    )
    wait_for(lambda: synced("a")[0] == "True", 5, "not healed")


def test_a_late_key_heals_without_the_right_to_watch_key_secrets(kube, namespace, user, start, seal, synced):
    first = start().ready()
    early = first.certificate()
    (kept,) = kube.list("v1", "Secret", namespace, labelSelector=KEY_LABEL)
    first.stop()
    kube.delete("v1", "Secret", namespace, kept["metadata"]["name"])
    rights = [(g, r, "get list create update" if r == "secrets" else verbs) for g, r, verbs in CHART]
    controller = start("--skip-recreate", account=user(*rights)).ready()
    seal(early, "a")
    wait_for(lambda: synced("a")[0] == "False", 10, "no failure was told")
    metadata = {part: kept["metadata"][part] for part in ("name", "namespace", "labels")}
    kube.create(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kept["type"], "data": kept["data"]}
    )
    wait_for(lambda: synced("a")[0] == "True", 6, "not healed")
    assert controller.log.read_text().count("no right to watch secrets") == 1


def test_beside_bitnamis_controller_it_is_ready_and_writes_nothing(cluster, kube, namespace, start, seal, synced):
    first = start().ready()
    certificate = first.certificate()
    first.stop()
    spec = {"containers": [{"name": "c", "image": "docker.io/bitnami/sealed-secrets-controller:0.40.0"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "theirs", "namespace": namespace}, "spec": spec}
    kube.create(pod)
    kube.merge("v1", "Pod", namespace, "theirs", {"status": {"phase": "Running"}}, sub="status")
    mark = cluster.mark()
    start().ready()
    seal(certificate, "a")
    time.sleep(3)
    writes = [one for one in cluster.requests(start.account, mark) if one.split()[0] in ("create", "update", "patch")]
    assert [one for one in writes if "/leases" not in one] == []
    assert kube.secret(namespace, "a") is None
    path = kube.path("v1", "Pod", namespace, "theirs")
    kube.api.call("DELETE", path, {"gracePeriodSeconds": 0})
    wait_for(lambda: synced("a")[0] == "True", 10, "it never began")


def test_the_rights_of_bitnamis_chart_are_enough(cluster, kube, namespace, user, start, seal, synced):
    account = user(*CHART)
    controller = start(account=account).ready()
    assert "no right to Leases" in controller.log.read_text()
    seal(controller.certificate(), "a")
    wait_for(lambda: synced("a")[0] == "True", 10, "not unsealed")


def test_listed_namespaces_are_watched_and_a_missing_one_is_said(cluster, kube, namespace, start, seal, synced, user):
    other = f"{namespace}-other"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
    cluster.allow(start.account, *CHART, namespace=other)
    cluster.allow(start.account, ("", "namespaces", "get"))
    try:
        controller = start(f"--additional-namespaces= {other} ,no-such-namespace,,").ready()
        certificate = controller.certificate()
        seal(certificate, "here")
        blob = rsa_hybrid.seal(certificate.public_key, CANARY.encode(), f"{other}/there".encode())
        metadata = {"namespace": other, "name": "there"}
        spec = {"encryptedData": {"k": base64.b64encode(blob).decode()}}
        kube.create({"apiVersion": SS[0], "kind": SS[1], "metadata": metadata, "spec": spec})
        wait_for(lambda: synced("here")[0] == "True", 10, "own namespace")
        wait_for(lambda: kube.secret(other, "there"), 10, "listed namespace")
        assert "namespace doesn't exist" in controller.log.read_text()
    finally:
        kube.delete("v1", "Namespace", None, other)


def test_what_cannot_start_exits_with_two(start):
    first = start().ready()
    second = start(f"--listen-addr=127.0.0.1:{first.port}", name="second")
    assert second.process.wait(20) == 2
    third = start("--no-such-flag", name="third")
    assert third.process.wait(20) == 2


@pytest.mark.parametrize("leases", ["", "get list create update"])
def test_a_missing_namespace_of_its_own_ends_the_start_with_two_and_a_hint(start, user, leases):
    rights = [*CHART, ("coordination.k8s.io", "leases", leases)] if leases else CHART
    controller = start(account=user(*rights, everywhere=True), namespace="no-such-place")
    ended, said = controller.process.wait(30), controller.log.read_text()
    assert ended == 2, said
    assert "error: the namespace `no-such-place` does not exist" in said and "hint: " in said
