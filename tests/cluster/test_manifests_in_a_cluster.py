"""What `controller manifests` prints, applied with kubectl to a real API server: accepted, and no right too many."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from click.testing import CliRunner

from secrets_gitops.cli.controller_manifests import command
from secrets_gitops.errors import Invalid

SEALED = "bitnami.com/v1alpha1"


@pytest.fixture
def kubectl(cluster, program, tmp_path):
    def run(*arguments, stdin=""):
        words = [
            program("kubectl"),
            "--kubeconfig",
            str(cluster.admin.kubeconfig()),
            f"--cache-dir={tmp_path}",
            *arguments,
        ]
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def installed(kubectl, kube, namespace):
    """A maker: install with these options into the test's namespace, twice; gone again at the end."""
    printed = []

    def install(*options):
        result = CliRunner().invoke(command, ["-n", namespace, *options], catch_exceptions=False)
        printed.append(result.output)
        kubectl("apply", "-f", "-", stdin=result.output)
        again = kubectl("apply", "-f", "-", stdin=result.output)
        assert all(line.endswith("unchanged") for line in again.splitlines()), again

    yield install
    for text in printed:
        objects = [obj for obj in yaml.safe_load_all(text) if obj["kind"] != "CustomResourceDefinition"]
        kubectl("delete", "--wait=false", "--ignore-not-found", "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "List", "items": objects,
        }))  # fmt: skip


@pytest.fixture
def can(kube, namespace):
    """Whether the controller's account may do it, as the API server decides."""

    def ask(verb, resource, where=None, *, group="", name="", user=None):
        resource, _, sub = resource.partition("/")
        attributes = {"verb": verb, "group": group, "resource": resource, "subresource": sub, "name": name}
        spec = {"resourceAttributes": {**attributes, "namespace": where or ""}}
        spec["user"] = user or f"system:serviceaccount:{namespace}:sealed-secrets-controller"
        spec["groups"] = ["system:authenticated"]
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {}, "spec": spec}
        answer = kube.api.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)
        return answer["status"]["allowed"]

    return ask


def test_the_whole_is_accepted_and_applying_it_again_changes_nothing(installed):
    installed("--enable", "externalsecrets,sopssecrets", "--replicas", "3")


def test_a_cluster_wide_controller_may_do_its_work_and_no_more(installed, can, namespace):
    installed()
    for verb in ("get", "list", "watch", "create", "update"):
        assert can(verb, "secrets") and can(verb, "secrets", "anywhere")
    for verb in ("get", "list", "watch"):
        assert can(verb, "sealedsecrets", group="bitnami.com")
    assert can("update", "sealedsecrets/status", group="bitnami.com")
    assert can("create", "events", "anywhere") and can("patch", "events", "anywhere")
    for verb in ("get", "list", "create", "update", "delete"):
        assert can(verb, "leases", namespace, group="coordination.k8s.io")
    assert can("list", "pods", namespace)
    denied = [
        ("delete", "secrets", "", "anywhere"), ("deletecollection", "secrets", "", "anywhere"),
        ("patch", "secrets", "", "anywhere"), ("update", "sealedsecrets", "bitnami.com", "anywhere"),
        ("create", "sealedsecrets", "bitnami.com", "anywhere"), ("delete", "sealedsecrets", "bitnami.com", "anywhere"),
        ("get", "leases", "coordination.k8s.io", "anywhere"), ("list", "pods", "", "anywhere"),
        ("create", "pods", "", namespace), ("create", "pods/exec", "", namespace), ("get", "configmaps", "", namespace),
        ("list", "namespaces", "", None), ("create", "serviceaccounts/token", "", namespace),
        ("update", "clusterroles", "rbac.authorization.k8s.io", None),
        ("bind", "roles", "rbac.authorization.k8s.io", None),
        ("impersonate", "users", "", None), ("get", "externalsecrets", "external-secrets.io", "anywhere"),
        ("get", "sopssecrets", "isindir.github.com", "anywhere"), ("update", "deployments", "apps", namespace),
    ]  # fmt: skip
    for verb, resource, group, where in denied:
        assert not can(verb, resource, where, group=group), (verb, resource, where)


