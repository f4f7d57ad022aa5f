"""What the status of SecretStores and ClusterSecretStores says, on a real API server."""

from __future__ import annotations

import pytest
import yaml
from apiserver import wait_for
from at_work import API, RIGHTS, AtWork

from secrets_gitops.controller import manifests

CANARY = "c4nary-3d7a"
FAKE = {"fake": {"data": [{"key": "a", "value": CANARY}]}}
CLUSTER_RIGHTS = (
    *RIGHTS,
    ("external-secrets.io", "clustersecretstores", "get list watch"),
    ("external-secrets.io", "clustersecretstores/status", "patch"),
)


@pytest.fixture(autouse=True)
def _kinds(kube):
    for name in ("externalsecrets", "secretstores", "clustersecretstores"):
        kube.apply(yaml.safe_load(manifests.crd(name)))


@pytest.fixture
def account(user):
    return user(*CLUSTER_RIGHTS, everywhere=True)


@pytest.fixture
def controller(account, namespace):
    """A maker of running ones."""
    running = []

    def start(place=namespace):
        running.append(AtWork(account, place))
        return running[-1]

    yield start
    for each in running:
        each.end()


def vault(**selector):
    return {"vault": {"server": "https://vault.invalid", "path": "kv", "auth": {"tokenSecretRef": selector}}}


@pytest.fixture
def make(kube, namespace):
    def store(provider, name="main", kind="SecretStore", **spec):
        meta = {"name": name, **({"namespace": namespace} if kind == "SecretStore" else {})}
        made = {"apiVersion": API, "kind": kind, "metadata": meta, "spec": {"provider": provider, **spec}}
        return kube.create(made)

    return store


@pytest.fixture
def said(kube, namespace):
    """A waiter: until the condition of a store is so; its message."""

    def wait(status, reason, name="main", kind="SecretStore"):
        where = (API, kind, namespace if kind == "SecretStore" else None, name)

        def condition():
            return (kube.get(*where).get("status", {}).get("conditions") or [{}])[-1]

        def is_so():
            found = condition()
            return [found.get(field) for field in ("type", "status", "reason")] == ["Ready", status, reason]

        wait_for(is_so, 10, lambda: kube.get(*where))
        return condition()["message"]

    return wait


def test_a_store_that_can_be_used_is_valid_and_told_once(cluster, kube, namespace, account, make, said, controller):
    make(FAKE)
    first = controller()
    assert said("True", "Valid") == "store validated"
    assert kube.get(API, "SecretStore", namespace, "main")["status"]["capabilities"] == "ReadOnly"
    first.end()
    mark = cluster.mark()
    controller()
    make(FAKE, "later")
    said("True", "Valid", "later")
    writes = [one for one in cluster.requests(account, mark) if "/status" in one]
    assert len(writes) == 1 and "later" in writes[0]
    assert CANARY not in str(kube.list("v1", "Event", namespace))


def test_what_is_missing_is_named_and_healed(kube, namespace, make, said, controller):
    make(vault(name="login", key="token"))
    controller()
    assert "there is no Secret" in said("False", "InvalidProviderConfig")
    login = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": namespace}}
    kube.create({**login, "stringData": {"token": CANARY}})
    wait_for(
        lambda: kube.get(API, "SecretStore", namespace, "main")["status"]["conditions"][0]["status"] == "True",
        30,
        lambda: kube.get(API, "SecretStore", namespace, "main")["status"],
    )


def test_a_provider_that_is_not_built_and_one_that_is_wrong_are_named(make, said, controller):
    make({"doppler": {}}, "unbuilt")
    make({"vault": {"path": "kv"}}, "wrong")
    controller()
    assert "`doppler`" in said("False", "InvalidProviderConfig", "unbuilt")
    assert "server" in said("False", "InvalidProviderConfig", "wrong")


def test_a_store_of_another_class_is_left_alone(kube, namespace, make, said, controller):
    make(FAKE, "theirs", controller="theirs")
    make(FAKE)
    controller()
    said("True", "Valid")
    assert "status" not in kube.get(API, "SecretStore", namespace, "theirs")


def test_a_store_of_the_cluster_with_credentials_of_its_users_is_valid(kube, namespace, make, said, controller):
    """Only an ExternalSecret can tell which Secret is meant; where the store names one, it is looked at."""
    names = [f"{namespace}-{which}" for which in ("open", "bound")]
    make(vault(name="login", key="token"), names[0], "ClusterSecretStore")
    make(vault(name="login", key="token", namespace=namespace), names[1], "ClusterSecretStore")
    controller(None)
    try:
        said("True", "Valid", names[0], "ClusterSecretStore")
        said("False", "InvalidProviderConfig", names[1], "ClusterSecretStore")
    finally:
        for name in names:
            kube.delete(API, "ClusterSecretStore", None, name)
