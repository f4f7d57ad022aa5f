"""`verify`: check that files open and that their MAC fits."""

from __future__ import annotations

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import identity_option
from secrets_gitops.errors import Error, Tampered, worst


@click.command(
    name="verify",
    help="Check that files open and that their MAC fits. Exit 1: a file was changed without a key. Exit 3: it cannot"
    " be opened here.",
)
@identity_option
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def command(files: tuple[str, ...], identities: tuple[str, ...]) -> int:
    """Look at every file; print a line for each good one."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files.verify import verify
    from secrets_gitops.keys.keyring import Keyring

    keyring = Keyring.local(identities)
    codes = []
    for path in files:
        try:
            found = verify(sops_files.read_sealed(path), keyring)
        except Error as error:
            console.show(error)
            codes.append(1 if isinstance(error, Tampered) else error.exit_code)
        else:
            console.write(f"{path}: intact, {found.values} encrypted values, last changed {found.lastmodified}\n")
            codes.append(0)
    return worst(codes)
