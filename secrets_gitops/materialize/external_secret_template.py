"""From the values of an ExternalSecret to the Secret: its template, as far as that is literal text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.errors import NotBuiltYet
from secrets_gitops.manifests import metadata
from secrets_gitops.manifests.external_secret import API_VERSION, UnbuiltRewrite
from secrets_gitops.manifests.secret import Secret
from secrets_gitops.materialize.materialized import owner_reference
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.external_secret import ExternalSecret
    from secrets_gitops.manifests.external_secret_target import Template
    from secrets_gitops.manifests.fields import Fields

_HINT = ("External Secrets Operator renders it",)


def refuse_unbuilt(found: ExternalSecret, fields: Fields) -> None:
    """Raise NotBuiltYet, by name and with its place, for what this version does not carry out."""
    for entry in found.entries:
        if entry.store is None:
            raise NotBuiltYet("generators are not built yet", hints=_HINT, place=fields.place(*entry.path, "sourceRef"))
        if any(isinstance(step, UnbuiltRewrite) for step in entry.rewrites):
            raise NotBuiltYet(
                "`rewrite[].transform` is not built yet",
                hints=("`rewrite[].regexp` and `rewrite[].merge` are",),
                place=fields.place(*entry.path, "rewrite"),
            )
    if found.target.manifest is not None:
        raise NotBuiltYet(
            "targets of other kinds than Secret are not built yet", place=fields.place("spec", "target", "manifest")
        )
    template = found.target.template
    if template is None:
        return
    path = ("spec", "target", "template")
    if template.sources:
        raise NotBuiltYet("`templateFrom` is not built yet", hints=_HINT, place=fields.place(*path, "templateFrom"))
    for field, texts in (
        (("data",), template.data or {}),
        (("metadata", "labels"), template.labels),
        (("metadata", "annotations"), template.annotations),
    ):
        for name, text in texts.items():
            if "{{" in text:
                raise NotBuiltYet(
                    f"the template holds a Go template under `{name}`, which this version does not render",
                    hints=_HINT,
                    place=fields.place(*path, *field, name),
                )


def data_of(values: Mapping[str, bytes], template: Template | None) -> dict[str, bytes]:
    """The data of the Secret: the template's over the provider's, which only stay when nothing replaces them."""
    if template is None or (template.data is None and not template.sources):
        return dict(values)
    kept = values if template.merge else {}
    return {**kept, **{key: text.encode() for key, text in (template.data or {}).items()}}


def marks_of(found: ExternalSecret) -> tuple[dict[str, str], dict[str, str]]:
    """Labels and annotations: the template's, else those of the ExternalSecret itself."""
    template = found.target.template
    if template is not None:
        return dict(template.labels), dict(template.annotations)
    annotations = metadata.texts(found.metadata, "annotations")
    return (
        dict(metadata.texts(found.metadata, "labels")),
        {name: text for name, text in annotations.items() if name not in metadata.LAST_APPLIED},
    )


def secret_of(found: ExternalSecret, values: Mapping[str, bytes]) -> Secret:
    """The whole Secret, as it is made where none exists."""
    template = found.target.template
    labels, annotations = marks_of(found)
    meta: dict[str, object] = {"name": found.target_name}
    if found.namespace:
        meta["namespace"] = found.namespace
    if labels:
        meta["labels"] = labels
    if annotations:
        meta["annotations"] = annotations
    if found.target.creation_policy == "Owner":
        meta["ownerReferences"] = [owner_reference(API_VERSION, "ExternalSecret", found.name)]
    if template is not None and template.finalizers:
        meta["finalizers"] = list(template.finalizers)
    data = data_of(values, template)
    return Secret(
        meta,
        {key: Plaintext(data[key]) for key in sorted(data)},
        template.type if template is not None else "",
        True if found.target.immutable else None,
    )
