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


@contextmanager
def placed(folder: str, name: str, data: bytes, *, fifo: bool, owner: tuple[int, int] | None = None) -> Iterator[str]:
    """The path under which a program finds `data`, until the end of the block; a pipe gives it to one reader.

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
    feeder = threading.Thread(target=_feed, args=(path, data), daemon=True)
    feeder.start()
    try:
        yield path
    finally:
        _release(path)
        feeder.join(1)


def _feed(path: str, data: bytes) -> None:
    """Wait for the reader and write; whoever goes away early has read enough."""
    with suppress(OSError), open(path, "wb", buffering=0) as pipe:
        view = memoryview(data)
        while view:
            view = view[pipe.write(view) or 0 :]


def _release(path: str) -> None:
    """Let go of a feeder that still waits for somebody to read."""
    with suppress(OSError):
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
