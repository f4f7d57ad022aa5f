"""Standard streams that whoever started us has closed: Python gives None for them, which nobody expects."""

from __future__ import annotations

import os
import sys


def complete(*, data: bool) -> None:
    """Give each missing stream a place: nowhere. With `data`, what goes to standard output must not vanish: it fails.

    A descriptor that is free would be that of the next file, and what a child process prints would go into it.
    """
    for number, how in enumerate((os.O_RDONLY, os.O_RDONLY if data else os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, how)
            os.set_inheritable(number, True)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
