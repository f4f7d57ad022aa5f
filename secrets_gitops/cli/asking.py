"""Questions that a person answers with yes or no, on standard error, so that standard output is for data."""

from __future__ import annotations

import sys

from secrets_gitops.errors import SettingsError
from secrets_gitops.printable import printable


def confirm(question: str) -> None:
    """Go on after a yes. Raises SettingsError where nobody can be asked, click's Abort when the answer is no."""
    import click

    if not sys.stdin.isatty():
        raise SettingsError("nobody can be asked here: standard input is no terminal", hints=("say `--yes`",))
    click.confirm(question, abort=True, err=True)


def agreed(question: str) -> bool:
    """Ask as sops does, on a terminal or not: anything but yes is no, and so is the end of the input."""
    print(f"{printable(question)} (y/n): ", end="", file=sys.stderr, flush=True)  # noqa: T201
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
