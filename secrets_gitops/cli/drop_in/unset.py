"""`sops unset`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import change, flags
from secrets_gitops.cli.drop_in.exit_codes import BAD_SET, NO_FILE, Stop
from secrets_gitops.cli.drop_in.index_path import keys_of

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

FLAGS = (
    flags.INPUT_TYPE, flags.OUTPUT_TYPE, flags.THRESHOLD, flags.IGNORE_MAC, flags.ORDER, flags.IDEMPOTENT,
    *flags.KEY_SERVICE,
)  # fmt: skip


def run(here: Session, given: Arguments) -> int:
    """Change the file."""
    if len(given.positional) != 2:
        raise Stop(NO_FILE, "2 arguments are needed: FILE INDEX")
    path, index = given.positional
    return change.unset_value(here, given, path, keys_of(index, BAD_SET))
