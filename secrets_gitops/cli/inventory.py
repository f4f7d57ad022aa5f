"""`inventory`: every encrypted file, its recipients, rule, age and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import batch, console
from secrets_gitops.cli.options import config_option
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.encrypted_files.inventory import Item


@click.command(
    name="inventory",
    help="List the encrypted files: who can read each, by which rule, how old it is and whether all is as it should"
    " be. Needs no key. Without files: all of the repository, with the files that a rule covers by name and that are"
    " not encrypted.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@config_option
@batch.files_argument
def command(files: tuple[str, ...], config: str | None, form: str) -> int:
    """Look at every file, then print. Exit code 1: something is not as it should be."""
    from secrets_gitops.encrypted_files import inventory, selected

    sealed = selected.sealed(files, every=not files)
    paths = dict.fromkeys(sealed.files)
    if sealed.searched:
        covered = selected.plain(files, every=not files, config=config, by_name=True)
        paths.update(dict.fromkeys(covered.files))
    items = [inventory.look(path, config=config) for path in sorted(paths)]
    console.write(_json(items) if form == "json" else _text(items))
    return int(any(item.state != "good" for item in items))


def _json(items: Sequence[Item]) -> str:
    import json

    trees = [{**item._asdict(), "recipients": [one._asdict() for one in item.recipients]} for item in items]
    return json.dumps({"files": trees}, indent=2, ensure_ascii=False) + "\n"


def _text(items: Sequence[Item]) -> str:
    lines = []
    width = max((len(item.path) for item in items), default=0)
    for item in items:
        age = "" if item.age_days is None else f"{item.age_days} d"
        count = len(item.recipients)
        who = f"{count} recipient{'s' * (count != 1)}" if count else ""
        if item.threshold:
            groups = max(one.group for one in item.recipients)
            who += f" in {groups} groups, {item.threshold} needed"
        columns = [f"{item.path:{width}}", f"{item.state:9}", f"{age:>6}", f"{who:13}", item.rule]
        lines.append("  ".join(columns).rstrip())
        lines += [f"    {one.kind} {one.recipient}" for one in item.recipients]
        if item.problem:
            lines.append(f"    problem: {item.problem}")
    good = sum(item.state == "good" for item in items)
    lines.append(f"{len(items)} file{'s' * (len(items) != 1)}, {good} good")
    return "\n".join(printable(line) for line in lines) + "\n"
