"""Where age identities are found: the files a user names, then the places that sops looks in, all used together.

    SOPS_AGE_SSH_PRIVATE_KEY_FILE   a file with an SSH private key
    SOPS_AGE_SSH_PRIVATE_KEY_CMD    a command whose output is an SSH private key
    ~/.ssh/id_ed25519, ~/.ssh/id_rsa
    SOPS_AGE_KEY            identities themselves, parted by blanks or line ends
    SOPS_AGE_KEY_FILE       an identity file
    SOPS_AGE_KEY_CMD        a command whose output is an identity file
    <config>/sops/age/keys.txt   an identity file; <config> is the user's configuration folder of the platform

Commands are run, and passphrases asked for, when an entry needs it and no other key opens it.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import Attempt, Error, KeySourceError, Place
from secrets_gitops.keys import age

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.recipient import Identity

_SSH_NAMES = ("id_ed25519", "id_rsa")


class Found(NamedTuple):
    """What discovery gave: identities, and the sources that are there and gave none."""

    identities: tuple[Identity, ...]
    problems: tuple[Attempt, ...]


def discover(
    identity_files: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    *,
    deadline: Deadline | None = None,
) -> Found:
    """The identities of `identity_files`, which must be usable, and of the environment, which may be broken.

    Raises KeySourceError for a named file.
    """
    environ = os.environ if environ is None else environ
    identities = [
        identity for path in identity_files for identity in read_identity_file(path, ssh=True, deadline=deadline)
    ]
    problems: list[Attempt] = []

    def add(source: str, read: Callable[[], Sequence[Identity]]) -> None:
        try:
            identities.extend(read())
        except Error as error:
            problems.append(Attempt(age.KIND, source, _reason(error)))

    if named := environ.get("SOPS_AGE_SSH_PRIVATE_KEY_FILE"):
        source = f"{named} (SOPS_AGE_SSH_PRIVATE_KEY_FILE)"
        add(source, functools.partial(_read_ssh_file, named, source, deadline))
    _add_command(identities, "SOPS_AGE_SSH_PRIVATE_KEY_CMD", environ, deadline)
    for path in _ssh_files(environ):
        add(path, functools.partial(_read_ssh_file, path, path, deadline))
    if text := environ.get("SOPS_AGE_KEY"):
        add("SOPS_AGE_KEY", functools.partial(parse_variable, text, "SOPS_AGE_KEY", deadline))
    if named := environ.get("SOPS_AGE_KEY_FILE"):
        source = f"{named} (SOPS_AGE_KEY_FILE)"
        add(source, functools.partial(read_identity_file, named, source, deadline=deadline))
    _add_command(identities, "SOPS_AGE_KEY_CMD", environ, deadline)
    if default := default_file(environ):
        if os.path.exists(default):
            add(default, functools.partial(read_identity_file, default, deadline=deadline))
        else:
            problems.append(Attempt(age.KIND, default, "there is no such file"))
    return Found(tuple(identities), tuple(problems))


def default_file(environ: Mapping[str, str], platform: str = sys.platform) -> str | None:
    """Where sops looks for an identity file that nothing names; None when no configuration folder is known."""
    home = environ.get("HOME")
    if platform == "win32":
        config = environ.get("APPDATA")
    elif xdg := environ.get("XDG_CONFIG_HOME"):
        config = xdg if os.path.isabs(xdg) else None
    elif platform == "darwin":
        config = home and os.path.join(home, "Library", "Application Support")
    else:
        config = home and os.path.join(home, ".config")
    return os.path.join(config, "sops", "age", "keys.txt") if config else None


def read_identity_file(
    path: str, source: str = "", *, ssh: bool = False, deadline: Deadline | None = None
) -> list[Identity]:
    """The identities of one file, which messages call `source`; with `ssh`, an SSH private key is one too.

    Raises KeySourceError.
    """
    data = _read(path)
    if ssh and data.startswith(b"-----BEGIN ") and b"PRIVATE KEY-----" in data[:80]:
        return _read_ssh_file(path, source or path, deadline)
    return age.parse_identities(data, source or path, deadline)


def parse_variable(text: str, source: str, deadline: Deadline | None = None) -> list[Identity]:
    """The identities in a variable's text: any blanks part them, comment lines may stand between.

    Raises KeySourceError when a word is no identity.
    """
    return [
        age.parse_identity(word, source, deadline)
        for line in text.splitlines()
        if not line.lstrip().startswith("#")
        for word in line.split()
    ]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read(age.LARGEST_FILE + 1)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be read"
        raise KeySourceError(
            f"cannot read the identity file: {reason[:1].lower()}{reason[1:]}", place=Place(path)
        ) from None


def _read_ssh_file(path: str, source: str, deadline: Deadline | None) -> list[Identity]:
    try:
        return [
            age.ssh_identity(_read(path), source, deadline=deadline, public=functools.partial(_read, f"{path}.pub"))
        ]
    except KeySourceError as error:
        error.place = error.place or Place(path)
        raise


def _reason(error: Error) -> str:
    return f"line {error.place.line}: {error.message}" if error.place and error.place.line else error.message


def _ssh_files(environ: Mapping[str, str]) -> list[str]:
    """The user's own SSH keys, those of the types that age takes."""
    home = environ.get("HOME")
    paths = [os.path.join(home, ".ssh", name) for name in _SSH_NAMES] if home else []
    return [path for path in paths if os.path.exists(path)]


def _add_command(
    identities: list[Identity], variable: str, environ: Mapping[str, str], deadline: Deadline | None
) -> None:
    if command := environ.get(variable):
        from secrets_gitops.keys.age_command import CommandIdentity  # noqa: PLC0415  rare

        identities.append(CommandIdentity(command, environ, source=variable, deadline=deadline))
