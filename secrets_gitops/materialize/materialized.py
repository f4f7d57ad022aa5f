"""What goes into the making of Secrets, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.keys.sealing import SealingKey
    from secrets_gitops.manifests.secret import Secret
    from secrets_gitops.materialize.objects import ObjectSource
    from secrets_gitops.references.fetcher import Fetcher

Integrity = Literal["require", "report"]


@dataclass(frozen=True, slots=True)
class Given:
    """What a resource is opened with: the keys of a user, or those of a cluster."""

    sealing_keys: Sequence[SealingKey] = ()
    keyring: Keyring | None = field(default=None, repr=False)
    note_key: Callable[[SealingKey], None] | None = field(default=None, repr=False)
    """Hears which sealing key opened an item."""
    accept_v1_data: bool = False
    """Whether a SealedSecret of before kubeseal 0.7 (`spec.data`, one blob for all) is opened."""
    objects: ObjectSource | None = None
    """Where the stores that a resource names are looked up."""
    fetcher: Fetcher | None = field(default=None, repr=False)
    """The only way to them."""
    integrity: Integrity = "require"
    """`report`: a SOPS document whose MAC does not fit is given out all the same, with a note."""


@dataclass(frozen=True, slots=True)
class Materialized:
    """The Secrets that one custom resource stands for, perhaps none."""

    secrets: tuple[Secret, ...]
    notes: tuple[str, ...] = ()
    """What a person should know about it, without a value."""


def owner_reference(api_version: str, kind: str, name: str) -> dict[str, object]:
    """The one owner of a Secret made from a resource in a file, which has no uid yet."""
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": "", "controller": True}
