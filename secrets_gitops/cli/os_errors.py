"""What the operating system refuses, in our words. A module that knows better has translated it before this."""

from __future__ import annotations

import errno
import os

from secrets_gitops.errors import FileError, Place

_HINTS = {
    errno.ENOSPC: "the disk is full; nothing was replaced",
    errno.EFBIG: "the limit on the size of files is reached",
    errno.EEXIST: "a file stands where a folder is needed",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "look at the permissions of the file and its folder",
    errno.ENOENT: "check the path",
}


def translated(error: OSError) -> FileError:
    """`error` as a FileError: the system's reason, the file, and a hint."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    hint = _HINTS.get(error.errno or 0)
    place = Place(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else None
    return FileError(reason[:1].lower() + reason[1:], hints=(hint,) if hint else (), place=place)