def test_named_namespaces_bound_what_it_may_do(installed, can, namespace, kube):
    other = f"{namespace}-watched"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
    installed("--watch-namespace", other)
    for where in (namespace, other):
        assert can("update", "secrets", where) and can("watch", "sealedsecrets", where, group="bitnami.com")
        assert can("get", "namespaces", where, name=where)
    for where in ("anywhere", None):
        assert not can("get", "secrets", where) and not can("list", "sealedsecrets", where, group="bitnami.com")
    assert not can("get", "leases", other, group="coordination.k8s.io")
    kube.delete("v1", "Namespace", None, other)


def test_each_enabled_kind_adds_its_own_rights(installed, can):
    installed("--enable", "externalsecrets")
    assert can("watch", "externalsecrets", group="external-secrets.io")
    assert can("patch", "externalsecrets/status", group="external-secrets.io")
    assert can("list", "clustersecretstores", group="external-secrets.io")
    assert can("patch", "secrets", "anywhere") and can("delete", "secrets", "anywhere")
    assert not can("update", "externalsecrets", group="external-secrets.io")
    assert not can("update", "secretstores", group="external-secrets.io")
    assert not can("patch", "secretstores", group="external-secrets.io") and not can("list", "namespaces")
    for stores in ("secretstores", "clustersecretstores"):
        assert can("patch", f"{stores}/status", group="external-secrets.io")
    assert not can("watch", "sopssecrets", group="isindir.github.com")


def test_everybody_may_fetch_the_certificate_and_nothing_else(installed, can, namespace):
    installed()
    for name in ("sealed-secrets-controller", "http:sealed-secrets-controller:", "http:sealed-secrets-controller:http"):
        assert can("get", "services/proxy", namespace, name=name, user="somebody")
        assert can("create", "services/proxy", namespace, name=name, user="somebody")
    assert can("get", "services", namespace, name="sealed-secrets-controller", user="somebody")
    assert not can("get", "services/proxy", namespace, name="other", user="somebody")
    assert not can("get", "secrets", namespace, user="somebody")


def test_null_template_values_reach_the_controller(installed, kube, namespace):
    installed("--only", "crds")
    template = {"data": {"pw": None, "text": "x"}}
    metadata = {"namespace": namespace, "name": "with-null"}
    made = kube.create({
        "apiVersion": SEALED, "kind": "SealedSecret", "metadata": metadata,
        "spec": {"encryptedData": {"pw": "AgA"}, "template": template},
    })  # fmt: skip
    assert made["spec"]["template"]["data"] == {"pw": None, "text": "x"}


@pytest.mark.parametrize(
    "spec", [{}, {"encryptedData": None}, {"encryptedData": {"a": 1}}, {"encryptedData": {}, "data": "not base64!"}]
)
def test_what_the_original_definition_refuses_is_refused(installed, kube, namespace, spec):
    installed("--only", "crds")
    metadata = {"namespace": namespace, "name": "refused"}
    with pytest.raises(Invalid):
        kube.create({"apiVersion": SEALED, "kind": "SealedSecret", "metadata": metadata, "spec": spec})


def test_kubectl_shows_the_columns_of_the_original(installed, kube, kubectl, namespace):
    installed("--only", "crds")
    metadata = {"namespace": namespace, "name": "shown"}
    made = kube.create({
        "apiVersion": SEALED, "kind": "SealedSecret", "metadata": metadata, "spec": {"encryptedData": {}},
    })  # fmt: skip
    condition = {"type": "Synced", "status": "False", "message": "because"}
    kube.update({**made, "status": {"observedGeneration": 1, "conditions": [condition]}}, "status")
    head, row = kubectl("get", "sealedsecrets", "-n", namespace).splitlines()
    assert head.split() == ["NAME", "STATUS", "SYNCED", "AGE"]
    assert row.split()[:3] == ["shown", "because", "False"]


