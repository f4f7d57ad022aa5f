"""Seal the Secrets of a document with a certificate: what kubeseal does to a stream of them, without its gaps.

Only Secrets are taken, a `List` of them item by item; a stream is sealed as a whole or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.envelopes import sealed_secret as envelope
from secrets_gitops.errors import AlreadySealed, DocumentError, Place, SettingsError
from secrets_gitops.manifests import metadata, write
from secrets_gitops.manifests import secret as secrets
from secrets_gitops.manifests.fields import Fields, dotted
from secrets_gitops.manifests.sealed_secret import SCOPE_ANNOTATIONS, is_sealed_secret, scope_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secrets_gitops.documents.document import Document, Format
    from secrets_gitops.keys.sealing import Certificate
    from secrets_gitops.manifests.sealed_secret import Scope, SealedSecret


class Sealing(NamedTuple):
    """What a run was asked for."""

    certificate: Certificate
    scope: Scope | None = None
    """None: what the annotations of each Secret say. A scope given here replaces them, `strict` too."""
    namespace: str = ""
    """For Secrets that name none; one that names another is refused unless it is sealed cluster-wide."""
    name: str = ""
    """Replaces the name of the one Secret."""
    allow_empty: bool = False
    """Seal a Secret without data, which is nearly always a mistake."""


def seal(document: Document, sealing: Sealing) -> list[SealedSecret]:
    """Every Secret of `document`, sealed.

    Raises AlreadySealed for a SealedSecret, DocumentError for any other kind and when there is nothing to seal,
    SettingsError when name or namespace are missing or contradict the options.
    """
    out: list[SealedSecret] = []
    for root in document.roots:
        fields = Fields(document, root)
        for path, tree in _objects(fields, to_plain(root, "k8s", path=document.path)):
            if is_sealed_secret(tree):
                raise AlreadySealed("this is a SealedSecret already", place=fields.place(*path))
            if not (secrets.is_secret(tree) or _without_kind(tree)):
                raise not_a_secret(fields, tree, path)
            out.append(seal_one(fields, tree, path, sealing))
            check_one_name(sealing, len(out), fields.place(*path))
    if not out:
        raise DocumentError(
            "no Secret found", hints=("give a manifest with `kind: Secret`",), place=Place(document.path)
        )
    return out


def seal_one(fields: Fields, tree: Mapping[str, object], path: tuple[str | int, ...], sealing: Sealing) -> SealedSecret:
    """The Secret under `path`, sealed as the options and its own annotations say."""
    secret = secrets.read(fields, tree, *path)
    if not secret.data and not sealing.allow_empty:
        raise fields.error("the Secret has no data", *path, hints=("if that is meant, say `--allow-empty-data`",))
    meta = dict(secret.metadata)
    if sealing.name:
        meta["name"] = sealing.name
    if "name" not in meta:
        raise SettingsError(
            "the Secret has no name", hints=("give it with `--name NAME`",), place=fields.place(*path, "metadata")
        )
    if sealing.scope is not None:
        annotations = {
            name: text for name, text in secret.annotations.items() if name not in SCOPE_ANNOTATIONS.values()
        }
        if sealing.scope != "strict":
            annotations[SCOPE_ANNOTATIONS[sealing.scope]] = "true"
        meta["annotations"] = annotations
    scope = scope_of(metadata.texts(meta, "annotations"))
    if scope != "cluster-wide":
        _settle_namespace(fields, meta, path, sealing, scope)
    return envelope.seal(secret._replace(metadata=meta), scope, sealing.certificate)


def _settle_namespace(
    fields: Fields, meta: dict[str, object], path: tuple[str | int, ...], sealing: Sealing, scope: Scope
) -> None:
    own = metadata.text(meta, "namespace")
    if not own and not sealing.namespace:
        raise SettingsError(
            f"the Secret `{metadata.text(meta, 'name')}` has no namespace, and `{scope}` sealing binds it to one",
            hints=("give it with `-n NAMESPACE`, or write `metadata.namespace`",),
            place=fields.place(*path, "metadata"),
        )
    if own and sealing.namespace and own != sealing.namespace:
        raise SettingsError(
            f"the Secret is in namespace `{own}`, but `{sealing.namespace}` was asked for",
            hints=("leave `-n` out, or change `metadata.namespace`",),
            place=fields.place(*path, "metadata", "namespace"),
        )
    meta["namespace"] = own or sealing.namespace


def check_one_name(sealing: Sealing, count: int, place: Place) -> None:
    """Refuse `--name` for a second Secret: both would be the same object."""
    if sealing.name and count > 1:
        raise SettingsError("`--name` was given, but there is more than one Secret", place=place)


def is_list(tree: object) -> bool:
    """Whether `tree` is a list of objects, as `kubectl get -o yaml` prints it."""
    return isinstance(tree, dict) and tree.get("kind") in ("List", "SecretList") and tree.get("apiVersion") == "v1"


def text_of(sealed: list[SealedSecret], format: Format) -> str:  # noqa: A002  the field's standard word
    """The objects as kubeseal writes them, one document each."""
    one = write.yaml_document if format == "yaml" else write.json_document
    return "".join(one(item.to_tree()) for item in sealed)


def not_a_secret(fields: Fields, tree: object, path: tuple[str | int, ...]) -> DocumentError:
    """The refusal of an object of another kind."""
    kind = tree.get("kind") if isinstance(tree, dict) else None
    what = f"a `{kind}` is not a Secret" if isinstance(kind, str) else "this is not a Secret"
    if kind == "Secret":
        what = "a Secret has `apiVersion: v1`, and this has another or none"
    if path:
        what += f" ({dotted(path)})"
    return fields.error(
        what, *path, hints=("`seal -i FILE` seals the Secrets of a file and leaves everything else as it is",)
    )


def _objects(fields: Fields, tree: object) -> Iterator[tuple[tuple[str | int, ...], dict[str, object]]]:
    """The objects of one YAML document with their paths: none for an empty one, the items of a list."""
    if tree is None:
        return
    if not isinstance(tree, dict):
        raise not_a_secret(fields, tree, ())
    if not is_list(tree):
        yield (), cast("dict[str, object]", tree)
        return
    for at, item in enumerate(fields.items(tree.get("items"), "items")):
        if not isinstance(item, dict):
            raise not_a_secret(fields, item, ("items", at))
        # The API's own SecretList leaves the kind of its items out.
        yield ("items", at), {"kind": "Secret", "apiVersion": "v1", **item} if tree["kind"] == "SecretList" else item


def _without_kind(tree: dict[str, object]) -> bool:
    """A Secret that does not say what it is, which kubeseal takes; an object with a kind is never guessed at."""
    return "kind" not in tree and "metadata" in tree and ("data" in tree or "stringData" in tree)
