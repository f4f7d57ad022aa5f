"""A click group over a table of names, and click's complaints as errors of ours."""

from __future__ import annotations

import difflib
import importlib

import click

from secrets_gitops.errors import SettingsError


class LazyGroup(click.Group):
    """Imports `secrets_gitops.cli.<module>` when its command is called; help comes from the table alone."""

    def __init__(self, name: str, table: dict[str, tuple[str, str]], *, help: str) -> None:  # noqa: A002  click's word
        super().__init__(name, help=help, context_settings={"help_option_names": ["-h", "--help"]})
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names in the order of the table, which follows a user's way and not the alphabet."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now; None when there is none of that name."""
        if cmd_name not in self.table:
            return None
        command = importlib.import_module(f"secrets_gitops.cli.{self.table[cmd_name][0]}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table; no command is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with the nearest names in the hint."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.table)
            hints = (f"did you mean {' or '.join(f'`{name}`' for name in near)}?",) if near else ()
            raise SettingsError(f"no such command: `{args[0]}`", hints=(*hints, "see `secrets-gitops --help`"))
        return super().resolve_command(ctx, args)


def usage_error(error: click.ClickException) -> SettingsError:
    """Click's complaint in our form: one line without capital and full stop, and the help to look at."""
    text = error.format_message().rstrip(".")
    known = error.ctx if isinstance(error, click.UsageError) else None
    hints = (f"see `{known.command_path if known is not None else 'secrets-gitops'} --help`",)
    return SettingsError(text[:1].lower() + text[1:], hints=hints)
