"""SopsSecret: opened with the controller's own keys, its MAC verified where the API server left it verifiable.

The server sorts keys and adds fields, and the MAC of a file covers both unless it was made for this. What cannot be
verified is not applied, or applied and said to be so: `--integrity=require|report`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import orjson

from secrets_gitops.clients.kube.objects import Key, key_of, metadata_of, version_of
from secrets_gitops.clients.kube.resources import SOPS_SECRETS
from secrets_gitops.controller import messages, sops_status
from secrets_gitops.controller.apply import MayNotWrite
from secrets_gitops.controller.kinds.followed import Followed
from secrets_gitops.controller.reconcile import controller_uid
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.errors import Conflict, Error, NotBuiltYet, Refused, Tampered
from secrets_gitops.manifests.metadata import LAST_APPLIED, RUNTIME_FIELDS
from secrets_gitops.materialize.catalog import materialize
from secrets_gitops.materialize.materialized import Given

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.objects import Version
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.controller.apply import Writer
    from secrets_gitops.controller.kinds.followed import Emit
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.queue import WorkQueue
    from secrets_gitops.controller.reconcile import Tree
    from secrets_gitops.controller.work_share import WorkShare
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.materialize.materialized import Integrity, Materialized

_NOT_OURS = "Child secret is not owned by controller error"
_FINAL = (Tampered, NotBuiltYet)
"""What waits for another object; a key or the right to a Secret may come later."""


@dataclass(slots=True)
class Record:
    """What is remembered of one SopsSecret."""

    uid: str
    seen: object
    """Its generation."""
    children: set[str] = field(default_factory=set)
    """The names of the Secrets that it owns, as far as they have been seen."""


class SopsSecretKind(Followed[Record]):
    """The SopsSecrets of one process."""

    def __init__(
        self,
        api: Api,
        keyring: Callable[[], Keyring],
        writer: Callable[[bool], Writer],
        queue: WorkQueue[Key],
        share: WorkShare,
        log: Log,
        emit: Emit,
        *,
        integrity: Integrity = "require",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`writer` makes one that takes over Secrets of nobody, or not."""
        super().__init__(SOPS_SECRETS, api, queue, share, log, emit)
        self._keyring = keyring
        self._writer = writer
        self._integrity = integrity
        self._now = now
        self._by_uid: dict[str, Key] = {}
        self.children = _Children(self)

    # what reflectors tell

    def _seen(self, obj: Object) -> object:
        return metadata_of(obj).get("generation")

    def _remember(self, key: Key, obj: Object, seen: object, known: Record | None) -> Record:
        uid = version_of(obj).uid
        kept = known.children if known is not None and known.uid == uid else self.children.of(uid)
        self._by_uid[uid] = key
        return Record(uid, seen, kept)

    def _forget(self, key: Key, record: Record) -> None:  # noqa: ARG002
        self._by_uid.pop(record.uid, None)

    def on_child(self, uid: str, name: str, *, there: bool) -> None:
        """A Secret that belongs to the SopsSecret with `uid` was changed, or is gone."""
        with self._lock:
            key = self._by_uid.get(uid)
            record = self._records.get(key) if key is not None else None
            if record is not None:
                (record.children.add if there else record.children.discard)(name)
        if key is not None:
            self._queue.add(key)

    # the work

    def _reconcile(self, key: Key, record: Record, obj: Object) -> None:
        spec = obj.get("spec")
        enforce = isinstance(spec, dict) and spec.get("enforceOwnership") is True
        try:
            made = self._open(obj, key)
        except Error as error:
            self._failed(key, obj, "Decryption error", error, unknown=isinstance(error, Tampered))
            return
        suspended = isinstance(spec, dict) and spec.get("suspend") is True
        wanted = [_tree(secret.to_tree(), record.uid, key.namespace) for secret in made.secrets]
        try:
            changed = [self._apply(key, record, tree, enforce=enforce) for tree in wanted]
            if not suspended:
                self._drop(key, record, {_name(tree) for tree in wanted})
        except (Conflict, MayNotWrite):
            raise
        except Refused as error:
            self._failed(key, obj, _NOT_OURS, error, unknown=bool(made.notes))
            return
        except Error as error:
            self._failed(key, obj, "Child secret update error", error, unknown=bool(made.notes))
            return
        said = made.notes[-1] if suspended else "Healthy"
        self._tell(key, obj, "Reconciliation is suspended" if suspended else "Healthy", "", unknown=bool(made.notes))
        self._queue.forget(key)
        if any(changed):
            self._emit(obj, "Normal", "Synced", messages.shortened(said))

    def _open(self, obj: Object, key: Key) -> Materialized:
        """The Secrets, and a note when their integrity is unknown. Raises Tampered when that is not enough."""
        document = read(orjson.dumps(as_written(obj)), path=f"SopsSecret {key}", format="json", limits=Limits.LARGE)
        return materialize(document, Given(keyring=self._keyring(), integrity=self._integrity))

    def _apply(self, key: Key, record: Record, tree: Tree, *, enforce: bool) -> bool:
        name = _name(tree)
        absent = name not in record.children
        applied = self._writer(enforce).apply(record.uid, tree, namespace=key.namespace, name=name, absent=absent)
        if applied == "refused":
            raise Refused(f"the Secret `{name}` exists and does not belong to this SopsSecret")
        with self._lock:
            record.children.add(name)
        return applied in {"created", "updated"}

    def _drop(self, key: Key, record: Record, wanted: set[str]) -> None:
        """Delete the Secrets whose template is gone."""
        for name in sorted(record.children - wanted):
            self._writer(False).delete(key.namespace, name)
            with self._lock:
                record.children.discard(name)

    def _failed(self, key: Key, obj: Object, message: str, error: Error, *, unknown: bool) -> None:
        said = messages.shortened(error.message)
        hint = "; `--integrity=report` applies it all the same" if isinstance(error, Tampered) else ""
        told = self._tell(key, obj, message, said + hint, unknown=unknown)
        if told:
            self._emit(obj, "Warning", "ErrUpdateFailed", f"{message}: {said}{hint}")
        if isinstance(error, _FINAL):
            self._wait_for_news(key, error)
        else:
            self._again(key, error)

    def _tell(self, key: Key, obj: Object, message: str, problem: str, *, unknown: bool) -> bool:
        """Write the status where it says something new; whether it did."""
        status = sops_status.updated(obj, message=message, problem=problem, unknown=unknown, now=self._now())
        if status is None:
            return False
        self._write_status(key, obj, status)
        return True


