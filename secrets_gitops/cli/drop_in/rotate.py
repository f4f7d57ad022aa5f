"""`sops rotate`, and `sops -r` of the old style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import change, flags, recipients, session
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, KEYS_ON_MISSING_FILE, Stop, stage
from secrets_gitops.cli.drop_in.output import changed_content, put, target

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.rekey import Member, Wanted

FLAGS = (
    flags.IN_PLACE, flags.OUTPUT, flags.INPUT_TYPE, flags.OUTPUT_TYPE, *flags.CHANGED_RECIPIENTS, flags.IGNORE_MAC,
    flags.OVERRIDE, flags.ORDER, *flags.KEY_SERVICE,
)  # fmt: skip


def run(here: Session, given: Arguments) -> int:
    """A new data key, for the keys of the file with those added and removed that flags name."""
    path = session.required_file(given)
    to = target(given, path)
    changes = any(given.text(f"{verb}-{kind.flag}") for verb in ("add", "rm") for kind in recipients.KINDS.values())
    if changes and not session.exists(path):
        raise Stop(KEYS_ON_MISSING_FILE, "there is no such file, so it has no keys to change", path=path)
    put(rotated(here, given, path), to, private=False)
    return 0


def rotated(here: Session, given: Arguments, path: str) -> bytes:
    """The content of the file under a new data key. Raises Stop."""
    from secrets_gitops.envelopes.sops import rekey

    result = change.open_file(here, given, path)
    with stage(GENERIC):
        return changed_content(rekey.rotated(result, _wanted(result.metadata, given), session.now()))


def _wanted(found: Metadata, given: Arguments) -> Wanted:
    """Keys to add go to the first group, keys to remove leave every group."""
    from secrets_gitops.envelopes.sops import rekey

    gone = {(one.kind, one.text) for one in recipients.named(given, "rm-")}
    present = {rekey.name_of(member) for member in found.groups[0]} if found.groups else set()
    new = [one for one in recipients.named(given, "add-") if (one.kind, one.text) not in present]
    groups: list[tuple[Member, ...]] = [
        tuple(member for member in group if rekey.name_of(member) not in gone) for group in found.groups
    ]
    groups[0] = (*groups[0], *new)
    return rekey.Wanted(tuple(groups), found.threshold)
