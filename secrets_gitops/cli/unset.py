"""`unset`: remove one value of an encrypted file."""

from __future__ import annotations

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import identity_option


@click.command(
    name="unset",
    help="""Remove one value of an encrypted file. PATH is `a.b[0]` or `'["a"]["b"][0]'`. All other lines stay.""",
)
@click.option("--document", "root", type=click.IntRange(0), default=0, metavar="N", help="Which YAML document; from 0.")
@identity_option
@click.argument("file")
@click.argument("path")
def command(file: str, path: str, root: int, identities: tuple[str, ...]) -> None:
    """Change the file, say what was done."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files.set_value import unset
    from secrets_gitops.keys.keyring import Keyring

    changed = unset(sops_files.read_sealed(file), Keyring.local(identities), path, sops_files.now(), root=root)
    assert changed.document is not None
    for note in changed.notes:
        console.note(note)
    sops_files.write(file, changed.document.to_bytes(), f"removed `{changed.path}` from {file}")
