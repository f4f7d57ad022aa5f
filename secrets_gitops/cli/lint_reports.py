"""Where the reports of `lint` go: the formats that were asked for, each to standard output or to a file."""

from __future__ import annotations

import os
import sys
import time

import click

from secrets_gitops.cli import console
from secrets_gitops.errors import SettingsError
from secrets_gitops.lint.report.formats import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.lint.engine import Report
    from secrets_gitops.lint.report.facts import Facts


def formats(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Format and file of each `FORMAT[=FILE]`; an empty file stands for `-o`, or standard output."""
    out = []
    for value in values or ("text",):
        name, equals, file = value.partition("=")
        if name not in FORMATS:
            known = ", ".join(f"`{known}`" for known in FORMATS)
            raise click.BadParameter(f"`{name}` is not one of {known}", ctx, param)
        if equals and not file:
            raise click.BadParameter(f"`{value}` names no file", ctx, param)
        out.append((name, file))
    return tuple(out)


def destinations(asked: Sequence[tuple[str, str]], output: str | None) -> list[tuple[str, str]]:
    """Format and file of each report; `-` is standard output. Refuses two reports for one place, and none for `-o`."""
    if output and all(file for _, file in asked):
        raise SettingsError("`-o` names a file, and every format has one already", hints=("leave one of them out",))
    out = [(form, file or output or "-") for form, file in asked]
    places = [file if file == "-" else os.path.realpath(file) for _, file in out]
    for (_, file), here in zip(out, places, strict=True):
        if places.count(here) > 1:
            place = "standard output" if file == "-" else f"`{file}`"
            raise SettingsError(
                f"two reports would go to {place}", hints=("give all but one a file: `--format sarif=FILE`",)
            )
        if os.path.isdir(file):
            raise SettingsError(f"`{file}` is a folder", hints=("name a file",))
    return out


def now() -> str:
    """The time in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())


def write(report: Report, facts: Facts, writers: Sequence[tuple[str, str]], root: str, revision: str) -> None:
    """Write every report of what was scanned at `root`, complete or not. Raises FileError for a file that cannot be.

    `revision` is the commit that lies under it, if there is one.
    """
    from secrets_gitops.lint.report import formats as writing

    if revision and any(form == "sarif" for form, _ in writers):
        from secrets_gitops.repository.revision import revision_of

        facts = facts._replace(revision=revision_of(root, revision))
    for form, file in writers:
        if file == "-":
            colour = console.has_colour(sys.stdout)
            console.write(writing.write(form, report, facts._replace(colour=colour)))
        else:
            _put(file, writing.write(form, report, facts).encode())


def _put(path: str, data: bytes) -> None:
    """Give a file this content, whole or not at all; what is no file (`/dev/null`, a pipe) is written to."""
    from secrets_gitops.repository import files

    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as stream:
            stream.write(data)
    else:
        files.replace(path, data, mode=0o644)
