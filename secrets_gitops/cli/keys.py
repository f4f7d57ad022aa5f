"""`keys`: make an age key, and list the keys that are at hand. A private key is shown only where `-o -` asks for it."""

from __future__ import annotations

import os

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.options import identity_option
from secrets_gitops.errors import SettingsError
from secrets_gitops.printable import printable


@click.group(name="keys", help="Make and list the keys that open files.")
def command() -> None:
    """Hold the commands of this file."""


@command.command(help="Make a new age key in the place where sops looks for it, and print its public half.")
@click.option("-o", "--output", metavar="FILE", help="Write the key to this new file; `-` is standard output.")
@click.option("--type", "kind", type=click.Choice(["age"]), default="age", help="The kind of key; only age so far.")
@click.option(
    "--pq", is_flag=True, help="A post-quantum key (`age1pq…`); needs sops 3.12 or age 1.3 on the other side."
)
def generate(output: str | None, kind: str, *, pq: bool) -> None:  # noqa: ARG001  the choice has one member
    """Write an identity file."""
    from datetime import datetime

    from secrets_gitops.keys import age, age_file, age_sources

    path = output or age_sources.default_file(os.environ)
    if path is None:
        raise SettingsError(
            "there is no home folder to put the key in", hints=("name a file with `-o FILE`, or print it with `-o -`",)
        )
    identity, recipient = age.generate(post_quantum=pq)
    content = age_file.identity_file(identity, recipient, datetime.now().astimezone())
    if path == "-":
        console.write(content.reveal())
    else:
        age_file.write_new(path, content, make_folders=output is None)
        console.note(f"wrote {path}")
    console.note(f"public key: {recipient}")


@command.command(name="list", help="List the keys that would be tried, without their private halves.")
@identity_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def list_keys(identities: tuple[str, ...], form: str) -> None:
    """Print kind, recipient and source of each key; what is there and cannot be used goes to standard error."""
    from secrets_gitops.keys import pgp
    from secrets_gitops.keys.keyring import Keyring

    keyring = Keyring.local(identities)
    rows = [(each.kind, each.recipient, each.source) for each in keyring.identities]
    rows += [(pgp.KIND, fingerprint, "gpg") for fingerprint in pgp.secret_keys(os.environ)]
    if form == "json":
        import json

        names = ("kind", "recipient", "source")
        console.write(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2) + "\n")
    else:
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        for kind, recipient, source in rows:
            console.write(f"{kind:<{widths[0]}}  {recipient or '-':<{widths[1]}}  {printable(source)}\n")
    for problem in keyring.problems:
        console.note(f"not used: {problem.source}: {problem.reason}")
    if not rows:
        console.warn("there is no key here", hints=("make one with `secrets-gitops keys generate`",))
