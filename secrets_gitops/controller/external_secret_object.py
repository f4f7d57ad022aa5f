"""An ExternalSecret as the API server has it: read with places, its version, when it was last fetched."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.objects import metadata_of
from secrets_gitops.controller.served_fields import ServedFields
from secrets_gitops.errors import NotBuiltYet
from secrets_gitops.manifests import external_secret as manifest
from secrets_gitops.manifests import external_secret_marks as marks
from secrets_gitops.manifests import metadata as metadata_fields
from secrets_gitops.materialize.providers import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.clients.kube.objects import Key
    from secrets_gitops.clients.kube.request import Object
    from secrets_gitops.manifests.external_secret import ExternalSecret
    from secrets_gitops.manifests.fields import Fields
    from secrets_gitops.materialize.objects import ObjectSource


def read_object(obj: Object, key: Key) -> tuple[ExternalSecret, Fields]:
    """The object with its places. Raises DocumentError, or NotBuiltYet for what offline rendering need not care for."""
    fields = ServedFields(obj, f"ExternalSecret {key}")
    found = manifest.read(fields, obj)
    if found.sync_windows:
        raise NotBuiltYet("`syncWindows` are not built yet", place=fields.place("spec", "syncWindows"))
    return found, fields


def synced_version(obj: Mapping[str, object]) -> str:
    """Generation, labels and annotations in one text, as the status keeps it."""
    meta = metadata_of(obj)
    generation = meta.get("generation")
    labels, annotations = (metadata_fields.texts(meta, one) for one in ("labels", "annotations"))
    return marks.synced_version(generation if isinstance(generation, int) else 0, labels, annotations)


def seconds_since(status: Mapping[str, object], now: datetime) -> float | None:
    """Seconds since the last fetch; None when there was none."""
    text = status.get("refreshTime")
    if not isinstance(text, str):
        return None
    try:
        return (now - datetime.fromisoformat(text)).total_seconds()
    except ValueError:
        return None


def names_another_class(found: ExternalSecret, fields: Fields, objects: ObjectSource) -> bool:
    """Whether one of its stores is for a class of controller; we have none. Raises what looking a store up raises."""
    for entry in found.entries:
        if entry.store is None:
            continue
        if catalog.find(entry.store, found.namespace, fields, objects).store.controller:
            return True
    return False
