"""Commands started by `exec-env` and `exec-file`: through the shell, as sops starts them, perhaps as another user."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from secrets_gitops.cli import child, console
from secrets_gitops.cli.child import Account
from secrets_gitops.cli.drop_in.arguments import Flag
from secrets_gitops.cli.drop_in.exit_codes import GENERIC, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.cli.drop_in.arguments import Arguments

BACKGROUND = Flag("background", "refused: the plaintext would outlive this command", "switch")
PRISTINE = Flag("pristine", "give the command the values alone, without the environment", "switch")
SAME_PROCESS = Flag("same-process", "let the command take the place of this process", "switch")
USER = Flag("user", "the user to run the command as")
_SHELL = "/bin/sh"
_BY_SIGNAL = 255
"""sops' code when a signal ended the command."""


def sops_command(given: Arguments) -> tuple[str, str]:
    """The file and the command line. Raises Stop."""
    if given.switch("background"):
        raise Stop(
            GENERIC,
            "`--background` is not taken: the plaintext would outlive this command",
            hints=("put `&` into the shell command instead",),
        )
    if len(given.positional) != 2:
        raise Stop(
            GENERIC,
            "2 arguments are needed: FILE COMMAND",
            hints=("the command is one word for the shell: put it in quotes",),
        )
    return given.positional[0], given.positional[1]


def account(name: str) -> Account | None:
    """A user of this machine; None for no name. Raises Stop."""
    if not name:
        return None
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise Stop(GENERIC, f"there is no user `{name}`") from None
    groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid))
    variables = {"USER": entry.pw_name, "LOGNAME": entry.pw_name, "HOME": entry.pw_dir}
    return Account(entry.pw_uid, entry.pw_gid, groups, variables)


def run(command: str, environ: Mapping[str, str], user: Account | None) -> int:
    """Run a shell command to its end. Its exit code."""
    try:
        code = child.run([_SHELL, "-c", command], environ, user)
    except OSError as error:
        raise Stop(GENERIC, f"cannot start the command: {(error.strerror or 'unknown reason').lower()}") from error
    if code < 0:
        console.note(f"the command was ended by {signal.Signals(-code).name}")
        return _BY_SIGNAL
    return code


def become(command: str, environ: Mapping[str, str], user: Account | None) -> int:
    """Let a shell command take our place."""
    # Python ignores these two, and what is ignored stays so across exec.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        if user is not None:
            os.setgroups(user.groups)
            os.setgid(user.gid)
            os.setuid(user.uid)
        os.execve(_SHELL, [_SHELL, "-c", command], environ)  # noqa: S606  sops' own way
    except OSError as error:
        raise Stop(GENERIC, f"cannot start the command: {(error.strerror or 'unknown reason').lower()}") from error
