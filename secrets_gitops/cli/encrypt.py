"""`encrypt`: plaintext files become encrypted ones, as their creation rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import config_option, identity_option, in_place_option, output_option

if TYPE_CHECKING:
    from secrets_gitops.encrypted_files.encrypt import Result


@click.command(
    name="encrypt",
    help="Encrypt files as the nearest .sops.yaml above each says. `-` is standard input, with --filename. Of a file"
    " that is encrypted only in part, -i encrypts the rest.",
)
@in_place_option
@output_option
@click.option("--output-dir", metavar="DIR", help="Write each file below this folder, under its own path.")
@click.option("--age", "ages", multiple=True, metavar="RECIPIENT", help="Encrypt for these instead of the rule's.")
@click.option("--filename", metavar="NAME", help="What standard input is called: decides about rule and format.")
@click.option("--ignore-mac", is_flag=True, help="Finish a file in part encrypted even if its MAC cannot be verified.")
@config_option
@identity_option
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def command(
    files: tuple[str, ...],
    output: str | None,
    output_dir: str | None,
    ages: tuple[str, ...],
    filename: str | None,
    config: str | None,
    identities: tuple[str, ...],
    *,
    in_place: bool,
    ignore_mac: bool,
) -> None:
    """Encrypt everything in memory first, so that an error in the last file leaves the first as it is; then write."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import encrypt
    from secrets_gitops.errors import SettingsError

    sops_files.check_targets(files, output, output_dir, in_place=in_place)
    if "-" in files and filename is None:
        raise SettingsError(
            "standard input has no name, and the rules go by names", hints=("say it: `--filename secrets.yaml`",)
        )
    now = sops_files.now()

    def encrypted(path: str) -> Result:
        data, name = sops_files.read_input(path, filename)
        plain = encrypt.read_plain(data, name)
        if not encrypt.is_sealed(plain):
            return encrypt.encrypt(plain, encrypt.recipe(name, ages, config=config), now)
        from secrets_gitops.keys.keyring import Keyring

        encrypt.refuse_age_for_sealed(ages)
        return encrypt.finish(plain, Keyring.local(identities), now, verify_mac=not ignore_mac)

    results = [(path, encrypted(path)) for path in files]
    for path, result in results:
        for note in result.notes:
            console.note(note)
        data = result.document.to_bytes()
        target = sops_files.target(path, output, output_dir, in_place=in_place)
        if target is None:
            console.write(data)
        else:
            sops_files.write(target, data, f"encrypted {path}" if target == path else f"wrote {target}")
