"""The rights of the controller: what it needs for the kinds that are enabled, where it may work, and nothing else.

Names are those of the original's manifests, so that applying ours replaces its rights and adds none beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.controller.deploy.plan import NAME, thing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_gitops.controller.deploy.plan import Plan, Tree

API = "rbac.authorization.k8s.io"
WORK = "secrets-unsealer"
KEYS = "sealed-secrets-key-admin"
PROXY = "sealed-secrets-service-proxier"
REPLICAS = "sealed-secrets-replicas"
_READ = ("get", "list", "watch")


def objects(plan: Plan) -> Iterator[Tree]:
    """The account, its roles and their bindings."""
    yield thing("v1", "ServiceAccount", NAME, plan.namespace)
    if not plan.namespaces():
        yield from _bound(plan, WORK, None, _work(plan, in_cluster=True), NAME)
    for namespace in plan.namespaces():
        yield from _bound(plan, WORK, namespace, _work(plan, in_cluster=False), WORK)
    yield from _bound(plan, KEYS, plan.namespace, [_rule("", ["secrets"], ["get", "list", "watch", "create"])], NAME)
    peers = [
        _rule("coordination.k8s.io", ["leases"], ["get", "list", "create", "update", "delete"]),
        _rule("", ["pods"], ["list"]),  # to see a controller of Bitnami's that still runs
    ]
    yield from _bound(plan, REPLICAS, plan.namespace, peers, REPLICAS)
    yield _role(PROXY, plan.namespace, _proxy_rules())
    everybody: Tree = {"apiGroup": API, "kind": "Group", "name": "system:authenticated"}
    yield _binding(PROXY, PROXY, plan.namespace, everybody)


def _work(plan: Plan, *, in_cluster: bool) -> list[Tree]:
    verbs = ["get", "list", "watch", "create", "update"]
    rules = [
        _rule("bitnami.com", ["sealedsecrets"], _READ),
        _rule("bitnami.com", ["sealedsecrets/status"], ["update"]),
        _rule("", ["events"], ["create", "patch"]),
        _rule("", ["namespaces"], ["get"]),
    ]
    if "sopssecrets" in plan.kinds:
        verbs = [*verbs, "delete"]  # of Secrets whose template is gone
        rules.append(_rule("isindir.github.com", ["sopssecrets"], _READ))
        rules.append(_rule("isindir.github.com", ["sopssecrets/status"], ["patch"]))
    if "externalsecrets" in plan.kinds:
        verbs = [*verbs[:5], "patch", "delete"]  # server-side apply; deletionPolicy Delete
        stores = ["externalsecrets", "secretstores"]
        if in_cluster:
            stores.append("clustersecretstores")
        rules.append(_rule("external-secrets.io", stores, _READ))
        # The object itself to take off the operator's finalizer, which nobody else does once the operator is gone.
        patched = ["externalsecrets", *(f"{each}/status" for each in stores)]
        rules.append(_rule("external-secrets.io", patched, ["patch"]))
        # Owner references block the owner's deletion; some clusters (OpenShift) ask for this right then.
        rules.append(_rule("external-secrets.io", ["externalsecrets/finalizers"], ["update"]))
        rules.append(_rule("", ["configmaps"], ["get"]))  # CA bundles of stores
        rules.append(_rule("", ["serviceaccounts/token"], ["create"]))  # login as an account that a store names
    return [_rule("", ["secrets"], verbs), *rules]


def _proxy_rules() -> list[Tree]:
    """What everybody who can log in may do, so that kubeseal fetches the certificate."""
    services = [f"http:{NAME}:", f"http:{NAME}:http", NAME]
    return [
        {**_rule("", ["services"], ["get"]), "resourceNames": [NAME]},
        {**_rule("", ["services/proxy"], ["create", "get"]), "resourceNames": services},
    ]


def _bound(plan: Plan, role: str, place: str | None, rules: list[Tree], binding: str) -> Iterator[Tree]:
    """A role and its binding to the account; `binding` is the original's name, for what it refers to cannot change."""
    account: Tree = {"kind": "ServiceAccount", "name": NAME, "namespace": plan.namespace}
    yield _role(role, place, rules)
    yield _binding(binding, role, place, account)


def _role(name: str, place: str | None, rules: list[Tree]) -> Tree:
    return thing(f"{API}/v1", "ClusterRole" if place is None else "Role", name, place, rules=rules)


def _binding(name: str, role: str, place: str | None, subject: Tree) -> Tree:
    kind = "ClusterRole" if place is None else "Role"
    reference = {"apiGroup": API, "kind": kind, "name": role}
    return thing(f"{API}/v1", f"{kind}Binding", name, place, roleRef=reference, subjects=[subject])


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Tree:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
