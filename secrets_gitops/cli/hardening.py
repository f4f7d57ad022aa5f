"""What a process does for itself before it holds secrets: no core dump, and no other process of the user looks in."""

from __future__ import annotations

import contextlib
import sys

_PR_SET_DUMPABLE = 4  # of prctl(2): also closes /proc/PID/mem and ptrace to the user's other processes


def harden() -> tuple[int, int] | None:
    """Do what the platform offers; what it does not is left, silently. Gives back the limit of core dumps as it was."""
    before = None
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        before = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return before


def core_limit(limit: tuple[int, int]) -> None:
    """Set the limit of core dumps, so that a program that takes our place has the one it was started with."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, limit)
