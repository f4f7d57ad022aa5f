"""Plaintext for a program that reads files: a pipe with a name, which holds nothing on any disk, or a regular file.

For `exec` and the drop-in. The folder is the caller's: private, in memory where the machine has such a file system.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIES = 100
"""To let go of a feeder: it may be on its way to the pipe at the first."""


@contextmanager
def placed(folder: str, name: str, data: bytes, *, fifo: bool, owner: tuple[int, int] | None = None) -> Iterator[str]:
    """The path under which a program finds `data`, until the end of the block; a pipe gives it to one after the other.

    `owner`: the user and group who read it when they are not our own.
    """
    from secrets_gitops.encrypted_files.private_folder import write_private

    path = os.path.join(folder, name)
    if fifo:
        os.mkfifo(path, 0o600)
    else:
        write_private(folder, name, data)
    if owner is not None:
        os.chown(path, *owner)
        os.chown(folder, *owner)
    if not fifo:
        yield path
        return
    done = threading.Event()
    feeder = threading.Thread(target=_feed, args=(path, data, owner, done), daemon=True)
    feeder.start()
    try:
        yield path
    finally:
        done.set()
        for _ in range(_TRIES):
            _release(path)
            feeder.join(0.01)
            if not feeder.is_alive():
                break


def _feed(path: str, data: bytes, owner: tuple[int, int] | None, done: threading.Event) -> None:
    """Wait for a reader and write; then for the next, at a new pipe: the first one must come to an end.

    sops serves the first alone, and a command that reads twice waits for ever.
    """
    while not done.is_set():
        try:
            _serve(path, data, owner, done)
        except BrokenPipeError:  # who goes away early has read enough
            continue
        except OSError:  # the command removed the pipe
            return


def _serve(path: str, data: bytes, owner: tuple[int, int] | None, done: threading.Event) -> None:
    with open(path, "wb", buffering=0) as pipe:  # waits for a reader
        if done.is_set():
            return
        following = f"{path}.next"
        os.mkfifo(following, 0o600)
        if owner is not None:
            os.chown(following, *owner)
        os.rename(following, path)
        view = memoryview(data)
        while view:
            view = view[pipe.write(view) or 0 :]


def _release(path: str) -> None:
    """Let go of a feeder that still waits for somebody to read."""
    with suppress(OSError):
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
