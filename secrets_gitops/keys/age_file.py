"""A new identity file: in the form of age-keygen, readable for its owner alone, never written over another."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from secrets_gitops.errors import FileError, Place
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from datetime import datetime


def identity_file(identity: Plaintext, recipient: str, created: datetime) -> Plaintext:
    """The content of an identity file."""
    head = f"# created: {created.isoformat(timespec='seconds')}\n# public key: {recipient}\n"
    return Plaintext(head.encode() + identity.reveal() + b"\n")


def write_new(path: str, content: Plaintext, *, make_folders: bool = False) -> None:
    """Write `content` to a file of mode 0600 that must not exist; missing folders are made with mode 0700 if asked.

    Raises FileError, and OSError for what the system refuses. Nothing is left behind when writing fails.
    """
    folder = os.path.dirname(path)
    if make_folders and folder:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        raise FileError(
            "the file exists, and a key is never written over another",
            hints=("name another file with `-o FILE`, or print the key with `-o -`",),
            place=Place(path),
        ) from None
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content.reveal())
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(path)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = path  # the descriptor that could not be written has no name
        raise
