"""What the controller remembers of one SealedSecret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.clients.kube.objects import metadata_of
from secrets_gitops.manifests.sealed_secret import scope_of

if TYPE_CHECKING:
    from secrets_gitops.clients.kube.request import Object
    from secrets_gitops.keys.sealing import SealingKey


class Seen(NamedTuple):
    """What of an object decides whether there is work: another one, another spec, another scope."""

    uid: str
    generation: object
    scope: str


@dataclass(slots=True)
class Record:
    """What is remembered of one SealedSecret."""

    seen: Seen
    condition: str
    """What its status says, as far as known."""
    settled: bool = False
    """Whether its present spec was carried out with success."""
    trouble: str = ""
    """What kind of failure the last one was: unseal, unmanaged, update, status."""
    key: str = ""
    """Fingerprint of the key that opened it."""
    tried: tuple[SealingKey, ...] = ()
    """The keys of which none opens it, once that has been told."""
    instance: str = ""
    written: str = ""
    """The version that our own status write made, which is no news."""


def seen_of(obj: Object) -> Seen:
    """What there is to see of `obj`."""
    metadata = metadata_of(obj)
    annotations = metadata.get("annotations")
    scope = scope_of(annotations if isinstance(annotations, dict) else {})
    return Seen(str(metadata.get("uid") or ""), metadata.get("generation"), scope)
