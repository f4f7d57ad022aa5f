"""A SopsSecret (isindir.github.com/v1alpha3): templates of Secrets, encrypted as one SOPS document."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import NotBuiltYet
from secrets_gitops.manifests import metadata
from secrets_gitops.manifests.secret import Secret
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.fields import Fields

API_VERSION = "isindir.github.com/v1alpha3"
_TEMPLATE_FIELDS = frozenset(("name", "type", "labels", "annotations", "data", "stringData"))
_SPEC_FIELDS = frozenset(("secretTemplates", "suspend", "enforceOwnership"))


class SopsSecret(NamedTuple):
    """The Secrets that the object stands for, once it is decrypted."""

    name: str
    namespace: str
    suspend: bool
    """The operator leaves the object alone, and so does whoever reads it: no templates are looked at."""
    secrets: tuple[Secret, ...]
    """In the order of `spec.secretTemplates`; without owner."""


def is_sops_secret(tree: object) -> bool:
    """Whether `tree` says that it is a SopsSecret of this group, in any version."""
    return (
        isinstance(tree, dict)
        and tree.get("kind") == "SopsSecret"
        and str(tree.get("apiVersion", "")).partition("/")[0] == "isindir.github.com"
    )


def read(fields: Fields, tree: Mapping[str, object]) -> SopsSecret:
    """The decrypted SopsSecret.

    `data` beats `stringData` for the same key, the opposite of a core Secret. Raises NotBuiltYet for another version,
    DocumentError for an unknown field, a template without name, and data that is not base64.
    """
    if tree.get("apiVersion") != API_VERSION:
        raise NotBuiltYet(f"this version reads SopsSecrets of `{API_VERSION}` alone", place=fields.place("apiVersion"))
    meta = metadata.read(fields, tree.get("metadata"), "metadata", strict=False)
    spec = fields.mapping(tree.get("spec"), "spec")
    name, namespace = metadata.text(meta, "name"), metadata.text(meta, "namespace")
    if fields.flag(spec.get("suspend"), "spec", "suspend"):
        return SopsSecret(name, namespace, suspend=True, secrets=())
    for field in spec:
        if field not in _SPEC_FIELDS:
            raise fields.error(f"unknown field `{field}` in the spec of a SopsSecret", "spec", field)
    templates = fields.items(spec.get("secretTemplates"), "spec", "secretTemplates")
    if not templates:
        raise fields.error("`spec.secretTemplates` names no Secret", "spec", "secretTemplates")
    secrets = tuple(_secret(fields, template, namespace, at) for at, template in enumerate(templates))
    return SopsSecret(name, namespace, suspend=False, secrets=secrets)


def _secret(fields: Fields, value: object, namespace: str, at: int) -> Secret:
    path = ("spec", "secretTemplates", at)
    template = fields.mapping(value, *path)
    for field in template:
        if field not in _TEMPLATE_FIELDS:
            raise fields.error(f"unknown field `{field}` in a template of a SopsSecret", *path, field)
    name = fields.text(template.get("name"), *path, "name")
    if not name:
        raise fields.error("a template of the SopsSecret has no name", *path, "name")
    meta: dict[str, object] = {"name": name}
    if namespace:
        meta["namespace"] = namespace
    for field in ("labels", "annotations"):
        if texts := fields.texts(template.get(field), *path, field):
            meta[field] = texts
    data = {
        key: Plaintext(fields.text(item, *path, "stringData", key))
        for key, item in fields.mapping(template.get("stringData"), *path, "stringData").items()
    }
    for key, item in fields.mapping(template.get("data"), *path, "data").items():
        data[key] = Plaintext(fields.bytes(item, *path, "data", key))
    return Secret(meta, data, fields.text(template.get("type"), *path, "type") or "Opaque")
