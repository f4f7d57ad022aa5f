"""`rotate`: a new data key for files, and with it every envelope anew."""

from __future__ import annotations

import click

from secrets_gitops.cli import batch
from secrets_gitops.cli.options import dry_run_option, engine_option, identity_option
from secrets_gitops.errors import SettingsError


@click.command(
    name="rotate",
    help="Give files a new data key: every envelope is made anew, no value changes, every other line stays. Of a"
    " folder, and with --all of the repository, every encrypted file is taken; an interrupted run goes on where it"
    " stopped.",
)
@click.option(
    "--add",
    "add",
    multiple=True,
    metavar="RECIPIENT",
    help="Let them in, in the first key group. Any kind: `age1…`, an ARN, a fingerprint, or `KIND:TEXT`.",
)
@click.option("--remove", "remove", multiple=True, metavar="RECIPIENT", help="Take them out of every key group.")
@click.option("--threshold", type=click.IntRange(2, 255), metavar="N", help="How many key groups it takes from now on.")
@click.option(
    "--older-than", type=click.IntRange(0), metavar="DAYS", help="Only files whose last change is as many days ago."
)
@batch.all_option
@dry_run_option
@identity_option
@engine_option
@batch.files_argument
def command(
    files: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    threshold: int | None,
    older_than: int | None,
    identities: tuple[str, ...],
    engine: str,
    *,
    every: bool,
    dry_run: bool,
) -> int:
    """Choose the files, then rotate each."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import inventory, recipients, rotate
    from secrets_gitops.encrypted_files.journal import Journal
    from secrets_gitops.envelopes.sops import opened
    from secrets_gitops.keys.keyring import Keyring

    if "-" in files:
        raise SettingsError("standard input cannot be replaced in place")
    chosen = sops_files.chosen(files, every=every)
    new = [recipients.parse(text) for text in recipients.texts(add)]
    gone = recipients.texts(remove)
    if engine == "sops" and (new or gone or threshold is not None):
        raise SettingsError(
            "`--add`, `--remove` and `--threshold` are not for `--engine sops`", hints=("leave `--engine` out",)
        )
    sops = None
    if engine == "sops":
        from secrets_gitops.cli import official

        sops = official.engine(identities)
    keyring, now = Keyring.local(identities), sops_files.now()
    journal = (
        Journal(("rotate", *(("all",) if every else files), "+", *add, "-", *gone, str(threshold or "")))
        if chosen.searched
        else None
    )

    def step(path: str) -> batch.Done:
        if journal is not None and journal.has(path):
            return batch.Done("rotated before")
        document = sops_files.read_sealed(path)
        found = opened.required_metadata(document)
        if older_than is not None and inventory.age_days(found.lastmodified) < older_than:
            return batch.Done("young enough", f"{path} is not old enough", silent=True)
        if sops is not None:
            return batch.Done("rotated", f"rotated {path}", sops.rotate(path), path)
        here = [text for text in gone if not chosen.searched or rotate.standing(found, text)]
        result = rotate.rotate(document, keyring, now, add=new, remove=here, threshold=threshold)
        data = result.document.to_bytes()
        return batch.Done("rotated", f"rotated {path}", data, path, warnings=result.notes)

    code = batch.run(
        chosen, step, dry_run=dry_run, keyring=keyring, written=journal.record if journal is not None else None
    )
    if journal is not None and not code and not dry_run:
        journal.close()
    return code
