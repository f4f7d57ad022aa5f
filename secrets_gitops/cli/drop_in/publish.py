"""`sops publish`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.cli import asking, console
from secrets_gitops.cli.drop_in import flags, session
from secrets_gitops.cli.drop_in.arguments import Flag
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, NO_FILE, Stop, stage
from secrets_gitops.errors import BackendError, SettingsError

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session
    from secrets_gitops.encrypted_files.publish import Parcel
    from secrets_gitops.keys.keyring import Keyring

FLAGS = (
    flags.YES,
    Flag("omit-extensions", "leave the extension out of the name at the destination", "switch"),
    Flag("recursive", "take all files of a folder", "switch"),
    Flag("verbose", "says nothing more here", "switch"),
    flags.ORDER,
    *flags.KEY_SERVICE,
)


def run(here: Session, given: Arguments) -> int:
    """One file, or all files of a folder; everything is looked up before the first goes."""
    from secrets_gitops.encrypted_files import publish

    if here.config is None:
        raise Stop(GENERIC, "there are no destination rules: no `.sops.yaml` here or above")
    if not given.positional:
        raise Stop(NO_FILE, "no file is named")
    path = session.required_file(given)
    found = here.loaded_rules()
    assert found is not None
    omit, whole = given.switch("omit-extensions"), given.switch("recursive")
    if os.path.isdir(path) and not whole:
        raise Stop(GENERIC, "this is a folder", hints=("take all of it with `--recursive`",), path=path)
    files = list(publish.files_below(path)) if os.path.isdir(path) else [path]
    with stage(GENERIC, SettingsError):
        parcels = [
            publish.parcel(found, file, path if os.path.isdir(path) else "", omit_extensions=omit) for file in files
        ]
    keyring = here.keyring(given)
    for parcel in parcels:
        if given.switch("yes") or asking.agreed(f"take {parcel.path} to {parcel.destination}?"):
            _send(here, given, parcel, keyring)
        else:
            console.note(f"{parcel.path} stays here")
    return 0


def _send(here: Session, given: Arguments, parcel: Parcel, keyring: Keyring) -> None:
    from secrets_gitops.encrypted_files import publish

    form = session.input_format(given, parcel.path)
    document = session.read_sealed(session.read_input(parcel.path), parcel.path, form)
    with stage(GENERIC, BackendError, SettingsError):
        sent = publish.send(
            parcel, document, lambda sealed: session.opened(sealed, keyring), session.now(), here.environ
        )
    console.note(f"{parcel.path} {'went to' if sent else 'is already at'} {parcel.destination}")
