"""`decrypt`: plaintext to standard output, to a file, or in place."""

from __future__ import annotations

import os

import click

from secrets_gitops.cli import batch, console
from secrets_gitops.cli.options import (
    dry_run_option,
    engine_option,
    identity_option,
    in_place_option,
    output_dir_option,
    output_option,
)
from secrets_gitops.errors import SettingsError


@click.command(
    name="decrypt",
    help="Print the plaintext of an encrypted file. `-` is standard input. Several files go with -i or --output-dir. Of"
    " a folder, and with --all of the repository, every encrypted file is taken.",
)
@in_place_option
@output_option
@output_dir_option
@batch.all_option
@dry_run_option
@click.option("--extract", metavar="PATH", help="""Print one value only: `a.b[0]` or `'["a"]["b"][0]'`.""")
@click.option("--ignore-mac", is_flag=True, help="Print it also when the MAC does not fit.")
@click.option("--filename", metavar="NAME", help="What standard input is called; decides about its format.")
@identity_option
@engine_option
@batch.files_argument
def command(
    files: tuple[str, ...],
    output: str | None,
    output_dir: str | None,
    extract: str | None,
    filename: str | None,
    identities: tuple[str, ...],
    engine: str,
    *,
    every: bool,
    dry_run: bool,
    in_place: bool,
    ignore_mac: bool,
) -> int:
    """Choose the files, then decrypt each."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import decrypt
    from secrets_gitops.keys.keyring import Keyring

    many = every or any(os.path.isdir(path) for path in files)
    sops_files.check_targets(files, output, output_dir, in_place=in_place, many=many)
    if extract is not None and (in_place or output_dir):
        raise SettingsError("`--extract` prints one value; it goes with neither `-i` nor `--output-dir`")
    chosen = sops_files.chosen(files, every=every)
    keyring = Keyring.local(identities)
    sops = None
    if engine == "sops":
        from secrets_gitops.cli import official

        official.refuse_stdin(chosen.files)
        sops = official.engine(identities)

    def plaintext(path: str) -> bytes:
        if sops is not None:
            index = None if extract is None else official.index_of(path, extract)
            return sops.decrypt(path, extract=index, verify_mac=not ignore_mac)
        result = decrypt.decrypt(sops_files.read_sealed(path, filename), keyring, verify_mac=not ignore_mac)
        return decrypt.text(result) if extract is None else decrypt.extract(result, extract)

    def step(path: str) -> batch.Done:
        data = plaintext(path)
        target = sops_files.target(path, output, output_dir, in_place=in_place)
        if output_dir is not None and target is not None and not sops_files.differs(target, data):
            return batch.Done("there already", f"{target} holds that already", silent=True)
        return batch.made("decrypted", path, data, target)

    if ignore_mac:
        console.warn("the MAC was not checked: values may have been changed, removed or moved without a key")
    return batch.run(chosen, step, dry_run=dry_run, keyring=keyring)
