"""`git`: install the hooks that refuse plaintext, and the drivers that show and merge encrypted files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console, git_merge, git_textconv
from secrets_gitops.cli.options import dry_run_option
from secrets_gitops.cli.steps import say
from secrets_gitops.errors import SettingsError
from secrets_gitops.repository import drivers, git, hooks

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERBS = {"make": "made", "renew": "renewed", "chain": "made", "keep": "kept"}

hook_option = click.option(
    "--hook", "names", multiple=True, type=click.Choice(hooks.NAMES), default=hooks.NAMES, help="Only this; repeatable."
)


@click.group(name="git", help="Install the git hooks, and the drivers that show and merge encrypted files.")
def command() -> None:
    """Hold the commands of this file."""


command.add_command(git_merge.command)
command.add_command(git_textconv.command)


@command.command(
    help="Install plain git hooks that look at what is staged, at commit messages and at what is pushed, and the"
    " drivers by which git shows and merges encrypted files by key. A hook framework needs no hooks of ours:"
    " `--drivers-only`."
)
@hook_option
@click.option("--chain", is_flag=True, help="Keep a hook that is there, and run it after ours.")
@click.option("--drivers-only", is_flag=True, help="No hooks.")
@dry_run_option
def install(names: tuple[str, ...], *, chain: bool, drivers_only: bool, dry_run: bool) -> None:
    """Write the hooks and drivers of the repository that we stand in. Who names a hook gets that hook alone."""
    hooks.check_interpreter()
    root = repository_root(".")
    settings = drivers.plan(root) if drivers_only or names == hooks.NAMES else None
    if not drivers_only:
        install_hooks(root, names, chain=chain, dry_run=dry_run)
    if settings is not None:
        _install_drivers(root, settings, dry_run=dry_run)


def _install_drivers(root: str, settings: drivers.Settings, *, dry_run: bool) -> None:
    if not dry_run:
        drivers.install(root, settings)
    remark = "" if settings.action == "keep" else "names the files; commit it"
    say(_VERBS[settings.action], settings.path, remark=remark, dry_run=dry_run)
    verb = "set" if settings.config else "kept"
    say(verb, drivers.config_file(root), remark="the drivers that show and merge them", dry_run=dry_run)


@command.command(help="Remove our git hooks and drivers, and put back the hooks that were there before.")
@hook_option
def uninstall(names: tuple[str, ...]) -> None:
    """Remove the hooks of the repository that we stand in; all of them: the drivers too."""
    root = repository_root(".")
    removed = hooks.uninstall(root, names)
    for path in removed:
        say("removed", path)
    drove = drivers.uninstall(root) if names == hooks.NAMES else ()
    for what in drove:
        console.note(f"removed  {what}")
    if not removed and not drove:
        console.note("no hook of secrets-gitops is here")


def repository_root(folder: str) -> str:
    """The root of the repository that `folder` is in. Raises SettingsError when it is in none."""
    root = git.root_of(folder)
    if root is None and git.is_bare(folder):
        raise SettingsError(
            f"`{os.path.abspath(folder)}` is a bare repository, which has no files of its own",
            hints=("stand in a clone; what a server receives, `secrets-gitops lint --pre-receive` scans",),
        )
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
            "`core.hooksPath` leads out of git's own folder, and the hook names the Python of this machine",
            hints=("do not commit it; where a team shares hooks, add ours to its hook framework instead",),
        )
