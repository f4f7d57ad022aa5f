"""`decrypt`: plaintext to standard output, to a file, or in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import identity_option, in_place_option, output_option
from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from secrets_gitops.envelopes.sops.opened import Opened


@click.command(
    name="decrypt",
    help="Print the plaintext of an encrypted file. `-` is standard input. Several files go with -i or --output-dir.",
)
@in_place_option
@output_option
@click.option("--output-dir", metavar="DIR", help="Write each file below this folder, under its own path.")
@click.option("--extract", metavar="PATH", help="""Print one value only: `a.b[0]` or `'["a"]["b"][0]'`.""")
@click.option("--ignore-mac", is_flag=True, help="Print it also when the MAC does not fit.")
@click.option("--filename", metavar="NAME", help="What standard input is called; decides about its format.")
@identity_option
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def command(
    files: tuple[str, ...],
    output: str | None,
    output_dir: str | None,
    extract: str | None,
    filename: str | None,
    identities: tuple[str, ...],
    *,
    in_place: bool,
    ignore_mac: bool,
) -> None:
    """Open everything first, so that an error in the last file leaves the first as it is; then write."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import decrypt
    from secrets_gitops.keys.keyring import Keyring

    sops_files.check_targets(files, output, output_dir, in_place=in_place)
    if extract is not None and (in_place or output_dir):
        raise SettingsError("`--extract` prints one value; it goes with neither `-i` nor `--output-dir`")
    keyring = Keyring.local(identities)
    results: list[tuple[str, Opened]] = []
    for path in files:
        document = sops_files.read_sealed(path, filename)
        results.append((path, decrypt.decrypt(document, keyring, verify_mac=not ignore_mac)))
    if ignore_mac:
        console.warn("the MAC was not checked: values may have been changed, removed or moved without a key")
    for path, result in results:
        data = decrypt.text(result) if extract is None else decrypt.extract(result, extract)
        target = sops_files.target(path, output, output_dir, in_place=in_place)
        if target is None:
            console.write(data)
        else:
            sops_files.write(target, data, f"decrypted {path}" if target == path else f"wrote {target}")
