"""`doctor`: what is not set up in this repository and on this machine, or would not work and not say so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.cli.doctor_view import Trouble


@click.command(
    help="Say what is not set up in this repository and on this machine, or would not work in silence: hooks, rules,"
    " keys, drivers, certificates, programs, CI. Each with the command that mends it. Exit 1: something is wrong."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def command(form: str) -> int:
    """Look, then print."""
    from datetime import UTC, datetime

    from secrets_gitops.cli import doctor_git, doctor_machine, doctor_rules, doctor_view
    from secrets_gitops.cli.git import repository_root

    view = doctor_view.look(repository_root("."))
    found = [
        *doctor_git.check(view),
        *doctor_rules.check(view, datetime.now(UTC)),
        *doctor_machine.check(view, os.environ),
    ]
    found.sort(key=lambda trouble: not trouble.grave)
    console.write(_json(found) if form == "json" else _text(found, len(view.paths), len(view.encrypted)))
    return int(any(trouble.grave for trouble in found))


def _text(found: Sequence[Trouble], files: int, encrypted: int) -> str:
    lines = []
    for trouble in found:
        lines += [
            f"{'wrong' if trouble.grave else 'note'}: {trouble.what}",
            f"  why: {trouble.why}",
            f"  fix: {trouble.fix}",
        ]
    grave = sum(trouble.grave for trouble in found)
    sums = f"{grave} thing{'s' * (grave != 1)} wrong" if grave else "all is well"
    lines.append(f"{sums}; {files} file{'s' * (files != 1)}, {encrypted} of them encrypted")
    return "".join(f"{printable(line)}\n" for line in lines)


def _json(found: Sequence[Trouble]) -> str:
    import json

    return json.dumps({"schema": 1, "troubles": [one._asdict() for one in found]}, indent=2, ensure_ascii=False) + "\n"
