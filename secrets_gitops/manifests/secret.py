"""A core Secret: its metadata, its type, and its data as plaintext."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import AlreadySealed
from secrets_gitops.manifests import metadata
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.fields import Fields

_FIELDS = frozenset(("apiVersion", "kind", "metadata", "data", "stringData", "type", "immutable"))


class Secret(NamedTuple):
    """A Secret as the cluster would hold it: `stringData` is merged into `data`, base64 is undone."""

    metadata: Mapping[str, object]
    """As `manifests.metadata.read` gives it."""
    data: Mapping[str, Plaintext]
    type: str = ""
    """Empty when it is not set; the cluster then takes `Opaque`."""
    immutable: bool | None = None

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return metadata.text(self.metadata, "name")

    @property
    def namespace(self) -> str:
        """`metadata.namespace`; empty when it is not set."""
        return metadata.text(self.metadata, "namespace")

    @property
    def labels(self) -> Mapping[str, str]:
        """`metadata.labels`."""
        return metadata.texts(self.metadata, "labels")

    @property
    def annotations(self) -> Mapping[str, str]:
        """`metadata.annotations`."""
        return metadata.texts(self.metadata, "annotations")

    def to_tree(self) -> dict[str, object]:
        """The object to print or to apply. It holds the plaintext as base64."""
        tree: dict[str, object] = {"kind": "Secret", "apiVersion": "v1", "metadata": dict(self.metadata)}
        if self.immutable is not None:
            tree["immutable"] = self.immutable
        if self.data:
            tree["data"] = {key: base64.b64encode(value.reveal()).decode() for key, value in self.data.items()}
        if self.type:
            tree["type"] = self.type
        return tree


def is_secret(tree: object) -> bool:
    """Whether `tree` says that it is a core Secret."""
    return isinstance(tree, dict) and tree.get("kind") == "Secret" and tree.get("apiVersion", "v1") == "v1"


def read(fields: Fields, tree: Mapping[str, object], *path: str | int) -> Secret:
    """The Secret under `path`; on equal keys `stringData` wins.

    Raises AlreadySealed for one that sops encrypted, DocumentError for a field that Kubernetes does not know (it would
    be lost), a wrong type, or data that is not base64.
    """
    if "sops" in tree:
        raise AlreadySealed(
            "the Secret is encrypted with sops; what would be sealed is ciphertext",
            hints=("decrypt it first: `secrets-gitops decrypt FILE`",),
            place=fields.place(*path, "sops"),
        )
    for name in tree:
        if name not in _FIELDS:
            raise fields.error(
                f"unknown field `{name}` in a Secret", *path, name, hints=("Kubernetes would drop it; remove it",)
            )
    data = {
        key: Plaintext(fields.bytes(value, *path, "data", key))
        for key, value in fields.mapping(tree.get("data"), *path, "data").items()
    }
    for key, value in fields.mapping(tree.get("stringData"), *path, "stringData").items():
        data[key] = Plaintext(fields.text(value, *path, "stringData", key))
    return Secret(
        metadata.read(fields, tree.get("metadata"), *path, "metadata"),
        data,
        fields.text(tree.get("type"), *path, "type"),
        fields.flag(tree.get("immutable"), *path, "immutable"),
    )
