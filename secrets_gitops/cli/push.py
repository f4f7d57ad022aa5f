"""`push`: take encrypted files where the destination rules of `.sops.yaml` say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import asking, batch, console
from secrets_gitops.cli.options import config_option, dry_run_option, identity_option, yes_option
from secrets_gitops.errors import Error, worst

if TYPE_CHECKING:
    from secrets_gitops.encrypted_files.publish import Parcel
    from secrets_gitops.encrypted_files.selected import Selected


@click.command(
    name="push",
    help="Take encrypted files where the `destination_rules` of .sops.yaml say: to a bucket of S3 or Google Cloud"
    " Storage as they are, or encrypted anew for the keys of the `recreation_rule`; to the KV engine of Vault or"
    " OpenBao decrypted. The first rule that fits counts. Files of a folder keep their paths below it; with --all,"
    " every encrypted file that a destination rule fits is taken.",
)
@yes_option
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
    yes: bool,
    every: bool,
    dry_run: bool,
) -> int:
    """Show what would go where, ask, then take it there."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import decrypt, publish
    from secrets_gitops.keys.keyring import Keyring

    chosen = sops_files.chosen(files, every=every)
    parcels, codes = _parcels(chosen, config, files, every=every)
    for parcel in parcels.values():
        console.note(f"{parcel.path} -> {parcel.destination}{_how(parcel)}")
    if not parcels or dry_run:
        return worst(codes)
    if not yes:
        asking.confirm("push these files?")
    keyring, now = Keyring.local(identities), sops_files.now()

    def step(path: str) -> batch.Done:
        parcel = parcels[path]
        document = sops_files.read_sealed(path)
        if publish.send(parcel, document, lambda sealed: decrypt.decrypt(sealed, keyring), now, os.environ):
            return batch.Done("pushed", f"pushed {path} to {parcel.destination}")
        return batch.Done("there already", f"{parcel.destination} holds that already", silent=True)

    codes.append(batch.run(chosen._replace(files=tuple(parcels)), step, keyring=keyring))
    return worst(codes)


def _parcels(
    chosen: Selected, config: str | None, names: tuple[str, ...], *, every: bool
) -> tuple[dict[str, Parcel], list[int]]:
    """What would go where; and exit codes of files of which that cannot be said."""
    from secrets_gitops.encrypted_files import publish, rules

    folders = [os.path.normpath(name) for name in names if os.path.isdir(name)]
    parcels: dict[str, Parcel] = {}
    codes: list[int] = []
    for path in chosen.files:
        found = rules.find(path, config=config, strict=False)
        if found.rules is None:
            raise rules.none_above(path, found)
        below = next((one for one in folders if path.startswith(f"{one}{os.sep}") or one == "."), "")
        if every:
            below = os.path.dirname(found.path or "") or "."
            rule = found.rules.destination_for(path)
            if rule is None or not rule.kind:
                continue
        try:
            parcels[path] = publish.parcel(found.rules, path, below)
        except Error as error:
            if not chosen.searched:
                raise
            console.show(error)
            codes.append(error.exit_code)
    return parcels, codes


def _how(parcel: Parcel) -> str:
    if parcel.rule.kind == "vault":
        return " (decrypted)"
    return " (encrypted for other keys)" if parcel.rule.recreation is not None else ""
