"""`unset`: remove one value of an encrypted file."""

from __future__ import annotations

import click

from secrets_gitops.cli import batch
from secrets_gitops.cli.options import dry_run_option, engine_option, identity_option


@click.command(
    name="unset",
    help="""Remove one value of an encrypted file. PATH is `a.b[0]` or `'["a"]["b"][0]'`. All other lines stay."""
    " In a folder, and with --all in the repository, every encrypted file is changed that has a value there.",
)
@click.option("--document", "root", type=click.IntRange(0), default=0, metavar="N", help="Which YAML document; from 0.")
@batch.all_option
@dry_run_option
@identity_option
@engine_option
@click.argument("arguments", nargs=-1, required=True, metavar="[FILE | FOLDER]... PATH")
def command(
    arguments: tuple[str, ...], root: int, identities: tuple[str, ...], engine: str, *, every: bool, dry_run: bool
) -> int:
    """Change the files, say what was done."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files.set_value import holds, unset
    from secrets_gitops.keys.keyring import Keyring

    files, path = sops_files.files_and_path(arguments, every=every)
    chosen = sops_files.chosen(files, every=every)
    keyring, now = Keyring.local(identities), sops_files.now()
    sops = None
    if engine == "sops":
        from secrets_gitops.cli import official

        sops = official.engine(identities)

    def step(file: str) -> batch.Done:
        document = sops_files.read_unless_unmerged(file)
        if document is None:
            return sops_files.decided(file, keyring, path, None, root=root, remove=True)
        if chosen.searched and not holds(document, path, root=root):
            return batch.Done("without that value")
        if sops is not None:
            result = sops.unset(file, official.index_of(file, path, root))
            return batch.Done("changed", f"removed `{path}` from {file}", result, file)
        changed = unset(document, keyring, path, now, root=root)
        assert changed.document is not None
        line = f"removed `{changed.path}` from {file}"
        return batch.Done("changed", line, changed.document.to_bytes(), file, notes=changed.notes)

    return batch.run(chosen, step, dry_run=dry_run, keyring=keyring)
