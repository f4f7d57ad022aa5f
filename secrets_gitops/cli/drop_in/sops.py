"""`secrets-gitops sops …`, or a link named `sops`: the command line of sops 3.13.3 on top of our verbs.

Here the arguments are parted: flags before the subcommand, the subcommand and its own; without one it is the old style,
where flags say what to do. Which command takes what stands in its module. The guide `sops-drop-in` lists what is other
than in sops, and why.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from secrets_gitops import __version__
from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in import audit, exit_codes, flags
from secrets_gitops.cli.drop_in.arguments import parse
from secrets_gitops.cli.drop_in.exit_codes import Stop
from secrets_gitops.cli.drop_in.session import Session
from secrets_gitops.errors import Error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.cli.drop_in.arguments import Flag

LIKE = "3.13.3"
"""The sops whose command line this is."""

COMMANDS: dict[str, tuple[str, str, str]] = {
    "encrypt": ("encrypt", "[FILE]", "encrypt a file, or standard input"),
    "decrypt": ("decrypt", "[FILE]", "decrypt a file, or standard input"),
    "edit": ("edit", "FILE", "change an encrypted file in an editor"),
    "set": ("set", "FILE INDEX [VALUE]", "set a value of an encrypted file; VALUE is JSON"),
    "unset": ("unset", "FILE INDEX", "remove a value of an encrypted file"),
    "rotate": ("rotate", "FILE", "give a file a new data key, and other keys where flags say so"),
    "updatekeys": ("updatekeys", "FILE…", "give files the keys that the rules name"),
    "groups add": ("groups_add", "", "add a key group to a file"),
    "groups delete": ("groups_delete", "INDEX", "remove a key group from a file"),
    "filestatus": ("filestatus", "FILE", "say whether a file is encrypted"),
    "exec-env": ("exec_env", "FILE COMMAND", "run a command with the values of a file in its environment"),
    "exec-file": ("exec_file", "FILE COMMAND", "run a command with the plaintext of a file in place of `{}`"),
    "publish": ("publish", "FILE", "copy a file or a folder to where the rules say"),
    "completion": ("completion", "bash|zsh", "print a script that completes commands in a shell"),
    "keyservice": ("keyservice", "", "refused: keys are not lent over the network"),
}
"""Command → (module, what it takes, what it does)."""
_GROUPS = {"groups": ("add", "delete")}
_COMPLETE = "--generate-bash-completion"


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Carry out one command line of sops. Its exit code."""
    try:
        return _dispatch(list(arguments), environ)
    except Stop as stop:
        if stop.error is not None:
            console.show(stop.error)
        return stop.code
    except Error as error:
        console.show(error)
        return exit_codes.code_of(error)
    except KeyboardInterrupt:
        console.note("interrupted")
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.CANNOT_WRITE
    except OSError as error:
        from secrets_gitops.cli.os_errors import translated

        console.show(translated(error))
        return exit_codes.GENERIC
    except Exception as error:  # noqa: BLE001  as in `cli.main`: a bug ends here
        from secrets_gitops.cli.bug_report import report

        report(error)
        return exit_codes.OUR_BUG


def _dispatch(arguments: list[str], environ: Mapping[str, str]) -> int:
    from secrets_gitops.cli.drop_in import help_text, old_style

    if arguments[-1:] == [_COMPLETE]:
        from secrets_gitops.cli.drop_in import completion

        console.write(completion.words(arguments[:-1]))
        return 0
    given = parse(arguments, old_style.FLAGS, environ, to_first=True)
    name, rest = _command(given.positional)
    if given.switch("version"):
        console.write(f"sops {LIKE} (secrets-gitops {__version__})\n")
        return 0
    if given.switch("help") or name == "help":
        console.write(help_text.overview())
        return 0
    if name in _GROUPS:
        console.write(help_text.group(name, _GROUPS[name]))
        return 0
    if name is None:
        audit.refuse(environ)
        return old_style.run(Session(given, environ), given)
    module = importlib.import_module(f"secrets_gitops.cli.drop_in.{COMMANDS[name][0]}")
    own: tuple[Flag, ...] = (*module.FLAGS, old_style.HELP)
    command = parse(rest, own, environ, to_first=False)
    if command.switch("help"):
        console.write(help_text.command(name, own))
        return 0
    if name not in {"completion", "keyservice", "filestatus"}:
        audit.refuse(environ)
    for flag in sorted(given.named - {flag.name for flag in flags.GLOBAL}):
        console.warn(f"`--{flag}` stands before the subcommand, where it has no effect; put it behind `{name}`")
    code: int = module.run(Session(given, environ), command)
    return code


def _command(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The subcommand that the words begin with, and the rest. None in the old style. Raises Stop."""
    if not words:
        return None, []
    first, rest = words[0], list(words[1:])
    if first in {"help", "h"}:
        return "help", rest
    if first not in _GROUPS:
        return (first, rest) if first in COMMANDS else (None, list(words))
    if not rest or rest[0] in {"-h", "--help", "help", "h"}:
        return first, []
    if rest[0] not in _GROUPS[first]:
        raise Stop(exit_codes.CANNOT_WRITE, f"`{first}` has no command `{rest[0]}`")  # sops has 3 for it
    return f"{first} {rest[0]}", rest[1:]


def main() -> None:
    """Entry point."""
    arguments = sys.argv[1:]
    if os.path.basename(sys.argv[0]) != "sops":
        arguments = arguments[1:]
    from secrets_gitops.cli import interrupts

    interrupts.become_exceptions()
    sys.exit(run(arguments, os.environ))
