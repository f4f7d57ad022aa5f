"""sops without a subcommand: flags say what to do with the file that follows them.

Flags behind the file are refused. sops passes over them, so that `sops -d FILE --extract …` prints the whole file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in import flags, recipients, session
from secrets_gitops.cli.drop_in.arguments import Flag
from secrets_gitops.cli.drop_in.exit_codes import (
    BAD_SET,
    CONFLICTING_FLAGS,
    KEYS_ON_MISSING_FILE,
    NO_FILE,
    Stop,
)

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

HELP = Flag("help", "show this", "switch", "h")
FLAGS = (
    Flag("decrypt", "decrypt the file", "switch", "d"),
    Flag("encrypt", "encrypt the file", "switch", "e"),
    Flag("rotate", "give the file a new data key", "switch", "r"),
    Flag("set", """set a value of the file: '["key"][0] "value"'"""),
    *flags.RECIPIENTS, flags.IN_PLACE, flags.EXTRACT, flags.INPUT_TYPE, flags.OUTPUT_TYPE, flags.SHOW_KEYS,
    *flags.CHANGED_RECIPIENTS[:-1], flags.IGNORE_MAC, *flags.SELECTORS, flags.THRESHOLD, flags.OUTPUT, flags.OVERRIDE,
    flags.ORDER, *flags.KEY_SERVICE, *flags.GLOBAL, HELP, Flag("version", "print the version", "switch", "v"),
)  # fmt: skip


def run(here: Session, given: Arguments) -> int:
    """Do what the flags say; without one of them, edit the file."""
    chosen = [name for name in ("encrypt", "decrypt", "rotate") if given.switch(name)]
    if given.text("set"):
        chosen.append("set")
    path = session.only_file(given)
    if path is None:
        raise Stop(NO_FILE, "no file is named", hints=("see `sops --help`",))
    if len(chosen) > 1:
        what = " and ".join(f"`--{name}`" for name in chosen)
        raise Stop(CONFLICTING_FLAGS, f"{what} in one command: sops would do them all and keep only the last")
    action = chosen[0] if chosen else "edit"
    changes = [
        f"{verb}-{kind.flag}"
        for verb in ("add", "rm")
        for kind in recipients.KINDS.values()
        if given.text(f"{verb}-{kind.flag}")
    ]
    if changes and not session.exists(path):
        raise Stop(KEYS_ON_MISSING_FILE, "there is no such file, so it has no keys to change", path=path)
    if action in {"decrypt", "encrypt", "rotate"} and not session.exists(path):
        raise Stop(NO_FILE, "there is no such file", path=path)
    if changes and action != "rotate":
        console.warn(f"`--{changes[0]}` has no effect without `--rotate`")
    if action == "set":
        return _set(here, given, path)
    code: int = importlib.import_module(f"secrets_gitops.cli.drop_in.{action}").run(here, given)
    return code


def _set(here: Session, given: Arguments, path: str) -> int:
    """`--set '["key"][0] "value"'`: a path and a value with a blank in between."""
    from secrets_gitops.cli.drop_in import change
    from secrets_gitops.cli.drop_in.index_path import keys_of

    text = given.text("set")
    index, blank, value = text.partition("] ")
    if not blank:
        raise Stop(BAD_SET, "`--set` takes a path and a value", hints=("""write it as '["key"] "value"'""",))
    return change.set_value(here, given, path, keys_of(f"{index}]", BAD_SET), change.parsed(value))
