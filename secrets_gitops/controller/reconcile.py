"""What must become of a Secret: pure, from the Secret wanted and the Secret found.

The ownership rule is the guard against using the controller to overwrite somebody else's Secret: it must be controlled
by the resource (by uid), or carry an annotation of its own owner that allows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "sealedsecrets.bitnami.com/"
MANAGED = PREFIX + "managed"
PATCH = PREFIX + "patch"
SOPS_MANAGED = "sopssecret/managed"
SKIP_OWNER = PREFIX + "skip-set-owner-references"

_METADATA = ("name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
"""What of a template's metadata goes to the API server; the rest belongs to one object in one cluster."""

Tree = dict[str, object]


class Outcome(NamedTuple):
    """What to do with the Secret; `body` is what to send."""

    action: Literal["create", "update", "keep", "refuse"]
    body: Tree | None = None


def decide(uid: str, wanted: Tree, found: Tree | None) -> Outcome:
    """The Outcome for the resource with `uid`. `wanted` and `found` are Secrets as the API has them."""
    wanted = for_the_api(wanted)
    if found is None:
        return Outcome("create", wanted)
    annotations = _map(_metadata(found).get("annotations"))
    managed, patch = annotations.get(MANAGED) == "true", annotations.get(PATCH) == "true"
    if not (managed or patch or controller_uid(_metadata(found)) == uid):
        return Outcome("keep" if _is_own_work(wanted, found) else "refuse")
    body = _patched(wanted, found) if patch else _replaced(wanted, found)
    body["type"] = wanted.get("type") or "Opaque"
    return Outcome("keep") if _equal(body, found) else Outcome("update", body)


def decide_for_sops(uid: str, wanted: Tree, found: Tree | None, *, enforce: bool) -> Outcome:
    """The Outcome for a SopsSecret, which may take a Secret that says so, or with `enforce` one of nobody."""
    if found is not None and controller_uid(_metadata(found)) != uid:
        annotations = _map(_metadata(found).get("annotations"))
        is_free = enforce and controller_uid(_metadata(found)) is None
        if is_free or annotations.get(SOPS_MANAGED) == "true":
            found = {**found, "metadata": {**_metadata(found), "annotations": {**annotations, MANAGED: "true"}}}
    return decide(uid, wanted, found)


def for_the_api(secret: Tree) -> Tree:
    """`secret` as it can be sent: `v1` and `Secret`, without what only a cluster writes."""
    metadata = {name: value for name, value in _metadata(secret).items() if name in _METADATA and value}
    out: Tree = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    return out | {
        name: secret[name] for name in ("type", "immutable", "data") if secret.get(name) not in (None, "", {})
    }


def controller_uid(metadata: Mapping[str, object]) -> str | None:
    """The uid of the owner that controls the object, if there is one."""
    references = metadata.get("ownerReferences")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("controller") is True:
            return str(reference.get("uid", ""))
    return None


def _is_own_work(wanted: Tree, found: Tree) -> bool:
    """Whether `found` is just what we would have made for a resource that wants no owner on its Secret."""
    skips = _map(_metadata(wanted).get("annotations")).get(SKIP_OWNER) == "true"
    if not skips or controller_uid(_metadata(found)) is not None:
        return False
    body = _replaced(wanted, found)
    body["type"] = wanted.get("type") or "Opaque"
    return _equal(body, found)


def _replaced(wanted: Tree, found: Tree) -> Tree:
    metadata, ours = dict(_metadata(found)), _metadata(wanted)
    for name in ("annotations", "labels", "ownerReferences"):
        if ours.get(name):
            metadata[name] = ours[name]
        else:
            metadata.pop(name, None)
    body = {**found, "metadata": metadata, "data": wanted.get("data") or {}}
    return body if body["data"] else {name: value for name, value in body.items() if name != "data"}


def _patched(wanted: Tree, found: Tree) -> Tree:
    metadata, ours = dict(_metadata(found)), _metadata(wanted)
    for name in ("annotations", "labels"):
        if ours.get(name):
            metadata[name] = {**_map(metadata.get(name)), **_map(ours[name])}
    if _map(metadata.get("annotations")).get(MANAGED) == "true":
        if ours.get("ownerReferences"):
            metadata["ownerReferences"] = ours["ownerReferences"]
        else:
            metadata.pop("ownerReferences", None)
    body = {**found, "metadata": metadata}
    if data := {**_map(found.get("data")), **_map(wanted.get("data"))}:
        body["data"] = data
    return body


def _equal(one: Tree, other: Tree) -> bool:
    """Equal in all that we write; null, empty and missing are the same."""
    mine, theirs = _metadata(one), _metadata(other)
    return (
        all((mine.get(name) or None) == (theirs.get(name) or None) for name in ("annotations", "labels"))
        and _owners(mine) == _owners(theirs)
        and _items(one) == _items(other)
        and (one.get("type") or "Opaque") == (other.get("type") or "Opaque")
    )


def _owners(metadata: Mapping[str, object]) -> list[dict[str, object]]:
    references = metadata.get("ownerReferences")
    found = cast("list[dict[str, object]]", references) if isinstance(references, list) else []
    return [{name: value for name, value in one.items() if value not in (None, False)} for one in found]


def _items(secret: Tree) -> dict[str, str]:
    return {name: str(value or "") for name, value in _map(secret.get("data")).items()}


def _metadata(tree: Tree) -> dict[str, object]:
    return _map(tree.get("metadata"))


def _map(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