def test_external_secrets_keep_what_the_definition_does_not_name(installed, kube, namespace):
    installed("--only", "crds", "--enable", "externalsecrets")
    target = {"template": {"templateFrom": [{"literal": "a: b"}]}, "manifest": {"kind": "ConfigMap"}}
    spec = {"secretStoreRef": {"name": "s"}, "dataFrom": [{"find": {"name": {"regexp": "x"}}}], "target": target}
    metadata = {"namespace": namespace, "name": "kept"}
    for version in ("v1beta1", "v1"):
        body = {"apiVersion": f"external-secrets.io/{version}", "kind": "ExternalSecret", "metadata": metadata}
        made = kube.create({**body, "spec": spec})
        assert made["spec"]["dataFrom"] == spec["dataFrom"] and made["spec"]["refreshInterval"] == "1h0m0s"
        assert made["spec"]["target"]["manifest"] == {"kind": "ConfigMap"}
        assert made["spec"]["target"]["creationPolicy"] == "Owner"
        assert made["spec"]["target"]["template"]["engineVersion"] == "v2"
        kube.delete(body["apiVersion"], "ExternalSecret", namespace, "kept")
    body = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": metadata}
    assert kube.create({**body, "spec": {"secretStoreRef": {"name": "s"}}})["spec"]["target"] == {
        "creationPolicy": "Owner", "deletionPolicy": "Retain",
    }  # fmt: skip
    store = {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": metadata}
    assert kube.create({**store, "spec": {"provider": {"vault": {"server": "x", "auth": {}}}}})["spec"]["provider"]
    with pytest.raises(Invalid):
        kube.create({**store, "metadata": {**metadata, "name": "two"}, "spec": {"provider": {"vault": {}, "fake": {}}}})


def test_an_encrypted_sops_secret_is_kept_to_the_letter(installed, kube, namespace):
    installed("--only", "crds", "--enable", "sopssecrets")
    sops = {"mac": "ENC[AES256_GCM,data:x]", "age": [{"recipient": "age1", "enc": "x"}], "version": "3.13.3", "kms": []}
    templates = [{"name": "ENC[1]", "stringData": {"a": "ENC[2]"}, "labels": {"b": "ENC[3]"}}]
    body = {
        "apiVersion": "isindir.github.com/v1alpha3", "kind": "SopsSecret",
        "metadata": {"namespace": namespace, "name": "kept"}, "spec": {"secretTemplates": templates}, "sops": sops,
    }  # fmt: skip
    made = kube.create(body)
    assert made["spec"] == body["spec"] and made["sops"] == sops


def test_the_original_is_replaced_where_it_stands(installed, kube, kubectl, namespace):
    name, labels = "sealed-secrets-controller", {"name": "sealed-secrets-controller"}
    container = {"name": name, "image": "docker.io/bitnami/sealed-secrets-controller:0.40.0", "command": ["controller"]}
    probe = {"httpGet": {"path": "/healthz", "port": "http"}}
    container |= {"readinessProbe": probe, "livenessProbe": probe, "args": ["--update-status"]}
    container["ports"] = [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 8081}]
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}
    spec["template"]["spec"] = {"serviceAccountName": name, "containers": [container]}
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    keys = {"apiGroup": group, "kind": "Role", "name": "sealed-secrets-key-admin"}
    original = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "spec": {"selector": labels, "ports": [{"port": 8080}]}},
        {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "roleRef": keys, "subjects": [subject]},
    ]
    items = [{**one, "metadata": {"name": name, "namespace": namespace}} for one in original]
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    installed("--watch-namespace", namespace)
    (now,) = kube.get("apps/v1", "Deployment", namespace, name)["spec"]["template"]["spec"]["containers"]
    assert now["command"] == ["secrets-gitops", "controller", "run"]
    assert now["args"] == [f"--additional-namespaces={namespace}"] and "bitnami" not in now["image"]
    assert now["readinessProbe"]["httpGet"]["path"] == "/readyz"
    (port,) = kube.get("v1", "Service", namespace, name)["spec"]["ports"]
    assert (port["name"], port["port"]) == ("http", 8080)
