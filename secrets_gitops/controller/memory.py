"""What keeps a process of many threads small."""

from __future__ import annotations

import contextlib
import ctypes

_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)
_ARENAS = 2


def few_arenas() -> None:
    """Let glibc's threads share two heaps instead of eight for each core, whose free parts are never given back.

    To be called before threads start. Other C libraries have one heap anyway.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)
