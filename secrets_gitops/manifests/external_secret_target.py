"""`spec.target` of an ExternalSecret: the Secret that is made, who owns it, and its template."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.manifests.known_fields import choice, known
from secrets_gitops.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.fields import Fields

_PATH = ("spec", "target")
_NAME = pattern(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
"""A DNS subdomain (RFC 1123), as the API server has it for names."""
_TEMPLATE = frozenset(("engineVersion", "type", "metadata", "data", "templateFrom", "mergePolicy"))
_TOKEN_TYPES = ("kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token")
_ACCOUNT = "kubernetes.io/service-account.name"
_REFUSED = {("Delete", "Merge"), ("Delete", "None"), ("Delete", "CreateOrMerge"), ("Merge", "None")}


class TemplateSource(NamedTuple):
    """An entry of `templateFrom`, of which we only need to know where its result would go."""

    target: str


class Template(NamedTuple):
    """What the Secret looks like; every text in it is a Go template."""

    type: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    finalizers: tuple[str, ...]
    data: Mapping[str, str] | None
    sources: tuple[TemplateSource, ...]
    merge: bool
    """The values of the provider stay beside those of the template."""


class Target(NamedTuple):
    """The object to make."""

    name: str = ""
    """Empty: that of the ExternalSecret."""
    creation_policy: str = "Owner"
    deletion_policy: str = "Retain"
    immutable: bool = False
    template: Template | None = None
    manifest: tuple[str, str] | None = None
    """(apiVersion, kind) of another kind to make."""

    @property
    def merges(self) -> bool:
        """Whether the keys of others in the Secret stay."""
        return self.creation_policy in {"Merge", "CreateOrMerge"}


def read(fields: Fields, value: object) -> Target:
    """The target, with defaults. Raises DocumentError for what External Secrets refuses on admission."""
    given = fields.mapping(value, *_PATH)
    names = {"name", "creationPolicy", "deletionPolicy", "immutable", "template", "manifest"}
    known(fields, given, names, "`spec.target`", *_PATH)
    policies = ("", "Owner", "Orphan", "Merge", "CreateOrMerge", "None")
    creation = choice(fields, given.get("creationPolicy"), policies, *_PATH, "creationPolicy") or "Owner"
    deletion = choice(fields, given.get("deletionPolicy"), ("", "Retain", "Delete", "Merge"), *_PATH, "deletionPolicy")
    deletion = deletion or "Retain"
    if (deletion, creation) in _REFUSED:
        raise fields.error(
            f"`deletionPolicy: {deletion}` cannot go with `creationPolicy: {creation}`", *_PATH, "deletionPolicy"
        )
    manifest = _manifest(fields, given.get("manifest"))
    template = _template(fields, given["template"]) if given.get("template") is not None else None
    if template is not None:
        _check(fields, template, manifest)
    immutable = fields.flag(given.get("immutable"), *_PATH, "immutable") or False
    name = fields.text(given.get("name"), *_PATH, "name")
    if name and not _NAME.match(name):  # in a path, `/` would make another resource of it
        raise fields.error(
            "`spec.target.name` is no name of a Secret",
            *_PATH, "name",
            hints=("lower-case letters, digits, `-` and `.`, 253 characters at most",),
        )  # fmt: skip
    return Target(name, creation, deletion, immutable, template, manifest)


def _manifest(fields: Fields, value: object) -> tuple[str, str] | None:
    if value is None:
        return None
    path = (*_PATH, "manifest")
    given = fields.mapping(value, *path)
    known(fields, given, {"apiVersion", "kind"}, "`manifest`", *path)
    return fields.text(given.get("apiVersion"), *path, "apiVersion"), fields.text(given.get("kind"), *path, "kind")


def _template(fields: Fields, value: object) -> Template:
    path = (*_PATH, "template")
    given = fields.mapping(value, *path)
    known(fields, given, _TEMPLATE, "`template`", *path)
    choice(fields, given.get("engineVersion"), ("", "v2"), *path, "engineVersion")
    meta = fields.mapping(given.get("metadata"), *path, "metadata")
    known(fields, meta, {"labels", "annotations", "finalizers"}, "`template.metadata`", *path, "metadata")
    finalizers = enumerate(fields.items(meta.get("finalizers"), *path, "metadata", "finalizers"))
    sources = enumerate(fields.items(given.get("templateFrom"), *path, "templateFrom"))
    return Template(
        fields.text(given.get("type"), *path, "type"),
        fields.texts(meta.get("labels"), *path, "metadata", "labels"),
        fields.texts(meta.get("annotations"), *path, "metadata", "annotations"),
        tuple(fields.text(one, *path, "metadata", "finalizers", at) for at, one in finalizers),
        fields.texts(given["data"], *path, "data") if given.get("data") else None,
        tuple(_source(fields, one, *path, "templateFrom", at) for at, one in sources),
        choice(fields, given.get("mergePolicy"), ("", "Replace", "Merge"), *path, "mergePolicy") == "Merge",
    )


def _source(fields: Fields, value: object, *path: str | int) -> TemplateSource:
    given = fields.mapping(value, *path)
    names = {"configMap", "secret", "literal", "target", "valuesDecodingStrategy"}
    known(fields, given, names, "an entry of `templateFrom`", *path)
    return TemplateSource(fields.text(given.get("target"), *path, "target"))


def _check(fields: Fields, template: Template, manifest: tuple[str, str] | None) -> None:
    path = (*_PATH, "template")
    targets = [source.target.lower() for source in template.sources]
    if template.type == _TOKEN_TYPES[1] or (
        template.type == _TOKEN_TYPES[0] and (_ACCOUNT in template.annotations or "annotations" in targets)
    ):
        raise fields.error(
            f"a Secret of type `{template.type}` is a way to somebody else's token, and is refused", *path, "type"
        )
    if manifest not in {None, ("v1", "Secret")}:
        return
    for at, target in enumerate(targets):
        if target not in {"", "data", "labels", "annotations"}:
            raise fields.error(
                "a template of a Secret goes to `Data`, `Labels` or `Annotations`", *path, "templateFrom", at, "target"
            )
