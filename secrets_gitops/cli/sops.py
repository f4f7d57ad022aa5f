"""`sops`: listed among our commands here; `cli.drop_in` has its own arguments, and `main` starts it without click."""

from __future__ import annotations

import os

import click


@click.command(
    name="sops",
    help="Take the arguments of sops 3.13.3, its environment and its exit codes. A link named `sops` to this program"
    " does the same. `secrets-gitops sops --help` lists the commands.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
    options_metavar="[FLAGS]",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND] …")
def command(arguments: tuple[str, ...]) -> int:
    """Hand the arguments on."""
    from secrets_gitops.cli.drop_in import sops

    return sops.run(arguments, os.environ)
