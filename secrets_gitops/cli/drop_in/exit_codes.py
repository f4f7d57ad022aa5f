"""Exit codes of sops: which of them stands for which of our errors, at which stage of a command."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from secrets_gitops.errors import (
    AlreadySealed,
    DocumentError,
    Error,
    FileError,
    NoMatchingKey,
    Place,
    SecretNotFound,
    Tampered,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERIC = 1
"""Settings, rules, usage, a file without metadata, a value that is not there."""
CANNOT_READ = 2
CANNOT_WRITE = 3
CANNOT_SERIALISE = 4
BAD_CONTEXT = 6
BAD_SET = 7
CONFLICTING_FLAGS = 8
CANNOT_ENCRYPT = 23
CANNOT_DECRYPT = 25
KEYS_ON_MISSING_FILE = 49
MAC_MISMATCH = 51
BAD_EXTRACT = 91
NO_DOCUMENT = 92
NO_FILE = 100
BAD_ORDER = 112
NO_DATA_KEY = 128
NOT_CHANGED = 200
NO_EDITOR = 201
HAS_METADATA = 203
INTERRUPTED = 130
OUR_BUG = 2
"""As a crash of sops."""

_CODES: tuple[tuple[type[Error], int], ...] = (
    (NoMatchingKey, NO_DATA_KEY),
    (Tampered, CANNOT_DECRYPT),
    (AlreadySealed, HAS_METADATA),
    (SecretNotFound, GENERIC),
    (DocumentError, CANNOT_READ),
    (FileError, CANNOT_READ),
)


class Stop(Exception):
    """The command ends here: the code, and what is to be shown, if anything."""

    def __init__(self, code: int, message: str | Error = "", *, hints: tuple[str, ...] = (), path: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.error: Error | None = None
        if isinstance(message, Error):
            self.error = message
        elif message:
            self.error = Error(message, hints=hints, place=Place(path) if path else None)


def code_of(error: Error) -> int:
    """The code of sops for an error of ours, where the stage of the command says nothing else."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), GENERIC)


@contextmanager
def stage(code: int, *kinds: type[Error]) -> Iterator[None]:
    """Errors of these kinds (all, when none is named) end the command with `code`."""
    try:
        yield
    except Error as error:
        if kinds and not isinstance(error, kinds):
            raise
        raise Stop(code, error) from error
