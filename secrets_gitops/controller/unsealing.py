"""From a SealedSecret of the cluster to the Secret it stands for, by the `materialize` that the command line uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.clients.kube.objects import key_of, metadata_of, version_of
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.envelopes.sealed_secret import UNKNOWN_CAUSE
from secrets_gitops.errors import Error, NoMatchingKey
from secrets_gitops.materialize.catalog import materialize
from secrets_gitops.materialize.materialized import Given

if TYPE_CHECKING:
    from secrets_gitops.clients.kube.request import Object
    from secrets_gitops.controller.reconcile import Tree
    from secrets_gitops.keys.sealing import SealingKey


class Unsealed(NamedTuple):
    """The Secret, and the fingerprint of the key that opened the last of its items; empty without items."""

    secret: Tree
    key: str


def unseal(obj: Object, text: bytes, keys: tuple[SealingKey, ...], *, first: str, accept_v1_data: bool) -> Unsealed:
    """The Secret of `obj`, whose JSON is `text`. Raises what materializing raises.

    Each key that does not fit costs an RSA operation, so the one with the fingerprint `first` is tried before others.
    """
    used = ""

    def note(key: SealingKey) -> None:
        nonlocal used
        used = key.fingerprint

    if first and keys and keys[0].fingerprint != first:
        keys = tuple(sorted(keys, key=lambda one: one.fingerprint != first))
    document = read(text, path=f"SealedSecret {key_of(obj)}", format="json", limits=Limits.LARGE)
    given = Given(sealing_keys=keys, note_key=note, accept_v1_data=accept_v1_data)
    (secret,) = materialize(document, given).secrets
    tree = secret.to_tree()
    for value in secret.data.values():
        value.wipe()
    owners = metadata_of(tree).get("ownerReferences")
    for owner in owners if isinstance(owners, list) else ():
        owner["uid"] = version_of(obj).uid
    return Unsealed(tree, used)


def is_still_closed(
    obj: Object, text: bytes, keys: tuple[SealingKey, ...], *, tried: tuple[SealingKey, ...], accept_v1_data: bool
) -> bool:
    """Whether `obj`, which none of the keys `tried` opened, would fail in the very same way with `keys`.

    Only the keys that came meanwhile are asked. They may open an item, or tell why they do not.
    """
    known = {key.fingerprint for key in tried}
    new = tuple(key for key in keys if key.fingerprint not in known)
    if not new:
        return True
    try:
        unseal(obj, text, new, first="", accept_v1_data=accept_v1_data)
    except NoMatchingKey as error:
        spec = obj.get("spec")
        items = spec.get("encryptedData") if isinstance(spec, dict) else None
        number = len(items) if isinstance(items, dict) else 0
        return len(error.items) == max(1, number) and error.hints[:1] == (UNKNOWN_CAUSE,)
    except Error:
        return False
    return False