class _Children:
    """A Handler of the reflector of Secrets: which of them belong to whom. It keeps owned ones only."""

    def __init__(self, kind: SopsSecretKind) -> None:
        self._kind = kind
        self._owners: dict[Key, str] = {}

    def of(self, uid: str) -> set[str]:
        return {key.name for key, owner in list(self._owners.items()) if owner == uid}

    def on_changed(self, obj: Object) -> None:
        key, uid = key_of(obj), controller_uid(metadata_of(obj))
        before = self._owners.pop(key, None)
        if uid is not None:
            self._owners[key] = uid
            self._kind.on_child(uid, key.name, there=True)
        if before is not None and before != uid:
            self._kind.on_child(before, key.name, there=False)

    def on_deleted(self, key: Key, known: Version) -> None:  # noqa: ARG002
        uid = self._owners.pop(key, None)
        if uid is not None:
            self._kind.on_child(uid, key.name, there=False)

    def on_synced(self) -> None:
        """Nothing waits for it."""


def as_written(obj: Object) -> Tree:
    """The object without what the API server and kubectl put into it, as near to the file as can be."""
    metadata = {
        name: value
        for name, value in metadata_of(obj).items()
        if name not in RUNTIME_FIELDS and name not in {"managedFields", "annotations"}
    }
    given = metadata_of(obj).get("annotations")
    annotations = {
        name: text for name, text in (given if isinstance(given, dict) else {}).items() if name not in LAST_APPLIED
    }
    if annotations:
        metadata = dict(sorted({**metadata, "annotations": annotations}.items()))
    return {name: metadata if name == "metadata" else value for name, value in obj.items() if name != "status"}


def _tree(tree: Tree, uid: str, namespace: str) -> Tree:
    metadata = metadata_of(tree)
    metadata["namespace"] = namespace
    owners = metadata.get("ownerReferences")
    for owner in cast("list[Tree]", owners) if isinstance(owners, list) else ():
        owner["uid"] = uid
    return tree


def _name(tree: Tree) -> str:
    return str(metadata_of(tree).get("name") or "")
