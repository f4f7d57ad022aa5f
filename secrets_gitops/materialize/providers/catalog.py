"""Which providers of stores there are, and how a store becomes one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from secrets_gitops.errors import AccessDenied, NotBuiltYet, ObjectNotFound, SettingsError
from secrets_gitops.manifests import metadata, secret_store
from secrets_gitops.manifests.external_secret import GROUP
from secrets_gitops.materialize.providers.credentials import Credentials
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.manifests.external_secret import StoreRef
    from secrets_gitops.manifests.fields import Fields
    from secrets_gitops.manifests.secret_store import SecretStore
    from secrets_gitops.materialize.objects import Found, ObjectSource
    from secrets_gitops.materialize.providers.provider import Provider

PROVIDERS: dict[str, str] = {
    "fake": "fake:Fake",
    "kubernetes": "kubernetes:Kubernetes",
    "vault": "vault:Vault",
}
"""Field of `spec.provider` → module in this package and its class."""


def provider_of(
    reference: StoreRef, namespace: str, wanted_by: Fields, objects: ObjectSource
) -> tuple[Provider, tuple[str, ...]]:
    """The provider that an ExternalSecret of `namespace` names, and notes.

    Raises SettingsError or ObjectNotFound when there is no such store, AccessDenied for a ClusterSecretStore whose
    conditions leave the namespace out, NotBuiltYet for another provider.
    """
    found = find(reference, namespace, wanted_by, objects)
    notes = _admit(found.store, namespace, objects)
    return open_store(found, _named(reference), namespace, objects), notes


def open_store(found: Found, named: str, namespace: str, objects: ObjectSource) -> Provider:
    """The provider of the store that was found and that messages call `named`; no calls are made to it.

    Raises NotBuiltYet for another provider, DocumentError for a spec, and what the lack of credentials gives reason to.
    """
    store = found.store
    entry = PROVIDERS.get(store.provider_name)
    if entry is None:
        raise NotBuiltYet(
            f"the provider `{printable(store.provider_name)}` of {named} is not built yet",
            hints=(f"providers of this version: {', '.join(sorted(PROVIDERS))}",),
            place=found.fields.place("spec", "provider", store.provider_name),
        )
    return _maker(entry)(store, Credentials(store, found.fields, namespace, objects))


@cache
def _maker(entry: str) -> Callable[[SecretStore, Credentials], Provider]:
    module, _, name = entry.partition(":")
    found = getattr(import_module(f"secrets_gitops.materialize.providers.{module}"), name)
    return cast("Callable[[SecretStore, Credentials], Provider]", found)


def find(reference: StoreRef, namespace: str, wanted_by: Fields, objects: ObjectSource) -> Found:
    """The store's object."""
    where = namespace if reference.kind == "SecretStore" else ""
    found = objects.get(GROUP, reference.kind, where, reference.name)
    if found is not None:
        return found
    place = wanted_by.place(*reference.path)
    if objects.offline:
        raise SettingsError(
            f"there is no {_named(reference)} among the manifests",
            hints=("name a file that holds it: `--store FILE`",),
            place=place,
        )
    raise ObjectNotFound(f"there is no {_named(reference)}", place=place)


def _admit(store: SecretStore, namespace: str, objects: ObjectSource) -> tuple[str, ...]:
    """Raise AccessDenied unless the conditions let the namespace in; a note where nobody can tell."""
    if not store.is_cluster_wide or not store.conditions:
        return ()
    labels: Mapping[str, str] = {}
    if secret_store.needs_labels(store.conditions):
        found = objects.get("", "Namespace", "", namespace)
        if found is None and objects.offline:
            note = f"whether it serves the namespace `{namespace}` depends on labels that are not known here"
            return (f"ClusterSecretStore `{store.name}`: {note}",)
        if found is not None:
            meta = metadata.read(found.fields, found.tree.get("metadata"), "metadata", strict=False)
            labels = metadata.texts(meta, "labels")
    if not secret_store.admits(store.conditions, namespace, labels):
        raise AccessDenied(f"the ClusterSecretStore `{store.name}` does not serve the namespace `{namespace}`")
    return ()


def _named(reference: StoreRef) -> str:
    return f"{reference.kind} `{printable(reference.name)}`"
