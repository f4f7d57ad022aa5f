"""`revoke`: take a recipient out of every file, with a new data key, and say what must be changed besides."""

from __future__ import annotations

import click

from secrets_gitops.cli import batch, console
from secrets_gitops.cli.options import config_option, dry_run_option, identity_option


@click.command(
    name="revoke",
    help="Take a recipient out of every file where it stands, and give those files a new data key. Without files: in"
    " all of the repository. Who was let out can still read what git's history holds; so the paths of the values that"
    " they could read are printed, to be changed where they come from.",
)
@dry_run_option
@config_option
@identity_option
@click.argument("recipient")
@batch.files_argument
def command(
    recipient: str, files: tuple[str, ...], config: str | None, identities: tuple[str, ...], *, dry_run: bool
) -> int:
    """Look where the recipient stands, rotate those files, tell the values."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import revoke
    from secrets_gitops.keys.keyring import Keyring

    chosen = sops_files.chosen(files, every=not files)
    keyring, now = Keyring.local(identities), sops_files.now()
    known: list[str] = []
    named: dict[str, None] = {}

    def step(path: str) -> batch.Done:
        document = sops_files.read_sealed(path)
        named.update(dict.fromkeys(revoke.rules_that_name(document, recipient, config=config)))
        if not revoke.stands(document, recipient):
            return batch.Done("without it", f"`{recipient}` is no recipient of {path}", silent=True)
        if dry_run:
            return batch.Done("with it", f"would revoke it in {path}")
        result = revoke.revoke(document, keyring, now, recipient)
        known.extend(f"{path}: {value}" for value in result.values)
        after = tuple(f"{path}: {value}" for value in result.values)
        line = f"revoked it in {path}"
        return batch.Done("revoked", line, result.document.to_bytes(), path, warnings=result.notes, after=after)

    code = batch.run(chosen, step, dry_run=dry_run, keyring=keyring)
    for place in named:
        console.warn(
            f"{place}: the creation rule still names it",
            hints=("take it out, or `updatekeys` and `encrypt` let it in again",),
        )
    if known:
        what = f"{len(known)} values" if len(known) > 1 else "one value"
        console.note(
            f"hint: they could read {what}, and git's history keeps the old text: change each where it comes from,"
            " then `set` it here"
        )
    return code
