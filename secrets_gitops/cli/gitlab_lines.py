"""GitLab shows a user only those lines of a server hook that begin with a mark of its own: put it before each."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

MARK = b"GL-HOOK-ERR: "


class Marked(io.RawIOBase):
    """A stream of bytes whose lines get the mark."""

    def __init__(self, below: BinaryIO) -> None:
        super().__init__()
        self._below = below
        self._begins = True

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer
        """Write `data`, the mark before each of its lines."""
        text = bytes(data)
        for line in text.splitlines(keepends=True):
            self._below.write(MARK + line if self._begins else line)
            self._begins = line.endswith(b"\n")
        return len(text)

    def flush(self) -> None:
        """Push out what was written."""
        self._below.flush()


def mark_lines(environ: Mapping[str, str] = os.environ) -> None:
    """Mark all that this process prints from now on, when GitLab runs it (GL_PROTOCOL is set)."""
    if environ.get("GL_PROTOCOL"):
        sys.stdout = _marked(sys.stdout.buffer)
        sys.stderr = _marked(sys.stderr.buffer)


def _marked(below: BinaryIO) -> io.TextIOWrapper:
    marked: io.RawIOBase = Marked(below)
    return io.TextIOWrapper(
        io.BufferedWriter(marked),
        encoding="utf-8",
        errors="surrogateescape",
        write_through=True,
    )
