"""`git`: install the hooks that refuse plaintext."""

from __future__ import annotations

import os

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import dry_run_option
from secrets_gitops.errors import SettingsError
from secrets_gitops.repository import git, hooks

_DONE = {"make": "made", "renew": "renewed", "chain": "made", "keep": "kept"}

hook_option = click.option(
    "--hook",
    "names",
    multiple=True,
    type=click.Choice(hooks.NAMES),
    default=hooks.NAMES,
    help="Only this hook; repeatable.",
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
    install_hooks(repository_root("."), names, chain=chain, dry_run=dry_run)


@command.command(help="Remove our git hooks, and put back those that were there before.")
@hook_option
def uninstall(names: tuple[str, ...]) -> None:
    """Remove the hooks of the repository that we stand in."""
    removed = hooks.uninstall(repository_root("."), names)
    for path in removed:
        console.note(f"removed  {shown(path)}")
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


def install_hooks(root: str, names: tuple[str, ...], *, chain: bool, dry_run: bool) -> None:
    """Install hooks and say line by line what was done. Raises as `hooks.plan` does, before anything is written."""
    hooks.check_interpreter()
    steps = hooks.plan(root, names, chain=chain)
    if not dry_run:
        hooks.install(steps)
    for path, action in steps:
        console.note(f"{done(_DONE[action], dry_run=dry_run)}  {shown(path)}")
        if action == "chain":
            console.note(
                f"      the hook that was there is {os.path.basename(path)}{hooks.CHAINED} now, and runs after ours"
            )
    if hooks.are_shared(root):
        console.warn(
            "git's `core.hooksPath` leads out of this clone, and the hook names the Python of this machine",
            hints=("do not commit it; where all use a hook framework, add our hook there instead",),
        )


def done(verb: str, *, dry_run: bool) -> str:
    """`made` or `would be made`; what is kept is kept either way."""
    return f"would be {verb}" if dry_run and verb != "kept" else verb


def shown(path: str) -> str:
    """`path` as a person types it here."""
    near = os.path.relpath(path)
    return path if near.startswith("../..") else near
