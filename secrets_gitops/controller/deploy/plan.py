"""What is to be installed: the choices behind `controller manifests`, and the names that they all use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Tree = dict[str, object]

NAME = "sealed-secrets-controller"
"""Service, Deployment and account: what kubeseal looks for, and what the original's manifests call them."""
LABELS: Mapping[str, str] = {"name": NAME}
"""On the pods. The original's selector: a selector cannot change, so its Deployment is replaced where it stands."""


@dataclass(frozen=True)
class Plan:
    """One installation of the controller."""

    image: str
    namespace: str = "kube-system"
    watched: tuple[str, ...] = ()
    """The namespaces that it may work in, beside its own; empty is all namespaces of the cluster."""
    kinds: tuple[str, ...] = ()
    """Kinds beside SealedSecret, by plural: `externalsecrets`, `sopssecrets`."""
    replicas: int = 1

    def namespaces(self) -> tuple[str, ...]:
        """The named namespaces with its own among them, in order; empty is all of them."""
        return tuple(sorted({self.namespace, *self.watched})) if self.watched else ()


def thing(api_version: str, kind: str, name: str, namespace: str | None = None, **fields: object) -> Tree:
    """An object of the API with the label that its parts share."""
    metadata: Tree = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    metadata["labels"] = dict(LABELS)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
