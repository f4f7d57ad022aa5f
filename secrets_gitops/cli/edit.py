"""`edit`: change an encrypted file in an editor. The plaintext is never on a disk."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import batch, console
from secrets_gitops.cli.options import config_option, dry_run_option, identity_option
from secrets_gitops.errors import Error, FileError, Place

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document
    from secrets_gitops.encrypted_files.edit import NewFile, Session
    from secrets_gitops.keys.keyring import Keyring


@click.command(
    name="edit",
    help="Change an encrypted file in an editor ($SOPS_EDITOR, $EDITOR, $VISUAL, else vim, nano or vi). The plaintext"
    " lies on a memory file system while you edit. A file that is not there is made as its rule says. Several files,"
    " those of a folder, and with --all every encrypted one of the repository, come one after the other, and each is"
    " written when its editor ends.",
)
@click.option("--allow-disk", is_flag=True, help="Take a temporary file on disk where there is no memory file system.")
@click.option(
    "--ignore-mac", is_flag=True, help="Take the file although its MAC does not fit, look it over, and make a new MAC."
)
@batch.all_option
@dry_run_option
@config_option
@identity_option
@batch.files_argument
def command(
    files: tuple[str, ...],
    config: str | None,
    identities: tuple[str, ...],
    *,
    every: bool,
    dry_run: bool,
    allow_disk: bool,
    ignore_mac: bool,
) -> int:
    """Decrypt, run the editor until its result can be encrypted, write; then the next file."""
    from secrets_gitops.cli import editor, hardening, sops_files
    from secrets_gitops.keys.keyring import Keyring

    chosen = sops_files.chosen(files, every=every)
    program = editor.command(os.environ)
    hardening.harden()
    keyring = Keyring.local(identities)

    def step(file: str) -> batch.Done:
        session = _session(file, config, keyring, verify_mac=not ignore_mac)
        if dry_run:
            return batch.Done("to edit", f"would edit {file}")
        document = _edited(file, session, program, allow_disk=allow_disk)
        if document is None:
            return batch.Done("unchanged", f"{file} is not changed", silent=True)
        for note in session.notes:
            console.note(note)
        sops_files.write(file, document.to_bytes())  # at once: what was typed must not wait for the next editor
        return batch.Done("changed", f"wrote {file}")

    return batch.run(chosen, step, dry_run=dry_run, carry_on=len(chosen.files) > 1, keyring=keyring)


def _edited(file: str, session: Session | NewFile, program: list[str], *, allow_disk: bool) -> Document | None:
    """What the editor made of the file, encrypted; None when it changed nothing."""
    from secrets_gitops.cli import editor, sops_files
    from secrets_gitops.encrypted_files.private_folder import private_folder, write_private

    with private_folder(os.environ, allow_disk=allow_disk) as folder:
        path = write_private(folder, os.path.basename(file), session.plaintext)
        while True:
            editor.run([*program, path], file)
            plaintext = editor.left(path, file)
            if plaintext == session.plaintext and not session.renews:
                return None
            document = _sealed(session, plaintext, sops_files.now())
            if document is not None:
                return document


def _session(file: str, config: str | None, keyring: Keyring, *, verify_mac: bool) -> Session | NewFile:
    from secrets_gitops.encrypted_files import edit, encrypt
    from secrets_gitops.repository import files

    if not os.path.lexists(file):
        return edit.NewFile(file, encrypt.recipe(file, config=config))
    return edit.Session(file, files.read(file), keyring, verify_mac=verify_mac)


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
