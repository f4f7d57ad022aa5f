"""Writes the Secrets of ExternalSecrets by server-side apply, under External Secrets Operator's name of field manager.

An apply leaves the keys of others alone. Where the policy drops them, a patch that carries the version takes them away
first, and with the same patch an operator's update becomes our apply.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple, cast

from secrets_gitops.clients.kube.objects import key_of, metadata_of, version_of
from secrets_gitops.clients.kube.request import APPLY_PATCH, JSON_PATCH
from secrets_gitops.clients.kube.resources import SECRETS, path
from secrets_gitops.controller import managed_fields
from secrets_gitops.controller.apply import MayNotWrite
from secrets_gitops.errors import ObjectNotFound
from secrets_gitops.manifests import external_secret_marks as marks
from secrets_gitops.manifests.external_secret import API_VERSION
from secrets_gitops.materialize.target import Live

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.objects import Key
    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.materialize.target import Owner, Wanted

    Tree = dict[str, object]

_HELPER = "secrets-gitops"
"""The field manager of patches that only take away."""


class Secret(NamedTuple):
    """The Secret that is there, as the API has it and as decisions are made on it."""

    tree: Tree
    live: Live

    def __repr__(self) -> str:
        return f"Secret({self.live!r})"


class TargetWriter:
    """Reads and writes targets; `may_write` is asked about the namespace before each write."""

    def __init__(self, api: Api, may_write: Callable[[str], bool]) -> None:
        self._api = api
        self._may_write = may_write

    def read(self, key: Key, uid: str, manager: str) -> Secret | None:
        """The Secret, seen by the ExternalSecret with `uid`; None when there is none."""
        try:
            tree = self._api.call("GET", path(SECRETS, key.namespace, key.name))
        except ObjectNotFound:
            return None
        return Secret(tree, live_of(tree, uid, manager))

    def write(self, key: Key, owner: Tree, wanted: Wanted, found: Secret | None, manager: str) -> Tree | None:
        """Make the Secret what is wanted; the object written, or None when it is that already.

        `owner`: the reference to the ExternalSecret. Raises Conflict when somebody changed it meanwhile, Invalid.
        """
        body = _body(key, owner, wanted, found)
        if found is None:
            return self._patch(key, body, APPLY_PATCH, {"fieldManager": manager})
        if found.live.data == dict(wanted.data) and _is_so(body, found, manager):
            return None
        version = version_of(found.tree).resource_version
        corrections = _corrections(wanted, found, manager)
        if corrections:
            hold: Tree = {"op": "replace", "path": "/metadata/resourceVersion", "value": version}
            changed = self._patch(key, [hold, *corrections], JSON_PATCH, {"fieldManager": _HELPER})
            version = version_of(changed).resource_version
        cast("Tree", body["metadata"])["resourceVersion"] = version
        return self._patch(key, body, APPLY_PATCH, {"fieldManager": manager, "force": "true"})

    def delete(self, key: Key, found: Secret) -> None:
        """Delete the very Secret that was looked at."""
        if not self._may_write(key.namespace):
            raise MayNotWrite
        version = version_of(found.tree)
        body: Tree = {"preconditions": {"uid": version.uid, "resourceVersion": version.resource_version}}
        try:
            self._api.call("DELETE", path(SECRETS, key.namespace, key.name), body)
        except ObjectNotFound:
            return

    def drop_others(self, keep: Key, uid: str, name: str) -> list[str]:
        """Delete what the ExternalSecret `name` with `uid` made and owns beside `keep`; the names."""
        query = {"labelSelector": f"{marks.CREATED_BY}={marks.created_by(keep.namespace, name)}"}
        items = self._api.call("GET", path(SECRETS, keep.namespace), query=query).get("items")
        dropped: list[str] = []
        for tree in cast("list[Tree]", items) if isinstance(items, list) else ():
            key = key_of(tree)
            stale = self.read(key, uid, marks.field_manager(name)) if key != keep else None
            if stale is not None and stale.live.owner == "us":
                self.delete(key, stale)
                dropped.append(key.name)
        return dropped

    def _patch(self, key: Key, body: Tree | list[Tree], form: str, query: dict[str, str]) -> Tree:
        if not self._may_write(key.namespace):
            raise MayNotWrite
        where = path(SECRETS, key.namespace, key.name)
        return self._api.call("PATCH", where, body, content_type=form, query=query)


def live_of(tree: Tree, uid: str, manager: str) -> Live:
    """A Secret as decisions are made on it."""
    metadata = metadata_of(tree)
    return Live(
        {key: base64.b64decode(str(value or "")) for key, value in _map(tree.get("data")).items()},
        str(tree.get("type") or ""),
        {key: str(value) for key, value in _map(metadata.get("labels")).items()},
        {key: str(value) for key, value in _map(metadata.get("annotations")).items()},
        tree.get("immutable") is True,
        _owner(metadata, uid),
        managed_fields.written_by(tree, manager),
    )


def is_another_at_work(found: Secret, manager: str) -> bool:
    """Whether External Secrets Operator wrote the Secret after we did."""
    return managed_fields.operations(found.tree, manager) >= {"Apply", "Update"}


def _owner(metadata: Tree, uid: str) -> Owner:
    references = metadata.get("ownerReferences")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("controller") is True:
            if reference.get("uid") == uid:
                return "us"
            return "another ExternalSecret" if reference.get("kind") == "ExternalSecret" else "another controller"
    return "nobody"


def _body(key: Key, owner: Tree, wanted: Wanted, found: Secret | None) -> Tree:
    """What we apply: our own part of the Secret and nothing of others."""
    live = found.live if found is not None else None

    def own(field: str, values: Tree, before: Tree) -> Tree:
        """Without what stands there already and is not ours."""
        return {
            name: value
            for name, value in values.items()
            if live is None or (field, name) in live.ours or before.get(name) != value or field == "data"
        }

    data = {name: base64.b64encode(value).decode() for name, value in wanted.own_data.items()}
    metadata: Tree = {"name": key.name, "namespace": key.namespace}
    labels = own("labels", dict(wanted.labels), dict(live.labels) if live else {})
    annotations = own("annotations", dict(wanted.annotations), dict(live.annotations) if live else {})
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    if wanted.owned:
        metadata["ownerReferences"] = [owner]
    if wanted.finalizers:
        metadata["finalizers"] = list(wanted.finalizers)
    body: Tree = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
    if wanted.type:
        body["type"] = wanted.type
    if wanted.immutable:
        body["immutable"] = True
    return body


def _is_so(body: Tree, found: Secret, manager: str) -> bool:
    """Whether applying `body` would change nothing."""
    live, metadata = found.live, cast("Tree", body["metadata"])
    ours = {("data", key) for key in _map(body["data"])}
    ours |= {(field, key) for field in ("labels", "annotations") for key in _map(metadata.get(field))}
    owned = "ownerReferences" in metadata
    return (
        managed_fields.operations(found.tree, manager) == {"Apply"}
        and ours == live.ours
        and _map(metadata.get("labels")).items() <= dict(live.labels).items()
        and _map(metadata.get("annotations")).items() <= dict(live.annotations).items()
        and owned == (live.owner == "us")
        and body.get("type", live.type) == live.type
        and bool(body.get("immutable")) <= live.immutable
        and set(cast("list[str]", metadata.get("finalizers", []))) <= _finalizers(found.tree)
    )


def _corrections(wanted: Wanted, found: Secret, manager: str) -> list[Tree]:
    """The operations that an apply does not do: keys and an ownership to take away, an update to take over."""
    foreign = (name for name in found.live.data if ("data", name) not in found.live.ours)
    out: list[Tree] = [
        {"op": "remove", "path": f"/data/{_pointer(name)}"} for name in foreign if name not in wanted.data
    ]
    if not wanted.owned and found.live.owner == "us":
        references = cast("list[Tree]", metadata_of(found.tree)["ownerReferences"])
        kept = [one for one in references if one.get("controller") is not True]
        out.append({"op": "replace", "path": "/metadata/ownerReferences", "value": kept})
    if not wanted.owned and marks.CREATED_BY in found.live.labels:
        out.append({"op": "remove", "path": f"/metadata/labels/{_pointer(marks.CREATED_BY)}"})
    if managed_fields.operations(found.tree, manager) == {"Update"}:
        entries = managed_fields.as_applied(found.tree, manager)
        out.append({"op": "replace", "path": "/metadata/managedFields", "value": entries})
    return out


def _finalizers(tree: Tree) -> set[str]:
    value = metadata_of(tree).get("finalizers")
    return set(value) if isinstance(value, list) else set()


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _map(value: object) -> Tree:
    return cast("Tree", value) if isinstance(value, dict) else {}


def owner_of(obj: Tree) -> Tree:
    """The reference that makes an ExternalSecret the controller owner of its Secret."""
    metadata = metadata_of(obj)
    return {
        "apiVersion": API_VERSION,
        "kind": "ExternalSecret",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
