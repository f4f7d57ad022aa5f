"""ObjectMeta: which of its fields exist, and which of them only a cluster writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.fields import Fields

FIELDS = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
    "managedFields",
)  # fmt: skip
"""The fields of `k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta`, in the order in which Go writes them as JSON."""

RUNTIME_FIELDS = frozenset((
    "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds",
))  # fmt: skip
"""What belongs to one object in one cluster; kubeseal clears them before it seals."""

LAST_APPLIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
)
"""Annotations that hold the whole object once more, plaintext values included."""

_TEXTS = frozenset(("name", "generateName", "namespace"))
_MAPS = frozenset(("labels", "annotations"))


def read(fields: Fields, value: object, *path: str | int, strict: bool = True) -> dict[str, object]:
    """The metadata under `path`, with nulls and empty maps left out, in the order of `FIELDS`.

    An unknown field is refused when `strict`, as `kubectl apply` does, and dropped otherwise, as Go does.
    """
    given = fields.mapping(value, *path)
    if strict:
        for name in given:
            if name not in FIELDS:
                raise fields.error(
                    f"unknown field `{name}` in metadata", *path, name, hints=("Kubernetes would drop it; remove it",)
                )
    out: dict[str, object] = {}
    for name in FIELDS:
        item = given.get(name)
        if item is None:
            continue
        if name in _TEXTS:
            item = fields.text(item, *path, name)
        elif name in _MAPS:
            item = fields.texts(item, *path, name)
        elif name == "finalizers":
            item = [fields.text(one, *path, name) for one in fields.items(item, *path, name)]
        if item not in ({}, [], ""):
            out[name] = item
    return out


def text(metadata: Mapping[str, object], name: str) -> str:
    """A text field of metadata that `read` made; empty when it is not set."""
    value = metadata.get(name, "")
    return value if isinstance(value, str) else ""


def texts(metadata: Mapping[str, object], name: str) -> dict[str, str]:
    """The labels or annotations of metadata that `read` made."""
    value = metadata.get(name)
    return value if isinstance(value, dict) else {}
