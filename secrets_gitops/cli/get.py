"""`get`: one value on standard output, byte for byte, without a line break of our own."""

from __future__ import annotations

import sys

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.resolving import Resolving, resolving_options


class _Command(click.Command):
    """Tells the schemes that there are; they are asked for when help is."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        from secrets_gitops.references.catalog import EXAMPLES

        with formatter.section("References"):
            formatter.write_dl(list(EXAMPLES.items()))


@click.command(name="get", cls=_Command)
@click.argument("reference")
@resolving_options
def command(reference: str, identities: tuple[str, ...], *, allow_outside: bool, timeout: float) -> None:
    """Print the value that REFERENCE stands for.

    REFERENCE is `ref+SCHEME://PATH#/KEY` or any text that holds such references; `-` reads the text from standard
    input. Text is printed as it is, without a line break added; lists and mappings as compact JSON.
    """
    from secrets_gitops.cli.hardening import harden
    from secrets_gitops.references.pick import to_bytes

    text = reference if reference != "-" else sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    harden()
    resolver = Resolving(identities, allow_outside, timeout).resolver()
    value = resolver.one(text)
    if not resolver.find(text):
        console.warn("this text holds no reference", hints=("a reference reads `ref+SCHEME://PATH#/KEY`",))
        console.write(text)
        return
    console.write(to_bytes(value))
