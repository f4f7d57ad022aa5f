"""`sops groups delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import flags, session
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, Stop, stage
from secrets_gitops.cli.drop_in.groups_add import FILE, open_keys
from secrets_gitops.cli.drop_in.output import put

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

FLAGS = (FILE, flags.IN_PLACE, flags.THRESHOLD, *flags.KEY_SERVICE)


def run(here: Session, given: Arguments) -> int:
    """The group at a position, counted from 0, leaves; the data key is split anew among those that stay."""
    from secrets_gitops.envelopes.sops import rekey

    if len(given.positional) != 1:
        raise Stop(GENERIC, "one argument is needed: the position of the group, from 0")
    text, path = given.positional[0], given.text("file")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Stop(GENERIC, "the position of a group is a number from 0")
    at = int(text)
    document, found, data_key = open_keys(here, given, path)
    if at >= len(found.groups):
        raise Stop(GENERIC, f"there is no group {at}: the file has {len(found.groups)}", path=path)
    groups = (*found.groups[:at], *found.groups[at + 1 :])
    threshold = given.number("shamir-secret-sharing-threshold") or found.threshold
    if threshold > len(groups):
        raise Stop(GENERIC, f"it takes {threshold} groups to open the file, and {len(groups)} would be left", path=path)
    with stage(GENERIC):
        sealed = rekey.replaced(document, data_key, rekey.Wanted(groups, threshold), session.now())
    put(sealed.to_bytes(), path if given.switch("in-place") else None, private=False)
    return 0
