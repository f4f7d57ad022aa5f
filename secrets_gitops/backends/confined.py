"""Reading a file that a reference names: below the root after all links are followed, a plain file, not too big.

References come from manifests, and those may come from people who must not read every file of the machine.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from secrets_gitops.errors import AccessDenied, SecretNotFound

if TYPE_CHECKING:
    from secrets_gitops.backends.backend import Surroundings

MAX_BYTES = 16 * 1024 * 1024
"""Ten times what a Secret can hold, and some more for files of which a reference picks one key."""


def read(path: str, surroundings: Surroundings) -> bytes:
    """The content of the file. Raises SecretNotFound or AccessDenied, which name the path as the reference gives it."""
    if "\0" in path:
        raise SecretNotFound("a file name cannot hold a NUL character")
    try:
        real = os.path.realpath(os.path.join(surroundings.directory, path), strict=True)
    except OSError as error:
        raise _refused(error, path) from None
    root = os.path.realpath(surroundings.root)
    if not surroundings.allow_outside and os.path.commonpath([real, root]) != root:
        raise AccessDenied(
            f"`{path}` lies outside the repository" + (" (links followed)" if not path.startswith(("/", "..")) else ""),
            hints=("`--allow-outside` allows it, when you trust the manifests",),
        )
    try:
        # The path has no link left in it, so none is followed: one that appears now was put there to mislead.
        # Without O_NONBLOCK the opening of a named pipe would wait for ever.
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refused(error, path) from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise SecretNotFound(f"`{path}` is not a file")
        with open(handle, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refused(error, path) from None
    finally:
        os.close(handle)
    if len(data) > MAX_BYTES:
        raise AccessDenied(f"`{path}` is larger than {MAX_BYTES // 2**20} MiB")
    return data


def _refused(error: OSError, path: str) -> SecretNotFound | AccessDenied:
    if error.errno == errno.ELOOP:
        return SecretNotFound(f"`{path}` is a link that leads back to itself")
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}:
        return SecretNotFound(f"there is no file `{path}`", hints=("a relative path begins at the working directory",))
    reason = os.strerror(error.errno) if error.errno else "unknown"
    return AccessDenied(f"the file `{path}` cannot be read: {reason[:1].lower()}{reason[1:]}")
