"""`sops exec-file`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.cli.drop_in import flags, running
from secrets_gitops.cli.drop_in.arguments import Flag
from secrets_gitops.cli.drop_in.decrypt import plaintext
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, Stop
from secrets_gitops.cli.drop_in.running import BACKGROUND, USER, sops_command

if TYPE_CHECKING:
    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

FLAGS = (
    BACKGROUND, Flag("no-fifo", "a regular file in place of a pipe with a name", "switch"), USER,
    flags.INPUT_TYPE, flags.OUTPUT_TYPE, Flag("filename", "how the file is called"), flags.ORDER, *flags.KEY_SERVICE,
)  # fmt: skip
_NAME = "tmp-file"


def run(here: Session, given: Arguments) -> int:
    """Start the command, with the path of the plaintext in place of `{}`."""
    from secrets_gitops.cli import plaintext_files
    from secrets_gitops.cli.hardening import harden
    from secrets_gitops.encrypted_files.private_folder import private_folder

    path, command = sops_command(given)
    name = given.text("filename") or _NAME
    if "/" in name or name in {".", ".."}:
        raise Stop(GENERIC, "`--filename` is a name, not a path")
    here.loaded_rules()
    data = plaintext(here, given, path, path)
    account = running.account(given.text("user"))
    environ = dict(here.environ) | (account.variables if account is not None else {})
    harden()
    with private_folder(here.environ, allow_disk=True) as folder:
        owner = (account.uid, account.gid) if account is not None else None
        with plaintext_files.placed(folder, name, data, fifo=not given.switch("no-fifo"), owner=owner) as shown:
            return running.run(command.replace("{}", shown), environ, account)
