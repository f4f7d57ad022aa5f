"""Where age identities are found: the files a user names, then the places that sops looks in, all used together.

    SOPS_AGE_KEY            identities themselves, parted by blanks or line ends
    SOPS_AGE_KEY_FILE       an identity file
    <config>/sops/age/keys.txt   an identity file; <config> is the user's configuration folder of the platform
    SOPS_AGE_KEY_CMD        a command whose output is an identity file; asked last, for it may be slow

SSH keys, which sops reads too, are not built yet; where one exists this is remembered as a problem.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import Attempt, Error, KeySourceError, Place
from secrets_gitops.keys import age

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.recipient import Identity


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

    Raises KeySourceError or NotBuiltYet for a named file. The key command is not run here, but when an entry asks.
    """
    environ = os.environ if environ is None else environ
    identities = [identity for path in identity_files for identity in read_identity_file(path)]
    problems: list[Attempt] = []

    def add(path: str, source: str) -> None:
        try:
            identities.extend(read_identity_file(path, source))
        except Error as error:
            problems.append(Attempt(age.KIND, source, _reason(error)))

    if text := environ.get("SOPS_AGE_KEY"):
        try:
            identities += parse_variable(text, "SOPS_AGE_KEY")
        except Error as error:
            problems.append(Attempt(age.KIND, "SOPS_AGE_KEY", _reason(error)))
    if path := environ.get("SOPS_AGE_KEY_FILE"):
        add(path, f"{path} (SOPS_AGE_KEY_FILE)")
    if path := default_file(environ):
        if os.path.exists(path):
            add(path, path)
        else:
            problems.append(Attempt(age.KIND, path, "there is no such file"))
    if command := environ.get("SOPS_AGE_KEY_CMD"):
        from secrets_gitops.keys.age_command import CommandIdentity  # noqa: PLC0415  rare

        identities.append(CommandIdentity(command, environ, deadline=deadline))
    problems += [Attempt(age.KIND, source, "SSH identities are not built yet") for source in _ssh_sources(environ)]
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


def read_identity_file(path: str, source: str = "") -> list[Identity]:
    """The identities of one file, which messages call `source`. Raises KeySourceError, NotBuiltYet for a passphrase."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(age.LARGEST_FILE + 1)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be read"
        raise KeySourceError(
            f"cannot read the identity file: {reason[:1].lower()}{reason[1:]}", place=Place(path)
        ) from None
    return age.parse_identities(data, source or path)


def parse_variable(text: str, source: str) -> list[Identity]:
    """The identities in a variable's text: any blanks part them, comment lines may stand between.

    Raises KeySourceError when a word is no identity.
    """
    return [
        age.parse_identity(word, source)
        for line in text.splitlines()
        if not line.lstrip().startswith("#")
        for word in line.split()
    ]


def _reason(error: Error) -> str:
    return f"line {error.place.line}: {error.message}" if error.place and error.place.line else error.message


def _ssh_sources(environ: Mapping[str, str]) -> Iterator[str]:
    yield from (name for name in ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD") if environ.get(name))
    if home := environ.get("HOME"):
        paths = (os.path.join(home, ".ssh", name) for name in ("id_ed25519", "id_rsa"))
        yield from (path for path in paths if os.path.exists(path))
