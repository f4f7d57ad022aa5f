"""From a SealedSecret of the cluster to the Secret it stands for, as the command line makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.clients.kube.objects import key_of, metadata_of, version_of
from secrets_gitops.controller.served_fields import ServedFields
from secrets_gitops.envelopes.sealed_secret import UNKNOWN_CAUSE
from secrets_gitops.errors import Error, NoMatchingKey
from secrets_gitops.materialize import sealed_secret
from secrets_gitops.materialize.materialized import Given

if TYPE_CHECKING:
    from secrets_gitops.clients.kube.request import Object
    from secrets_gitops.controller.reconcile import Tree
    from secrets_gitops.keys.sealing import SealingKey


class Unsealed(NamedTuple):
    """The Secret, and the fingerprint of the key that opened the last of its items; empty without items."""

    secret: Tree
    key: str


def unseal(obj: Object, keys: tuple[SealingKey, ...], *, first: str, accept_v1_data: bool) -> Unsealed:
    """The Secret of `obj`. Raises what materializing raises.

    Each key that does not fit costs an RSA operation, so the one with the fingerprint `first` is tried before others.
    """
    used = ""

    def note(key: SealingKey) -> None:
        nonlocal used
        used = key.fingerprint

    if first and keys and keys[0].fingerprint != first:
        keys = tuple(sorted(keys, key=lambda one: one.fingerprint != first))
    given = Given(sealing_keys=keys, note_key=note, accept_v1_data=accept_v1_data)
    secret = sealed_secret.secret_of(ServedFields(obj, f"SealedSecret {key_of(obj)}"), obj, given)
    tree = secret.to_tree()
    for value in secret.data.values():
        value.wipe()
    meta = metadata_of(tree)
    owners = meta.get("ownerReferences")
    if isinstance(owners, list):
        meta["ownerReferences"] = [{**owner, "uid": version_of(obj).uid} for owner in owners]
    return Unsealed(tree, used)


def is_still_closed(
    obj: Object, keys: tuple[SealingKey, ...], *, tried: tuple[SealingKey, ...], accept_v1_data: bool
) -> bool:
    """Whether `obj`, which none of the keys `tried` opened, would fail in the very same way with `keys`.

    Only the keys that came meanwhile are asked. They may open an item, or tell why they do not.
    """
    known = {key.fingerprint for key in tried}
    new = tuple(key for key in keys if key.fingerprint not in known)
    if not new:
        return True
    try:
        unseal(obj, new, first="", accept_v1_data=accept_v1_data)
    except NoMatchingKey as error:
        spec = obj.get("spec")
        items = spec.get("encryptedData") if isinstance(spec, dict) else None
        number = len(items) if isinstance(items, dict) else 0
        return len(error.items) == max(1, number) and error.hints[:1] == (UNKNOWN_CAUSE,)
    except Error:
        return False
    return False
