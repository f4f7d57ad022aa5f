"""A new data key for a file, and who may have it: every envelope is made anew, no value changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.encrypted_files import recipients
from secrets_gitops.encrypted_files.updatekeys import locked_out
from secrets_gitops.envelopes.sops import opened, rekey
from secrets_gitops.envelopes.sops.reading import shown
from secrets_gitops.envelopes.sops.rekey import Wanted, name_of
from secrets_gitops.errors import Place, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.metadata import Entry, Metadata
    from secrets_gitops.envelopes.sops.rekey import Member
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.keys.recipient import Recipient


class Rotated(NamedTuple):
    """The file under its new data key."""

    document: Document
    added: tuple[Recipient, ...]
    removed: tuple[Entry, ...]
    values: tuple[str, ...]
    """Paths of the encrypted values: who was removed may know them from before."""
    notes: tuple[str, ...]
    """What the user should hear."""


def rotate(
    document: Document,
    keyring: Keyring,
    now: str,
    *,
    add: Sequence[Recipient] = (),
    remove: Sequence[str] = (),
    threshold: int | None = None,
) -> Rotated:
    """The document under a new data key. `add` joins the first group, `remove` leaves every group.

    `threshold`: how many key groups it takes from now on; None: as many as before.

    Raises SettingsError when a group would be empty, or when somebody in `remove` is no recipient; what `opened.open`
    and `rekey.rotated` raise.
    """
    result = opened.open(document, keyring)
    found = result.metadata
    gone = leaving(found, remove, document.path)
    groups: list[tuple[Member, ...]] = [tuple(one for one in group if one not in gone) for group in found.groups]
    have = {name_of(member) for member in groups[0]}
    new = [one for one in add if (one.kind, one.text) not in have]
    groups[0] = (*groups[0], *new)
    if not all(groups):
        at = next(at for at, group in enumerate(groups) if not group)
        which = f"key group {at + 1}" if len(groups) > 1 else "the file"
        raise SettingsError(
            f"{which} would have no recipient left: `{document.path}`",
            hints=(f"let another one in first: `secrets-gitops rotate --add RECIPIENT {document.path}`",),
            place=Place(document.path),
        )
    changed = rekey.rotated(result, Wanted(tuple(groups), found.threshold if threshold is None else threshold), now)
    values = [shown(read.leaf.path) for read in result.reads if read.state == "sealed" and read.type != "comment"]
    return Rotated(changed, tuple(new), gone, tuple(dict.fromkeys(values)), locked_out(changed, keyring))


def leaving(found: Metadata, remove: Sequence[str], path: str) -> tuple[Entry, ...]:
    """The entries that somebody named. Raises SettingsError for a name that none has."""
    gone: list[Entry] = []
    for text in remove:
        meant = standing(found, text)
        if not meant:
            raise SettingsError(
                f"`{text}` is no recipient of `{path}`",
                hints=(f"`secrets-gitops explain {path}` lists who can read it",),
                place=Place(path),
            )
        gone += [entry for entry in meant if entry not in gone]
    return tuple(gone)


def standing(found: Metadata, text: str) -> tuple[Entry, ...]:
    """The entries of a file that mean this recipient."""
    kind, name = recipients.named(text)
    return tuple(entry for entry in found.entries if recipients.is_meant(kind, name, (entry.kind, entry.recipient)))
