"""`git`: install the hooks that refuse plaintext."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import dry_run_option
from secrets_gitops.cli.steps import say
from secrets_gitops.errors import SettingsError
from secrets_gitops.repository import git, hooks

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERBS = {"make": "made", "renew": "renewed", "chain": "made", "keep": "kept"}

hook_option = click.option(
    "--hook", "names", multiple=True, type=click.Choice(hooks.NAMES), default=hooks.NAMES, help="Only this; repeatable."
)


@click.group(name="git", help="Install the git hooks.")
def command() -> None:
    """Hold the commands of this file."""


@command.command(help="Install plain git hooks that look at what is staged. A hook framework needs none of this.")
@hook_option
@click.option("--chain", is_flag=True, help="Keep a hook that is there, and run it after ours.")
@dry_run_option
def install(names: tuple[str, ...], *, chain: bool, dry_run: bool) -> None:
    """Write the hooks of the repository that we stand in."""
    hooks.check_interpreter()
    install_hooks(repository_root("."), names, chain=chain, dry_run=dry_run)


@command.command(help="Remove our git hooks, and put back those that were there before.")
@hook_option
def uninstall(names: tuple[str, ...]) -> None:
    """Remove the hooks of the repository that we stand in."""
    removed = hooks.uninstall(repository_root("."), names)
    for path in removed:
        say("removed", path)
    if not removed:
        console.note("no hook of secrets-gitops is here")


def repository_root(folder: str) -> str:
    """The root of the repository that `folder` is in. Raises SettingsError when it is in none."""
    root = git.root_of(folder)
    if root is None:
        raise SettingsError(
            f"`{os.path.abspath(folder)}` is not in a git repository", hints=("make one there with `git init`",)
        )
    return root


def install_hooks(root: str, names: Sequence[str], *, chain: bool, dry_run: bool) -> None:
    """Install hooks and say line by line what was done. Raises as `hooks.plan` does, before anything is written."""
    steps = hooks.plan(root, names, chain=chain)
    if not dry_run:
        hooks.install(steps)
    for path, action in steps:
        old = f"the hook that was there runs after it, as {os.path.basename(path)}{hooks.CHAINED}"
        say(_VERBS[action], path, remark=old if action == "chain" else "", dry_run=dry_run)
    if steps and hooks.are_shared(root):
        console.warn(
            "`core.hooksPath` leads out of this clone, and the hook names the Python of this machine",
            hints=("do not commit it; where a team shares hooks, add ours to its hook framework instead",),
        )
