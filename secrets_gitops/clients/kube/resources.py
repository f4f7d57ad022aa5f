"""Resource: one kind as the API server serves it; the kinds that we use, and their paths."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote


class Resource(NamedTuple):
    """Group (empty for the core), version, plural, kind, and whether its objects live in namespaces."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """What stands in `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version


SECRETS = Resource("", "v1", "secrets", "Secret")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS = Resource("", "v1", "events", "Event")
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
SEALED_SECRETS = Resource("bitnami.com", "v1alpha1", "sealedsecrets", "SealedSecret")
SOPS_SECRETS = Resource("isindir.github.com", "v1alpha3", "sopssecrets", "SopsSecret")
EXTERNAL_SECRETS = Resource("external-secrets.io", "v1", "externalsecrets", "ExternalSecret")
SECRET_STORES = Resource("external-secrets.io", "v1", "secretstores", "SecretStore")
CLUSTER_SECRET_STORES = Resource(
    "external-secrets.io", "v1", "clustersecretstores", "ClusterSecretStore", namespaced=False
)


def path(resource: Resource, namespace: str | None = None, name: str | None = None, sub: str | None = None) -> str:
    """The path of a collection, an object or its subresource; without a namespace, of all namespaces."""
    text = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    if namespace is not None and resource.namespaced:
        text += f"/namespaces/{quote(namespace, safe='')}"
    text += f"/{resource.plural}"
    if name is not None:
        text += f"/{quote(name, safe='')}"
    return f"{text}/{sub}" if sub else text
