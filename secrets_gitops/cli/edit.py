"""`edit`: change an encrypted file in an editor. The plaintext is never on a disk."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import config_option, identity_option
from secrets_gitops.errors import Error, FileError, Place

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document
    from secrets_gitops.encrypted_files.edit import NewFile, Session


@click.command(
    name="edit",
    help="Change an encrypted file in an editor ($SOPS_EDITOR, $EDITOR, $VISUAL, else vim, nano or vi). The plaintext"
    " lies on a memory file system while you edit. A file that is not there is made as its rule says.",
)
@click.option("--allow-disk", is_flag=True, help="Take a temporary file on disk where there is no memory file system.")
@click.option(
    "--ignore-mac", is_flag=True, help="Take the file although its MAC does not fit, look it over, and make a new MAC."
)
@config_option
@identity_option
@click.argument("file")
def command(file: str, config: str | None, identities: tuple[str, ...], *, allow_disk: bool, ignore_mac: bool) -> None:
    """Decrypt, run the editor until its result can be encrypted, write."""
    from secrets_gitops.cli import editor, hardening, sops_files
    from secrets_gitops.encrypted_files.private_folder import private_folder, write_private

    program = editor.command(os.environ)
    hardening.harden()
    session = _session(file, config, identities, verify_mac=not ignore_mac)
    with private_folder(os.environ, allow_disk=allow_disk) as folder:
        path = write_private(folder, os.path.basename(file), session.plaintext)
        while True:
            editor.run([*program, path], file)
            plaintext = editor.left(path, file)
            if plaintext == session.plaintext and not session.renews:
                console.note(f"{file} is not changed")
                return
            document = _sealed(session, plaintext, sops_files.now())
            if document is not None:
                break
    for note in session.notes:
        console.note(note)
    sops_files.write(file, document.to_bytes(), f"wrote {file}")


def _session(file: str, config: str | None, identities: tuple[str, ...], *, verify_mac: bool) -> Session | NewFile:
    from secrets_gitops.encrypted_files import edit, encrypt
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.repository import files

    if not os.path.lexists(file):
        return edit.NewFile(file, encrypt.recipe(file, config=config))
    return edit.Session(file, files.read(file), Keyring.local(identities), verify_mac=verify_mac)


def _sealed(session: Session | NewFile, plaintext: bytes, now: str) -> Document | None:
    """The encrypted document; None when it cannot be made and the user wants to edit again."""
    try:
        return session.result(plaintext, now)
    except Error as error:
        if not sys.stdin.isatty():
            raise
        console.show(error)
        if not click.confirm("edit again?", default=True, err=True):
            raise FileError("nothing was written", place=Place(session.path)) from error
        return None
