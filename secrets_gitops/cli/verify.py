"""`verify`: check that files open and that their MAC fits."""

from __future__ import annotations

import click

from secrets_gitops.cli import batch, console
from secrets_gitops.cli.options import identity_option
from secrets_gitops.errors import Tampered, Unmerged


@click.command(
    name="verify",
    help="Check that files open and that their MAC fits; of a folder, and with --all of the repository, all that are"
    " encrypted. Exit 1: a file was changed without a key, or a merge of it is not finished. Exit 3: it cannot be"
    " opened here.",
)
@batch.all_option
@identity_option
@batch.files_argument
def command(files: tuple[str, ...], identities: tuple[str, ...], *, every: bool) -> int:
    """Look at every file; print a line for each good one."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files.verify import verify
    from secrets_gitops.keys.keyring import Keyring

    keyring = Keyring.local(identities)

    def step(path: str) -> batch.Done:
        try:
            found = verify(sops_files.read_sealed(path), keyring)
        except (Tampered, Unmerged) as error:
            console.show(error)
            return batch.Done("not intact", code=1)
        line = f"{path}: intact, {found.values} encrypted values, last changed {found.lastmodified}"
        return batch.Done("intact", after=(line,))

    return batch.run(sops_files.chosen(files, every=every), step, carry_on=True, keyring=keyring)
