"""SealedSecret → Secret, as the controller and `kubeseal --recovery-unseal` do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.envelopes import sealed_secret as envelope
from secrets_gitops.errors import DocumentError, NotBuiltYet, NotSealed, Place
from secrets_gitops.manifests import metadata
from secrets_gitops.manifests import sealed_secret as manifest
from secrets_gitops.manifests import secret as secret_manifest
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.manifests.secret import Secret
from secrets_gitops.materialize.materialized import Materialized, owner_reference
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.manifests.sealed_secret import SealedSecret
    from secrets_gitops.materialize.materialized import Given

SKIP_OWNER = manifest.PREFIX + "skip-set-owner-references"


def materialize(document: Document, root: Node, given: Given, *, opened: bool = False) -> Materialized:  # noqa: ARG001
    """The one Secret. Raises what opening raises, NotSealed for another object, NotBuiltYet for a Go template.

    Sealed items may stand in a document that was `opened` by its other envelope; to this one it makes no difference.
    """
    fields = Fields(document, root)
    tree = to_plain(root, "k8s", path=document.path)
    if not isinstance(tree, dict) or not manifest.is_sealed_secret(tree):
        kind = root.get("kind")
        what = f"a `{kind.text}`" if kind is not None and kind.text else "this"
        raise NotSealed(
            f"{what} is not a SealedSecret",
            hints=("`secrets-gitops render --sealing-key FILE` takes other objects along as they are",),
            place=document.place(root),
        )
    return Materialized((secret_of(fields, tree, given),))


def unseal(document: Document, given: Given) -> list[Secret]:
    """The Secrets of every SealedSecret in `document`, also in a `List`: all of them, or an error.

    Raises NotSealed for an object of another kind, DocumentError when there is no object at all.
    """
    out: list[Secret] = []
    for root in document.roots:
        for node in _objects(root):
            out += materialize(document, node, given).secrets
    if not out:
        raise DocumentError(
            "no SealedSecret found", hints=("give a manifest with `kind: SealedSecret`",), place=Place(document.path)
        )
    return out


def _objects(root: Node) -> Iterator[Node]:
    kind, items = root.get("kind"), root.get("items")
    if kind is not None and kind.text in {"List", "SealedSecretList"} and items is not None:
        yield from (item.resolved() for item in items.items)
    elif root.pairs or root.kind != "scalar" or root.text not in {"", "~", "null"}:
        yield root


def secret_of(fields: Fields, tree: Mapping[str, object], given: Given) -> Secret:
    """The Secret that the object stands for. Raises what opening raises, DocumentError for fields of a wrong type."""
    spec = tree.get("spec")
    if given.accept_v1_data and isinstance(spec, dict) and spec.get("data") is not None:
        return _whole(fields, tree, spec, given)
    return _opened(manifest.read(fields, tree), fields, given)


def _opened(sealed: SealedSecret, fields: Fields, given: Given) -> Secret:
    """Its items and its template, with its own name and namespace, and itself as owner."""
    literal = _literal_templates(sealed, fields)
    items = envelope.open_items(
        sealed, given.sealing_keys, lambda name: fields.place("spec", "encryptedData", name), given.note_key
    )
    removed = {name for name, text in (sealed.template_data or {}).items() if text is None}
    data = {name: Plaintext(text) for name, text in literal.items() if name not in items}
    data |= {name: value for name, value in items.items() if name not in removed}
    meta = _metadata(sealed, sealed.template_metadata)
    return Secret(meta, dict(sorted(data.items())), sealed.template_type, sealed.template_immutable)


def _metadata(sealed: SealedSecret, template: Mapping[str, object]) -> dict[str, object]:
    # Whatever the template says: only the sealed object's own name and namespace are bound by sealing.
    meta: dict[str, object] = {}
    if sealed.name:
        meta["name"] = sealed.name
    if sealed.namespace:
        meta["namespace"] = sealed.namespace
    meta |= {field: value for field, value in template.items() if field not in {"name", "namespace"}}
    annotations = template.get("annotations")
    if not (isinstance(annotations, dict) and annotations.get(SKIP_OWNER) == "true"):
        meta["ownerReferences"] = [owner_reference(manifest.API_VERSION, "SealedSecret", sealed.name)]
    return meta


def _whole(fields: Fields, tree: Mapping[str, object], spec: Mapping[str, object], given: Given) -> Secret:
    """The Secret of the format before kubeseal 0.7: `spec.data` is one blob, the whole Secret as JSON."""
    if spec.get("encryptedData"):
        raise fields.error(
            "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time", "spec", "data"
        )
    meta = metadata.read(fields, tree.get("metadata"), "metadata", strict=False)
    sealed = manifest.SealedSecret(meta, {"data": fields.text(spec["data"], "spec", "data")}, {})
    blob = envelope.open_items(sealed, given.sealing_keys, lambda _: fields.place("spec", "data"), given.note_key)
    try:
        document = read(blob["data"].reveal(), path="(the Secret in `spec.data`)", format="json", limits=Limits.LARGE)
    except DocumentError as error:
        raise DocumentError("`spec.data` does not hold a Secret", place=fields.place("spec", "data")) from error
    (root,) = document.roots
    inner_fields = Fields(document, root)
    inner = secret_manifest.read(inner_fields, inner_fields.mapping(to_plain(root, "k8s", path=document.path)))
    return inner._replace(metadata=_metadata(sealed, inner.metadata))


def _literal_templates(sealed: SealedSecret, fields: Fields) -> dict[str, str]:
    """The template texts, which must be literal: without `{{` a Go template is its own output."""
    out: dict[str, str] = {}
    for name, text in (sealed.template_data or {}).items():
        if text is None:
            continue
        if "{{" in text:
            raise NotBuiltYet(
                f"`spec.template.data` holds a Go template under `{name}`, which this version does not render",
                hints=("`kubeseal --recovery-unseal` renders it",),
                place=fields.place("spec", "template", "data", name),
            )
        out[name] = text
    return out
