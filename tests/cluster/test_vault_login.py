"""Logging in to a real OpenBao as a service account, whose token a real API server reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secrets_gitops.backends import catalog
from secrets_gitops.backends.backend import Fetched, Hidden, Locator, Surroundings
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from apiserver import Cluster
    from openbao import OpenBao

pytestmark = pytest.mark.live


@pytest.fixture
def auth(openbao: OpenBao, cluster: Cluster, namespace: str) -> str:
    """A Kubernetes auth mount that asks the cluster, with the role `app` for the service account `app`."""
    reviewer = cluster.account(namespace, "reviewer")
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"reviewer-{namespace}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "name": "reviewer", "namespace": namespace}],
    }
    cluster.kube.create(binding)
    mount = openbao.auth("kubernetes")
    configuration = {
        "kubernetes_host": cluster.url,
        "kubernetes_ca_cert": cluster.ca.read_text(),
        "token_reviewer_jwt": reviewer.token,
        "disable_local_ca_jwt": True,
    }
    openbao.ask("POST", f"auth/{mount}/config", configuration)
    role = {
        "bound_service_account_names": ["app"],
        "bound_service_account_namespaces": [namespace],
        "token_policies": [openbao.policy("secret/data/of-app")],
    }
    openbao.ask("POST", f"auth/{mount}/role/app", role)
    openbao.put("secret", "of-app", {"k": "v"})
    return mount


def test_a_reference_logs_in_with_the_token_of_a_file(openbao, cluster, namespace, auth, tmp_path):
    (tmp_path / "jwt").write_text(cluster.account(namespace, "app").token)
    environ = {
        "VAULT_ADDR": openbao.address,
        "VAULT_AUTH_METHOD": "kubernetes",
        "VAULT_ROLE_ID": "app",
        "VAULT_KUBERNETES_MOUNT_POINT": auth,
        "VAULT_KUBERNETES_JWT_TOKEN_PATH": str(tmp_path / "jwt"),
    }
    store = catalog.connect("vault", {}, Surroundings(environ, str(tmp_path), str(tmp_path)))
    (answer,) = store.fetch([Locator("secret/of-app")], Deadline(20))
    assert isinstance(answer, Fetched), answer


def test_a_store_logs_in_with_a_token_made_for_its_service_account(openbao, cluster, namespace, auth):
    asked = []

    def token(namespace: str, name: str, audiences: tuple[str, ...], seconds: int, deadline: Deadline) -> Plaintext:
        asked.append((namespace, name, audiences, seconds))
        return Plaintext(cluster.account(namespace, name, seconds).token)

    settings = {
        "address": openbao.address, "mount": "secret", "auth": "kubernetes", "auth_mount": auth, "role": "app",
        "service_account": f"{namespace}/app",
    }  # fmt: skip
    surroundings = Surroundings({}, ".", ".", service_account_token=token)
    store = catalog.connect("vault-store", settings, surroundings)
    (answer,) = store.fetch([Locator("of-app")], Deadline(20))
    assert isinstance(answer, Fetched), answer
    assert asked == [(namespace, "app", (), 600)]


def test_an_account_that_the_role_does_not_admit(openbao, cluster, namespace, auth):
    stranger = cluster.account(namespace, "stranger").token
    settings = {
        "address": openbao.address, "mount": "secret", "auth": "kubernetes", "auth_mount": auth, "role": "app",
        "secret": Hidden(stranger),
    }  # fmt: skip
    store = catalog.connect("vault-store", settings, Surroundings({}, ".", "."))
    (error,) = store.fetch([Locator("of-app")], Deadline(20))
    assert isinstance(error, AccessDenied)
    assert "refuses the kubernetes login" in error.message
    assert "service account" in error.hints[0]
    assert stranger not in f"{error.message}{error.hints}"
