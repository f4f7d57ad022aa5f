"""The controller as it is installed: its own account, the rights of `controller manifests`, and nothing refused."""

from __future__ import annotations

import base64
import contextlib
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
from secrets_gitops.controller.manifests import crd
from secrets_gitops.crypto import rsa_hybrid
from secrets_gitops.keys.sealing import load_certificate


@pytest.fixture
def install(cluster, kube, namespace):
    """A maker: install into the test's namespace with these options; gives back the controller's account."""
    installed = []

    def make(*options):
        output = CliRunner().invoke(command, ["-n", namespace, *options], catch_exceptions=False).output
        installed.extend(yaml.safe_load_all(output))
        kube.apply(*installed)
        return cluster.account(namespace, "sealed-secrets-controller")

    yield make
    for obj in installed:
        if obj["kind"] in ("ClusterRole", "ClusterRoleBinding"):
            kube.delete(obj["apiVersion"], obj["kind"], None, obj["metadata"]["name"])


@pytest.fixture
def pod(namespace, tmp_path):
    """A maker: what the Deployment would start, as a process; its log goes to a file."""
    started = []

    def start(account, name, *arguments):
        ports = ["--listen-addr", f"127.0.0.1:{free_port()}", "--listen-metrics-addr", f"127.0.0.1:{free_port()}"]
        words = [sys.executable, "-m", "secrets_gitops", "controller", "run", "--key-size=2048", *ports, *arguments]
        given = {
            "KUBECONFIG": str(account.kubeconfig(namespace=namespace)),
            "POD_NAMESPACE": namespace,
            "POD_NAME": name,
        }
        log = (tmp_path / f"{name}.log").open("wb")
        process = subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, **given}, cwd=tmp_path)
        log.close()
        started.append(process)
        process.log = tmp_path / f"{name}.log"
        return process

    yield start
    for process in started:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


@pytest.fixture
def certificate(kube, namespace):
    """The certificate, once the controller has made its key."""

    def find():
        selector = "sealedsecrets.bitnami.com/sealed-secrets-key=active"
        found = kube.list("v1", "Secret", namespace, labelSelector=selector)
        assert len(found) < 2, "one key for all replicas"
        return found and load_certificate(kube.secret(namespace, found[0]["metadata"]["name"])["tls.crt"], "test")

    return lambda: wait_for(find, 30, "no key was made")


def create_sealed(kube, certificate, namespace, name):
    blob = rsa_hybrid.seal(certificate.public_key, b"value", f"{namespace}/{name}".encode())
    kube.create({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"encryptedData": {"item": base64.b64encode(blob).decode()}},
    })  # fmt: skip


def refused(cluster, account):
    """Requests of the account that were answered 403, but for namespaces that earlier tests left dying."""
    found = set()
    for line in (cluster.folder / "audit.log").read_text().splitlines():
        event = json.loads(line)
        status = event.get("responseStatus", {})
        dying = "being terminated" in status.get("message", "")
        if event.get("user", {}).get("username") == account.name and status.get("code") == 403 and not dying:
            found.add(f"{event['verb']} {event['requestURI']}")
    return found


@pytest.mark.parametrize("bounded", [False, True], ids=["cluster-wide", "named namespaces"])
def test_the_shipped_rights_are_enough(cluster, kube, namespace, install, pod, certificate, bounded):
    other = f"{namespace}-team"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
    account = install(*(("--watch-namespace", other) if bounded else ()))
    process = pod(account, "pod-1", *((f"--additional-namespaces={namespace},{other}",) if bounded else ()))
    create_sealed(kube, certificate(), other, "sealed")
    create_sealed(kube, certificate(), other, "broken-name")
    wait_for(lambda: kube.secret(other, "sealed") == {"item": b"value"}, 20, process.log.read_text)
    kube.delete("v1", "Secret", other, "sealed")
    wait_for(lambda: kube.secret(other, "sealed") == {"item": b"value"}, 20, process.log.read_text)
    wait_for(lambda: kube.list("v1", "Event", other), 20, "no event")
    process.terminate()
    assert process.wait(10) == 0
    assert refused(cluster, account) == set()
    kube.delete("v1", "Namespace", None, other)


