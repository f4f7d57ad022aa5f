"""The controller as it is installed: its own account, the rights of `controller manifests`, and nothing refused."""

from __future__ import annotations

import base64
import contextlib
import json
import os
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
