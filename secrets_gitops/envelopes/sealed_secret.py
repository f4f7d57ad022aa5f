"""SealedSecret as an envelope: the items of a Secret sealed one by one, and opened again.

A blob names neither its key nor its scope. So when none opens, the labels that the object could have been sealed for
are tried too, to say the probable cause; nothing is ever given out under another label than the object's own.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from secrets_gitops.crypto import rsa_hybrid
from secrets_gitops.envelopes import sealed_blob
from secrets_gitops.errors import Attempt, NoMatchingKey, Tampered
from secrets_gitops.golang import base64 as go_base64
from secrets_gitops.manifests import metadata
from secrets_gitops.manifests.sealed_secret import PREFIX, SCOPE_ANNOTATIONS, SCOPES, SealedSecret, label
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from secrets_gitops.errors import EnvelopeError, Place
    from secrets_gitops.keys.sealing import Certificate, SealingKey
    from secrets_gitops.manifests.sealed_secret import Scope
    from secrets_gitops.manifests.secret import Secret

UNKNOWN_CAUSE = "it was sealed for another cluster's key, under another name or namespace, or it is damaged"
_ASKED_FOR_THE_CAUSE = 20
"""Keys, the newest ones: each costs an RSA operation for every label."""
_TEMPLATE_LEFT_OUT = metadata.RUNTIME_FIELDS | {"ownerReferences"}


def seal(secret: Secret, scope: Scope, certificate: Certificate) -> SealedSecret:
    """`secret` for the holders of the certificate's key, bound to its namespace and name as `scope` says.

    Its metadata goes into the template, without what belongs to one object in one cluster and without annotations that
    repeat the plaintext. Items are sorted by name. The caller has checked that name and namespace are there.
    """
    bound_to = label(scope, secret.namespace, secret.name)
    seal_item, key, encode = rsa_hybrid.seal, certificate.public_key, base64.b64encode
    items = {
        name: encode(seal_item(key, value.reveal(), bound_to)).decode() for name, value in sorted(secret.data.items())
    }
    template = {name: value for name, value in secret.metadata.items() if name not in _TEMPLATE_LEFT_OUT}
    if annotations := {name: text for name, text in secret.annotations.items() if name not in metadata.LAST_APPLIED}:
        template["annotations"] = annotations
    else:
        template.pop("annotations", None)
    meta = secret.metadata
    outer: dict[str, object] = {name: meta[name] for name in ("name", "namespace") if name in meta}
    if scope != "strict":
        outer["annotations"] = {SCOPE_ANNOTATIONS[scope]: "true"}
    return SealedSecret(outer, items, template, secret.type, secret.immutable)


def open_items(
    sealed: SealedSecret,
    keys: Sequence[SealingKey],
    place: Callable[[str], Place],
    note_key: Callable[[SealingKey], None] | None = None,
) -> dict[str, Plaintext]:
    """The items of `sealed` in clear: all of them, or an error that names every item that does not open.

    `place` gives the place of an item, for messages; `note_key` hears which key opened an item. Raises Tampered when
    all of these are damaged for sure, else NoMatchingKey: another key, another name, namespace or scope, or damage in
    the RSA part, which a blob cannot tell.
    """
    order = list(keys)
    opened: dict[str, Plaintext] = {}
    damaged: dict[str, str] = {}
    unopened: dict[str, bytes] = {}
    bound_to = sealed.label
    for name, text in sealed.items.items():
        try:
            blob = go_base64.decode(text)
        except ValueError as error:
            damaged[name] = f"illegal base64 data at input byte {go_base64.fault(text)}: {error}"
            continue
        if len(blob) < 2 + sealed_blob.rsa_size(blob) + sealed_blob.TAG_SIZE:
            damaged[name] = "too short"
            continue
        for key in order:
            try:
                opened[name] = Plaintext(rsa_hybrid.open(key.private_key, blob, bound_to))
            except rsa_hybrid.Damaged:
                damaged[name] = "changed after it was sealed"
            except ValueError:
                continue
            # The items of one object are nearly always sealed for one key: ask it first for the next item.
            order.remove(key)
            order.insert(0, key)
            if note_key is not None:
                note_key(key)
            break
        else:
            unopened[name] = blob
    if damaged or unopened:
        failure = _failure(sealed, keys, damaged, unopened, place)
        failure.items = (*damaged.items(), *((name, "no key opens it") for name in unopened))
        raise failure
    return opened


def _failure(
    sealed: SealedSecret,
    keys: Sequence[SealingKey],
    damaged: dict[str, str],
    unopened: dict[str, bytes],
    place: Callable[[str], Place],
) -> EnvelopeError:
    named = f"{sealed.namespace}/{sealed.name}" if sealed.namespace else sealed.name
    parts = [f"item `{name}` is damaged ({reason})" for name, reason in damaged.items()]
    if unopened:
        items = ", ".join(f"`{name}`" for name in unopened)
        parts.append(f"no key opens item{'s' if len(unopened) > 1 else ''} {items}")
    message = f"cannot unseal `{named}`: {'; '.join(parts)}"
    if not unopened:
        return Tampered(
            message,
            hints=("take an older version of the file from git, or seal the value again",),
            place=place(next(iter(damaged))),
        )
    name, blob = next(iter(unopened.items()))
    size = sealed_blob.rsa_size(blob)
    attempts = tuple(Attempt("sealing", key.source, _why_not(key, size)) for key in keys)
    return NoMatchingKey(message, attempts=attempts, hints=_causes(sealed, keys, blob), place=place(name))


def _why_not(key: SealingKey, size: int) -> str:
    bits = key.private_key.key_size
    if size != (bits + 7) // 8:
        return f"a key of {bits} bits; the item was sealed for one of {size * 8}"
    return "does not open it"


def _causes(sealed: SealedSecret, keys: Sequence[SealingKey], blob: bytes) -> tuple[str, ...]:
    """What the user can do, and the probable cause if one of the keys opens `blob` under another label."""
    if not keys:
        return ("name a private key, or a backup of the cluster's: `--key FILE`, for render `--sealing-key FILE`",)
    for bound_to, cause in _other_labels(sealed):
        for key in keys[:_ASKED_FOR_THE_CAUSE]:
            try:
                rsa_hybrid.open(key.private_key, blob, bound_to)
            except rsa_hybrid.Damaged:
                return (cause,)
            except ValueError:
                continue
            return (cause,)
    return (
        UNKNOWN_CAUSE,
        f"a backup of all keys: `kubectl get secret -n kube-system -l {PREFIX}sealed-secrets-key -o yaml`",
    )


def _other_labels(sealed: SealedSecret) -> Iterator[tuple[bytes, str]]:
    """Labels that it was perhaps sealed for: its own place in every scope, then the place that its template names."""
    places = [(sealed.namespace, sealed.name)]
    template = (
        metadata.text(sealed.template_metadata, "namespace") or sealed.namespace,
        metadata.text(sealed.template_metadata, "name") or sealed.name,
    )
    if template not in places:
        places.append(template)
    tried = {sealed.label}
    for namespace, name in places:
        for scope in SCOPES:
            bound_to = label(scope, namespace, name)
            if bound_to in tried:
                continue
            tried.add(bound_to)
            if (namespace, name) != places[0] and scope != "cluster-wide":
                where = f"{namespace}/{name}" if scope == "strict" else f"namespace {namespace}"
                yield bound_to, f"it was sealed for `{where}`; names and namespaces of sealed objects cannot be changed"
            else:
                yield bound_to, f"it was sealed `{scope}`, but its annotations say `{sealed.scope}`"