def test_two_replicas_share_the_namespaces_and_one_takes_over(cluster, kube, namespace, install, pod, certificate):
    account = install("--replicas", "2")
    first, second = pod(account, "pod-1"), pod(account, "pod-2")
    places = [f"{namespace}-{number}" for number in range(12)]
    for place in places:
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}})
    key = certificate()

    def leases():
        found = kube.list("coordination.k8s.io/v1", "Lease", namespace)
        views = {lease["metadata"]["annotations"]["secrets-gitops/replicas"] for lease in found}
        return len(found) == 2 and len(views) == 1

    wait_for(leases, 20, "they never saw each other")
    for place in places:
        create_sealed(kube, key, place, "sealed")
    wait_for(lambda: all(kube.secret(place, "sealed") for place in places), 30, first.log.read_text)
    for place in places:  # one writer each: an object handled twice would have been written, or have failed, twice
        assert len(kube.list("v1", "Event", place)) <= 1
    second.terminate()
    assert second.wait(10) == 0
    begun = time.monotonic()
    for place in places:
        create_sealed(kube, key, place, "later")
    wait_for(lambda: all(kube.secret(place, "later") for place in places), 30, first.log.read_text)
    assert time.monotonic() - begun < 10, "a share that was given up is taken at once"
    assert refused(cluster, account) == set()
    for place in places:
        kube.delete("v1", "Namespace", None, place)


def written(cluster, account, places):
    """How often the account created, and otherwise wrote, Secrets in each place; what failed does not count."""
    found = dict.fromkeys(places, (0, 0))
    for line in (cluster.folder / "audit.log").read_text().splitlines():
        event = json.loads(line)
        ref = event.get("objectRef", {})
        done = event.get("responseStatus", {}).get("code", 500) < 300
        if event.get("user", {}).get("username") == account.name and ref.get("resource") == "secrets" and done:
            created, changed = found.get(ref.get("namespace"), (0, 0))
            if event["verb"] in ("create", "update", "patch", "delete") and ref.get("namespace") in found:
                is_new = event["verb"] == "create"
                found[ref["namespace"]] = (created + is_new, changed + (not is_new))
    return found


def test_a_frozen_replica_that_wakes_writes_nothing_twice(cluster, kube, namespace, install, pod, certificate):
    account = install()
    frozen, other = pod(account, "pod-1"), pod(account, "pod-2")
    places = [f"{namespace}-{number}" for number in range(10)]
    for place in places:
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}})
    key = certificate()

    def reckoned_with():
        found = kube.list("coordination.k8s.io/v1", "Lease", namespace)
        views = {lease["metadata"]["annotations"]["secrets-gitops/replicas"] for lease in found}
        return len(found) == 2 and {view.count(" ") + 1 for view in views}

    wait_for(lambda: reckoned_with() == {2}, 20, "they never saw each other")
    begun = time.monotonic()
    frozen.send_signal(signal.SIGSTOP)
    try:
        for place in places:
            create_sealed(kube, key, place, "sealed")
        wait_for(lambda: all(kube.secret(place, "sealed") for place in places), 40, other.log.read_text)
    finally:
        frozen.send_signal(signal.SIGCONT)
    assert time.monotonic() - begun > 5, "its share was taken past its Lease, not before"
    wait_for(lambda: reckoned_with() == {2}, 20, "the one that woke never came back")
    for place in places:
        create_sealed(kube, key, place, "later")
    wait_for(lambda: all(kube.secret(place, "later") for place in places), 20, frozen.log.read_text)
    assert written(cluster, account, places) == dict.fromkeys(places, (2, 0))
    for place in places:
        kube.delete("v1", "Namespace", None, place)


def test_under_the_rights_of_the_original_it_runs_alone(cluster, kube, namespace, pod, certificate):
    kube.apply(yaml.safe_load(crd("sealedsecrets")))
    account = cluster.account(namespace, "original")
    cluster.allow(
        account,
        ("bitnami.com", "sealedsecrets", "get list watch"),
        ("bitnami.com", "sealedsecrets/status", "update"),
        ("", "secrets", "get list create update delete watch"),
        ("", "events", "create patch"),
        ("", "namespaces", "get"),
    )
    process = pod(account, "pod-1")
    create_sealed(kube, certificate(), namespace, "sealed")
    wait_for(lambda: kube.secret(namespace, "sealed") == {"item": b"value"}, 20, process.log.read_text)
    assert "running as the only replica" in process.log.read_text()
