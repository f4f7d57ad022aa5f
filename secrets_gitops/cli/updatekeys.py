"""`updatekeys`: give files the recipients that their rules name."""

from __future__ import annotations

import sys

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import config_option, dry_run_option, identity_option, yes_option
from secrets_gitops.errors import SettingsError


@click.command(
    name="updatekeys",
    help="Give files the recipients that their creation rules name. Values, data key and MAC stay as they are: who was"
    " removed can still read what git's history holds.",
)
@yes_option
@dry_run_option
@config_option
@identity_option
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def command(
    files: tuple[str, ...], config: str | None, identities: tuple[str, ...], *, yes: bool, dry_run: bool
) -> None:
    """Show what would change, ask, then do all of it in memory before the first file is written."""
    from secrets_gitops.cli import sops_files
    from secrets_gitops.encrypted_files import updatekeys
    from secrets_gitops.keys.keyring import Keyring

    plans = [(path, updatekeys.plan(sops_files.read_sealed(path), config=config)) for path in files]
    for place, text in dict.fromkeys(warning for _, plan in plans for warning in plan.warnings):
        console.warn(f"{place}: {text}")
    changing = [(path, plan) for path, plan in plans if plan.changes]
    for path, plan in plans:
        if (path, plan) in changing:
            console.note(f"{path}:")
            for line in plan.lines:
                console.note(f"  {line}")
        else:
            console.note(f"{path} has the recipients of its rule already")
    if not changing or dry_run:
        return
    if not yes:
        _ask()
    keyring = Keyring.local(identities)
    now = sops_files.now()
    done = [(path, updatekeys.apply(plan, keyring, now)) for path, plan in changing]
    for path, applied in done:
        sops_files.write(path, applied.document.to_bytes(), f"updated the recipients of {path}")
        for note in applied.notes:
            console.warn(note)
    if any(plan.remove for _, plan in changing):
        console.note(
            "hint: who was removed may keep what they could read until now: change the values where that matters"
        )


def _ask() -> None:
    """Raise SettingsError where nobody can be asked, click's Abort when the answer is no."""
    if not sys.stdin.isatty():
        raise SettingsError("nobody can be asked here: standard input is no terminal", hints=("say `--yes`",))
    click.confirm("change these recipients?", abort=True, err=True)
