"""`updatekeys`: give files the recipients that their rules name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import asking, batch, console
from secrets_gitops.cli.options import config_option, dry_run_option, engine_option, identity_option, yes_option
from secrets_gitops.errors import Error, SettingsError, worst

if TYPE_CHECKING:
    from secrets_gitops.encrypted_files.selected import Selected
    from secrets_gitops.encrypted_files.updatekeys import Plan


@click.command(
    name="updatekeys",
    help="Give files the recipients that their creation rules name, key group by key group. Values, data key and MAC"
    " stay as they are: who was removed can still read what git's history holds. Of a folder, and with --all of the"
    " repository, every encrypted file is taken; those that have their recipients stay as they are.",
)
@yes_option
@batch.all_option
@dry_run_option
@config_option
@identity_option
@engine_option
@batch.files_argument
def command(
    files: tuple[str, ...],
    config: str | None,
    identities: tuple[str, ...],
    engine: str,
    *,
    yes: bool,
    every: bool,
    dry_run: bool,
) -> int:
    """Show what would change, ask, then do it."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import updatekeys
    from secrets_gitops.keys.keyring import Keyring

    chosen = sops_files.chosen(files, every=every)
    if engine == "sops":
        return _official(chosen, identities, config, yes=yes, dry_run=dry_run)
    plans, codes = _plans(chosen, config)
    if not plans or dry_run:
        return worst(codes)
    if not yes:
        asking.confirm("change these recipients?")
    keyring, now = Keyring.local(identities), sops_files.now()

    def step(path: str) -> batch.Done:
        applied = updatekeys.apply(plans[path], keyring, now)
        line = f"updated the recipients of {path}"
        return batch.Done("updated", line, applied.document.to_bytes(), path, warnings=applied.notes)

    codes.append(batch.run(chosen._replace(files=tuple(plans)), step, keyring=keyring))
    if any(plan.remove for plan in plans.values()):
        console.note(
            "hint: who was removed may keep what they could read until now: `revoke` also makes a new data key,"
            " and says which values to change"
        )
    return worst(codes)


def _plans(chosen: Selected, config: str | None) -> tuple[dict[str, Plan], list[int]]:
    """What would change in each file, shown; and exit codes of files of which that cannot be said."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import updatekeys

    plans: dict[str, Plan] = {}
    codes: list[int] = []
    warned: set[object] = set()
    for path in chosen.files:
        try:
            plan = updatekeys.plan(sops_files.read_sealed(path), config=config)
        except Error as error:
            if not chosen.searched:
                raise
            console.show(error)
            codes.append(error.exit_code)
            continue
        for warning in plan.warnings:
            if warning not in warned:
                warned.add(warning)
                console.warn(f"{warning[0]}: {warning[1]}")
        if plan.changes:
            plans[path] = plan
            console.note(f"{path}:")
            for line in plan.lines:
                console.note(f"  {line}")
        elif not chosen.searched:
            console.note(f"{path} has the recipients of its rule already")
    if chosen.searched and not plans and not codes:
        console.note(f"{len(chosen.files)} files: all have the recipients of their rules already")
    return plans, codes


def _official(chosen: Selected, identities: tuple[str, ...], config: str | None, *, yes: bool, dry_run: bool) -> int:
    from secrets_gitops.cli import official

    if dry_run:
        raise SettingsError("`--dry-run` is not for `--engine sops`", hints=("leave `--engine` out",))
    official.refuse_stdin(chosen.files)
    if not yes:
        asking.confirm("change these recipients?")
    sops = official.engine(identities, config)
    return batch.run(
        chosen,
        lambda path: batch.Done("updated", f"updated the recipients of {path}", sops.updatekeys(path), path),
    )
