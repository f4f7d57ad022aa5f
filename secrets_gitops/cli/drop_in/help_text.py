"""What `--help` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.cli.drop_in.arguments import Flag


def overview() -> str:
    """All commands, and the flags before them."""
    from secrets_gitops.cli.drop_in import old_style
    from secrets_gitops.cli.drop_in.sops import COMMANDS

    commands = [(name, text) for name, (_, _, text) in COMMANDS.items()]
    return (
        "sops, as secrets-gitops has it: an editor of encrypted files\n\n"
        "Usage: sops [FLAGS] COMMAND [FLAGS] …\n"
        "       sops [FLAGS] FILE          edits the file, or does what a flag says\n\n"
        f"Commands:\n{_table(commands)}\n"
        f"Flags before a command, and in the old style:\n{_flags(old_style.FLAGS)}"
    )


def group(name: str, commands: Sequence[str]) -> str:
    """The commands of a group."""
    from secrets_gitops.cli.drop_in.sops import COMMANDS

    table = _table([(one, COMMANDS[f"{name} {one}"][2]) for one in commands])
    return f"Usage: sops {name} COMMAND [FLAGS] …\n\nCommands:\n{table}"


def command(name: str, flags: Sequence[Flag]) -> str:
    """One command and its flags."""
    from secrets_gitops.cli.drop_in.sops import COMMANDS

    _, takes, text = COMMANDS[name]
    usage = f"sops {name} [FLAGS] {takes}".rstrip()
    listed = f"\n\nFlags:\n{_flags(flags)}" if flags else "\n"
    return f"Usage: {usage}\n\n{text[:1].upper()}{text[1:]}.{listed}"


def _flags(flags: Sequence[Flag]) -> str:
    return _table([(flag.usage, flag.help + (f" [${flag.variable}]" if flag.variable else "")) for flag in flags])


def _table(rows: Sequence[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in rows), default=0)
    return "".join(f"  {name.ljust(width)}  {text}".rstrip() + "\n" for name, text in rows)
