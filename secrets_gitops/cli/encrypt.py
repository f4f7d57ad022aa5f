"""`encrypt`: plaintext files become encrypted ones, as their creation rules say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import batch
from secrets_gitops.cli.options import (
    config_option,
    dry_run_option,
    engine_option,
    identity_option,
    in_place_option,
    output_dir_option,
    output_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.encrypted_files.selected import Selected
    from secrets_gitops.keys.keyring import Keyring


@click.command(
    name="encrypt",
    help="Encrypt files as the nearest .sops.yaml above each says. `-` is standard input, with --filename. Of a file"
    " that is encrypted only in part, -i encrypts the rest. Of a folder, and with --all of the repository, every file"
    " that a rule covers is taken; what is encrypted already stays as it is, so that running again goes on.",
)
@in_place_option
@output_option
@output_dir_option
@batch.all_option
@dry_run_option
@click.option("--age", "ages", multiple=True, metavar="RECIPIENT", help="Encrypt for these instead of the rule's.")
@click.option("--filename", metavar="NAME", help="What standard input is called: decides about rule and format.")
@click.option(
    "--sort",
    is_flag=True,
    help="Put the keys of what is encrypted in the order in which the API server keeps them, as is done for SopsSecrets"
    " without it. What is encrypted already is encrypted anew.",
)
@click.option("--ignore-mac", is_flag=True, help="Finish a file in part encrypted even if its MAC cannot be verified.")
@config_option
@identity_option
@engine_option
@batch.files_argument
def command(
    files: tuple[str, ...],
    output: str | None,
    output_dir: str | None,
    ages: tuple[str, ...],
    filename: str | None,
    config: str | None,
    identities: tuple[str, ...],
    engine: str,
    *,
    every: bool,
    dry_run: bool,
    in_place: bool,
    ignore_mac: bool,
    sort: bool,
) -> int:
    """Choose the files, then encrypt each."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import encrypt, selected
    from secrets_gitops.errors import AlreadySealed, SettingsError

    many = every or any(os.path.isdir(path) for path in files)
    sops_files.check_targets(files, output, output_dir, in_place=in_place, many=many)
    if "-" in files and filename is None:
        raise SettingsError(
            "standard input has no name, and the rules go by names", hints=("say it: `--filename secrets.yaml`",)
        )
    now = sops_files.now()
    chosen = selected.plain(files, every=every, config=config)
    if engine == "sops":
        if sort:
            raise SettingsError("sops does not sort keys", hints=("leave `--engine sops` out, or `--sort`",))
        return _official(chosen, ages, identities, config, output, output_dir, in_place=in_place, dry_run=dry_run)
    keyrings: list[Keyring] = []

    def keyring() -> Keyring:
        """Only what is encrypted already needs keys; they are looked for once."""
        if not keyrings:
            from secrets_gitops.keys.keyring import Keyring

            keyrings.append(Keyring.local(identities))
        return keyrings[0]

    def step(path: str) -> batch.Done:
        data, name = sops_files.read_input(path, filename)
        plain = encrypt.read_plain(data, name)
        if encrypt.is_sealed(plain):
            is_whole = encrypt.is_whole(plain)
            if chosen.searched and is_whole and not sort:
                return batch.Done("encrypted already")
            encrypt.refuse_age_for_sealed(ages)
            if sort and is_whole:
                try:
                    result = encrypt.again(plain, encrypt.recipe(name, config=config), keyring(), now)
                except AlreadySealed:
                    if not chosen.searched:
                        raise
                    return batch.Done("encrypted already")
            else:
                result = encrypt.finish(plain, keyring(), now, verify_mac=not ignore_mac)
        else:
            how = encrypt.recipe(name, ages, config=config)
            before = _before(output_dir, path)
            found = encrypt.kept(plain, how, before, keyring(), now) if before is not None else None
            result = found or encrypt.encrypt(plain, how, now, sort=sort)
            if before is not None and result.document is before:
                return batch.Done("encrypted already", f"{path} is encrypted already in {before.path}", silent=True)
        target = sops_files.target(path, output, output_dir, in_place=in_place)
        return batch.made("encrypted", path, result.document.to_bytes(), target, result.notes)

    return batch.run(chosen, step, dry_run=dry_run, waits=_asks_services(chosen.files, ages, config))


def _asks_services(files: Sequence[str], ages: tuple[str, ...], config: str | None) -> bool:
    """Whether wrapping data keys means waiting: do the rules of the first file name a key of a service?"""
    if len(files) < 2 or ages:
        return False
    from secrets_gitops.encrypted_files import rules
    from secrets_gitops.errors import Error
    from secrets_gitops.keys.recipient import FAR

    try:
        found = rules.find(files[0], config=config, strict=False).rules
    except Error:
        return False  # it is told where the file is encrypted
    return found is not None and any(key.kind in FAR for rule in found.rules for group in rule.groups for key in group)


def _official(
    chosen: Selected,
    ages: tuple[str, ...],
    identities: tuple[str, ...],
    config: str | None,
    output: str | None,
    output_dir: str | None,
    *,
    in_place: bool,
    dry_run: bool,
) -> int:
    """Let the official program do it."""
    from secrets_gitops.cli import official, sops_files

    official.refuse_stdin(chosen.files)
    sops = official.engine(identities, config)

    def step(path: str) -> batch.Done:
        target = sops_files.target(path, output, output_dir, in_place=in_place)
        return batch.made("encrypted", path, sops.encrypt(path, ages=ages), target)

    return batch.run(chosen, step, dry_run=dry_run)


def _before(output_dir: str | None, path: str) -> Document | None:
    """What an earlier run wrote below the output folder."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files.encrypt import is_sealed
    from secrets_gitops.errors import Error

    if output_dir is None or not os.path.isfile(target := os.path.join(output_dir, path)):
        return None
    try:
        document = sops_files.read_sealed(target)
        return document if is_sealed(document) else None
    except Error:
        return None
