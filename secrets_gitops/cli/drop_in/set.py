"""`sops set`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import change, flags
from secrets_gitops.cli.drop_in.arguments import Flag
from secrets_gitops.cli.drop_in.exit_codes import BAD_SET, GENERIC, NO_FILE, Stop, stage
from secrets_gitops.cli.drop_in.index_path import keys_of

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

FLAGS = (
    flags.INPUT_TYPE, flags.OUTPUT_TYPE,
    Flag("value-file", "VALUE names a file that holds the value", "switch"),
    Flag("value-stdin", "the value is on standard input", "switch"),
    flags.THRESHOLD, flags.IGNORE_MAC, flags.ORDER, flags.IDEMPOTENT, *flags.KEY_SERVICE,
)  # fmt: skip


def run(here: Session, given: Arguments) -> int:
    """Change the file."""
    from_file, from_stdin = given.switch("value-file"), given.switch("value-stdin")
    if from_file and from_stdin:
        raise Stop(GENERIC, "`--value-file` and `--value-stdin` exclude each other")
    needed = 2 if from_stdin else 3
    if len(given.positional) != needed:
        raise Stop(NO_FILE, f"{needed} arguments are needed: FILE INDEX{'' if from_stdin else ' VALUE'}")
    path, index = given.positional[:2]
    steps = keys_of(index, BAD_SET)
    text = _stdin() if from_stdin else _content(given.positional[2]) if from_file else given.positional[2]
    return change.set_value(here, given, path, steps, change.parsed(text))


def _stdin() -> str:
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _content(path: str) -> str:
    from secrets_gitops.repository import files

    with stage(GENERIC):
        return files.read(path).decode("utf-8", "replace")
