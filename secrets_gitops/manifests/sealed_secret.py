"""A SealedSecret (bitnami.com/v1alpha1) and the scopes that bind its items to a place in the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from secrets_gitops.errors import NotBuiltYet
from secrets_gitops.manifests import metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.fields import Fields

API_VERSION = "bitnami.com/v1alpha1"
PREFIX = "sealedsecrets.bitnami.com/"

Scope = Literal["strict", "namespace-wide", "cluster-wide"]
SCOPES: tuple[Scope, ...] = ("strict", "namespace-wide", "cluster-wide")
SCOPE_ANNOTATIONS: dict[Scope, str] = {
    "cluster-wide": PREFIX + "cluster-wide",
    "namespace-wide": PREFIX + "namespace-wide",
}
"""The wider first: with both annotations, cluster-wide wins."""


def scope_of(annotations: Mapping[str, str]) -> Scope:
    """The scope that annotations ask for. Only exactly `true` counts, as in the original."""
    for scope, annotation in SCOPE_ANNOTATIONS.items():
        if annotations.get(annotation) == "true":
            return scope
    return "strict"


def label(scope: Scope, namespace: str, name: str) -> bytes:
    """What the RSA part of each item is bound to."""
    if scope == "cluster-wide":
        return b""
    return (namespace if scope == "namespace-wide" else f"{namespace}/{name}").encode()


class SealedSecret(NamedTuple):
    """A Secret whose items are sealed one by one, with the rest of it in clear as a template."""

    metadata: Mapping[str, object]
    items: Mapping[str, str]
    """`spec.encryptedData`: base64 of a blob each. Their names are not authenticated."""
    template_metadata: Mapping[str, object]
    template_type: str = ""
    template_immutable: bool | None = None
    template_data: Mapping[str, str | None] | None = None
    """Go templates; None as a value removes the item of that name (kubeseal 0.40)."""

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return metadata.text(self.metadata, "name")

    @property
    def namespace(self) -> str:
        """`metadata.namespace`; empty when it is not set."""
        return metadata.text(self.metadata, "namespace")

    @property
    def scope(self) -> Scope:
        """From the object's own metadata; annotations in the template never count."""
        return scope_of(metadata.texts(self.metadata, "annotations"))

    @property
    def label(self) -> bytes:
        """What the items of this object are bound to, if it is as it was sealed."""
        return label(self.scope, self.namespace, self.name)

    def to_tree(self) -> dict[str, object]:
        """The object in the order in which kubeseal writes it as JSON."""
        template: dict[str, object] = {"metadata": dict(self.template_metadata)}
        if self.template_type:
            template["type"] = self.template_type
        if self.template_immutable is not None:
            template["immutable"] = self.template_immutable
        if self.template_data:
            template["data"] = dict(self.template_data)
        return {
            "kind": "SealedSecret",
            "apiVersion": API_VERSION,
            "metadata": dict(self.metadata),
            "spec": {"template": template, "encryptedData": dict(self.items)},
        }


def is_sealed_secret(tree: object) -> bool:
    """Whether `tree` says that it is a SealedSecret of the Bitnami group, in any version."""
    return (
        isinstance(tree, dict)
        and tree.get("kind") == "SealedSecret"
        and str(tree.get("apiVersion", "")).partition("/")[0] == "bitnami.com"
    )


def read(fields: Fields, tree: Mapping[str, object], *path: str | int) -> SealedSecret:
    """The SealedSecret under `path`. Fields that the API server would prune are left out.

    Raises NotBuiltYet for another version and for the whole-Secret format of before 0.7, DocumentError for wrong types.
    """
    if tree.get("apiVersion") != API_VERSION:
        raise NotBuiltYet(
            f"this version reads SealedSecrets of `{API_VERSION}` alone", place=fields.place(*path, "apiVersion")
        )
    spec = fields.mapping(tree.get("spec"), *path, "spec")
    if spec.get("data") is not None:
        raise NotBuiltYet(
            "`spec.data`, the format of before kubeseal 0.7, is not supported",
            hints=("let the cluster unseal it and seal the Secret again",),
            place=fields.place(*path, "spec", "data"),
        )
    if not isinstance(spec.get("encryptedData"), dict):
        raise fields.error(
            "`spec.encryptedData` is missing or not a mapping",
            *path,
            "spec",
            "encryptedData",
            hints=("seal the Secret again: `secrets-gitops seal FILE`",),
        )
    template_path = (*path, "spec", "template")
    template = fields.mapping(spec.get("template"), *template_path)
    template_data = template.get("data")
    return SealedSecret(
        metadata.read(fields, tree.get("metadata"), *path, "metadata", strict=False),
        fields.texts(spec["encryptedData"], *path, "spec", "encryptedData"),
        metadata.read(fields, template.get("metadata"), *template_path, "metadata", strict=False),
        fields.text(template.get("type"), *template_path, "type"),
        fields.flag(template.get("immutable"), *template_path, "immutable"),
        None
        if template_data is None
        else {
            key: None if value is None else fields.text(value, *template_path, "data", key)
            for key, value in fields.mapping(template_data, *template_path, "data").items()
        },
    )
