"""The Deployment of the controller, and the Services by which kubeseal and Prometheus find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.controller.deploy.plan import LABELS, NAME, thing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.controller.deploy.plan import Plan, Tree

HTTP_PORT = 8080
METRICS_PORT = 8081
_USER = 1001
_GROUP = 65534


def objects(plan: Plan) -> Iterator[Tree]:
    """Two Services and the Deployment. kubeseal takes the first port of the Service, whatever its name."""
    yield _service(plan, NAME, "http", HTTP_PORT)
    yield _service(plan, f"{NAME}-metrics", "metrics", METRICS_PORT)
    # An old replica may run beside its successor: what each may write is settled by their Leases.
    rolling: Tree = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    spec: Tree = {
        "replicas": plan.replicas,
        "revisionHistoryLimit": 10,
        "minReadySeconds": 30,
        "selector": {"matchLabels": dict(LABELS)},
        "strategy": rolling,
        "template": {"metadata": {"labels": dict(LABELS)}, "spec": _pod(plan)},
    }
    yield thing("apps/v1", "Deployment", NAME, plan.namespace, spec=spec)


def arguments(plan: Plan) -> list[str]:
    """What `controller run` is told."""
    words = [f"--enable={','.join(plan.kinds)}"] if plan.kinds else []
    if plan.watched:
        words.append(f"--additional-namespaces={','.join(plan.namespaces())}")
    return words


def _service(plan: Plan, name: str, port: str, number: int) -> Tree:
    ports = [{"name": port, "port": number, "protocol": "TCP", "targetPort": port}]
    return thing("v1", "Service", name, plan.namespace, spec={"selector": dict(LABELS), "ports": ports})


def _pod(plan: Plan) -> Tree:
    pod: Tree = {
        "serviceAccountName": NAME,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "fsGroup": _GROUP,
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(plan)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    if plan.replicas > 1:
        spread: Tree = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
        pod["topologySpreadConstraints"] = [{**spread, "labelSelector": {"matchLabels": dict(LABELS)}}]
    return pod


def _container(plan: Plan) -> Tree:
    return {
        "name": NAME,
        "image": plan.image,
        "command": ["secrets-gitops", "controller", "run"],
        # An empty list would be dropped by the API server, and every apply would be a change.
        **({"args": words} if (words := arguments(plan)) else {}),
        "env": [_from_pod("POD_NAME", "metadata.name"), _from_pod("POD_NAMESPACE", "metadata.namespace")],
        "ports": [
            {"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"},
            {"name": "metrics", "containerPort": METRICS_PORT, "protocol": "TCP"},
        ],
        # Alive from the start, while keys are made and lists are read; ready when both are done.
        "livenessProbe": _probe("/healthz"),
        "readinessProbe": _probe("/readyz"),
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108  the pod's own
    }


def _from_pod(name: str, field: str) -> Tree:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}}


def _probe(path: str) -> Tree:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 5}
