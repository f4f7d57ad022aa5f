"""`controller`: the in-cluster process."""

from __future__ import annotations

import os

import click

from secrets_gitops.cli import console, controller_manifests, controller_status


@click.group(name="controller", help="Run, install and look at the controller that makes Secrets of custom resources.")
def command() -> None:
    """Hold the commands of this file, and those that have one of their own."""


command.add_command(controller_manifests.command)
command.add_command(controller_status.command)


@command.command(
    name="run",
    help="Run the controller in the foreground. Takes the flags and SEALED_SECRETS_* variables of Bitnami's controller,"
    " in Go's forms, and beside them --enable KIND,…, --kubeconfig FILE and --workers N. Its own namespace is"
    " POD_NAMESPACE.",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[FLAG]…")
@click.pass_context
def run_controller(ctx: click.Context, arguments: tuple[str, ...]) -> int:
    """Run until SIGTERM. Every failure to start exits with 2, as the original's does."""
    from secrets_gitops import __version__
    from secrets_gitops.cli.hardening import harden
    from secrets_gitops.controller import flags
    from secrets_gitops.errors import Error, SettingsError

    if {"--help", "-help", "-h"} & set(arguments):
        console.write(ctx.get_help() + "\n\nFlags:\n" + "".join(f"  {line}\n" for line in flags.listed()))
        return 0
    try:
        given = flags.parse(arguments, os.environ)
        if given.version:
            console.write(f"controller version: {__version__}\n")
            return 0
        harden()
        try:
            from secrets_gitops.controller.run import run
        except ImportError as error:
            raise SettingsError(
                f"the controller needs the Python package `{error.name}`",
                hints=("install the extra: `pip install 'secrets-gitops[controller]'`",),
            ) from None
        return run(given, os.environ)
    except Error as error:
        console.show(error)
        return 2
