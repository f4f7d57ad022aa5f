"""`controller status` against a real API server, by somebody who may only read."""

from __future__ import annotations

import base64
import http.server
import json
import threading

import pytest
import yaml
from click.testing import CliRunner
from test_shards_in_a_cluster import quiet_log

from secrets_gitops.cli.controller_status import command
from secrets_gitops.controller import key_secret, manifests
from secrets_gitops.controller.shards import Shards

CANARY = "canary-4711-value"
READER = (
    ("", "secrets", "list"), ("bitnami.com", "sealedsecrets", "list"), ("coordination.k8s.io", "leases", "list"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _kind(kube):
    kube.apply(yaml.safe_load(manifests.crd("sealedsecrets")))


@pytest.fixture
def status(user, namespace):
    def run(*arguments, rules=READER, watched=True):
        config = user(*rules).kubeconfig()
        words = ["--kubeconfig", str(config), "-n", namespace, *(("--watch-namespace", namespace) if watched else ())]
        result = CliRunner().invoke(command, [*words, *arguments], catch_exceptions=False, standalone_mode=False)
        assert CANARY not in result.output and "PRIVATE" not in result.output
        return result

    return run


@pytest.fixture(scope="module")
def made_key():
    from datetime import UTC, datetime

    return key_secret.generate(bits=2048, common_name="", seconds=3600.0, now=datetime.now(UTC))


@pytest.fixture
def key(kube, namespace, made_key):
    body = key_secret.body(made_key, namespace=namespace, prefix="sealed-secrets-key", labels={}, annotations={})
    body["metadata"]["name"] = "key-1"
    return kube.create(body)


def sealed(kube, namespace, name, **status):
    body = {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"namespace": namespace, "name": name},
    }
    made = kube.create({**body, "spec": {"encryptedData": {}}})
    if status:
        kube.update({**made, "status": status}, "status")


def synced(value, message=None, generation=1):
    condition = {"type": "Synced", "status": value, **({"message": message} if message else {})}
    return {"observedGeneration": generation, "conditions": [condition]}


def test_keys_are_listed_with_the_one_that_is_served(status, key, kube, namespace):
    result = status("--format", "json")
    (shown,) = json.loads(result.stdout)["keys"]
    assert shown["name"] == "key-1" and shown["served"] and shown["fingerprint"].startswith("sha256:")
    assert result.return_value == 0


def test_no_key_is_a_problem(status):
    result = status()
    assert result.return_value == 1 and "no sealing key" in result.stdout


def test_a_key_secret_that_cannot_be_used_is_named(status, key, kube, namespace):
    labels = {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}
    data = {"tls.crt": base64.b64encode(CANARY.encode()).decode(), "tls.key": ""}
    metadata = {"namespace": namespace, "name": "bad", "labels": labels}
    kube.create({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data})
    result = status()
    assert result.return_value == 1 and "bad: `tls.crt` is not a certificate" in result.stdout


def test_failing_and_waiting_objects_are_told_apart(status, key, kube, namespace):
    sealed(kube, namespace, "good", **synced("True"))
    sealed(kube, namespace, "bad", **synced("False", "no key could decrypt secret (pw)"))
    sealed(kube, namespace, "new")
    sealed(kube, namespace, "changed", **synced("True", generation=0))
    result = status("--format", "json")
    shown = json.loads(result.stdout)
    (kind,) = [one for one in shown["objects"] if one["kind"] == "SealedSecret"]
    assert kind["total"] == 4 and sorted(kind["waiting"]) == [f"{namespace}/changed", f"{namespace}/new"]
    assert [(one["name"], one["reason"]) for one in shown["failing"]] == [("bad", "no key could decrypt secret (pw)")]
    assert result.return_value == 1


def test_what_a_template_put_into_the_status_is_not_repeated(status, key, kube, namespace):
    text = f"template: x:1:3: executing at <fail .pw>: error calling fail: {CANARY}"
    sealed(kube, namespace, "leaky", **synced("False", text))
    assert "leaky: template: x:1:3" in status().stdout


def test_replicas_and_their_shares(status, key, cluster, kube, namespace):
    replicas = [Shards(cluster.kube.api, namespace, f"pod-{n}", log=quiet_log()) for n in range(2)]
    for _ in range(4):
        for shards in replicas:
            shards.tick()
    sealed(kube, namespace, "one", **synced("True"))
    shown = json.loads(status("--format", "json").stdout)["replicas"]
    assert sorted(one["lease"] for one in shown) == sorted(shards.name for shards in replicas)
    (holder,) = [one for one in shown if one["objects"]]
    assert next(shards for shards in replicas if shards.name == holder["lease"]).owns(namespace)
    assert all(one["alive"] and one["silent_seconds"] < 15 for one in shown)


def test_what_may_not_be_read_is_named_and_left_out(status, key):
    result = status(rules=())
    assert result.return_value == 0
    for what in ("key Secrets", "sealedsecrets may not be listed", "Leases"):
        assert what in result.stderr


def test_objects_of_the_whole_cluster_need_the_right_to_them(status, key):
    result = status(watched=False)
    assert "sealedsecrets may not be listed in all namespaces" in result.stderr


def test_the_certificate_is_asked_from_the_service_by_the_name_of_its_port(status, cluster, key, made_key, namespace):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/v1/cert.pem" else 404)
            self.end_headers()
            self.wfile.write(made_key.certificate)

        def log_message(self, *_):
            pass

    reader = (*READER, ("", "services services/proxy", "get"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cluster.publish(namespace, "sealed-secrets-controller", server.server_port)
        shown = json.loads(status("--format", "json", rules=reader).stdout)
        server.shutdown()
    (only,) = shown["keys"]
    assert (shown["serving"], only["served"]) == (only["fingerprint"], True)
