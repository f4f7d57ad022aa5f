"""`exec`: a command started with the references in its environment resolved; nothing is written to disk.

The command takes the place of this process, so signals, the terminal and its exit code are its own. With `--file` it
runs as our child: what it was given to read is removed after it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli import console
from secrets_gitops.cli.resolving import Resolving, resolving_options
from secrets_gitops.errors import DocumentError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.keys.keyring import Keyring

KEY_VARIABLES = (
    "SOPS_AGE_KEY",
    "SOPS_AGE_KEY_FILE",
    "SOPS_AGE_KEY_CMD",
    "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
    "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
    "SECRETS_GITOPS_SEALING_KEYS",
)
"""They opened the files; the command gets the values, not the keys to all others."""

_CANNOT_EXECUTE, _NOT_FOUND = 126, 127  # as shells and env(1) say it


@click.command(
    name="exec",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="[OPTIONS] [--]",
)
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND [ARGUMENT]…")
@click.option(
    "--env", "env_files", multiple=True, metavar="FILE",
    help="Take the variables from this file (YAML, JSON, dotenv), encrypted or not, and no others.",
)  # fmt: skip
@click.option(
    "--file",
    "plaintexts",
    multiple=True,
    metavar="NAME=FILE",
    help="Let the command read the plaintext of FILE: the variable NAME holds the path of a pipe.",
)
@click.option("--no-fifo", is_flag=True, help="With --file: a regular file in memory in place of a pipe.")
@click.option("--allow-disk", is_flag=True, help="With --no-fifo: also where there is no memory file system.")
@click.option("-i", "--inherit", is_flag=True, help="With --env: add the variables of the current environment.")
@click.option("--keep-keys", is_flag=True, help="Let the command see the variables that name your private keys.")
@resolving_options
def command(
    arguments: tuple[str, ...],
    env_files: tuple[str, ...],
    plaintexts: tuple[str, ...],
    identities: tuple[str, ...],
    *,
    no_fifo: bool,
    allow_disk: bool,
    inherit: bool,
    keep_keys: bool,
    allow_outside: bool,
    timeout: float,
) -> int:
    """Run COMMAND with the references in its environment resolved.

    Without --env the current environment is searched for references. Nothing is started unless all of them resolve.
    The exit code is the command's own; 126 when it cannot be executed, 127 when it is not found.
    """
    from secrets_gitops.cli import plaintext_files
    from secrets_gitops.cli.environment import of_file, resolved
    from secrets_gitops.cli.hardening import core_limit, harden
    from secrets_gitops.encrypted_files.private_folder import private_folder

    program = shutil.which(arguments[0])
    if program is None:
        exists = os.path.dirname(arguments[0]) and os.path.exists(arguments[0])
        console.note(f"error: {'cannot execute' if exists else 'there is no command'} `{arguments[0]}`")
        return _CANNOT_EXECUTE if exists else _NOT_FOUND
    limit = harden()
    resolving = Resolving(identities, allow_outside, timeout)
    wanted: dict[str, tuple[str, str]] = {}
    if inherit or not env_files:
        wanted |= {name: (value, "the environment") for name, value in os.environ.items()}
    if not keep_keys:
        wanted = {name: value for name, value in wanted.items() if name not in KEY_VARIABLES}
    for path in env_files:
        wanted |= of_file(path, lambda: resolving.keyring)
    environ = resolved(wanted, resolving.resolver())
    contents = [_plaintext(text, lambda: resolving.keyring) for text in plaintexts]
    if limit is not None:
        core_limit(limit)
    if not contents:
        return _become(program, arguments, environ)
    with private_folder(os.environ, allow_disk=allow_disk or not no_fifo) as folder, contextlib.ExitStack() as placed:
        for number, (name, path, data) in enumerate(contents):
            os.mkdir(home := os.path.join(folder, str(number)), 0o700)
            base = os.path.basename(path)
            environ[name] = placed.enter_context(plaintext_files.placed(home, base, data, fifo=not no_fifo))
        return _run(program, arguments, environ)


def _plaintext(text: str, keyring: Callable[[], Keyring]) -> tuple[str, str, bytes]:
    """The variable, the file and its plaintext for `NAME=FILE`; a file that is not encrypted is given as it is."""
    from secrets_gitops.encrypted_files import decrypt, encrypt
    from secrets_gitops.repository import files

    name, equals, path = text.partition("=")
    if not name or not equals or not path:
        raise SettingsError("`--file` takes NAME=FILE: the name of a variable, and a file")
    data = files.read(path)
    try:
        document = decrypt.read_sealed(data, path)
    except DocumentError:
        return name, path, data
    return name, path, decrypt.text(decrypt.decrypt(document, keyring())) if encrypt.is_sealed(document) else data


def _run(program: str, arguments: tuple[str, ...], environ: Mapping[str, str]) -> int:
    """Run the program as our child. Its exit code, or as shells say it that a signal ended it."""
    from secrets_gitops.cli import child

    try:
        code = child.run(arguments, environ, program=program)
    except OSError as error:
        console.note(f"error: cannot execute `{arguments[0]}`: {(error.strerror or 'unknown reason').lower()}")
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _CANNOT_EXECUTE
    return code if code >= 0 else 128 - code


def _become(program: str, arguments: tuple[str, ...], environ: Mapping[str, str]) -> int:
    """Start the program in our place; comes back only when that is not possible."""
    # Python ignores these two, and what is ignored stays so across exec: `yes | head` would not end.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(program, arguments, environ)  # noqa: S606  no shell is the point
    except OSError as error:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        console.note(f"error: cannot execute `{arguments[0]}`: {(error.strerror or 'unknown reason').lower()}")
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _CANNOT_EXECUTE
