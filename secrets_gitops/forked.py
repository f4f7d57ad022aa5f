"""Forked: work done by a copy of this process beside it, whose outcome comes back as bytes.

A copy does not explain what fails in it, nor why it ended early: whoever started it does the work again, and sees.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Forked:
    """A copy of this process at work. Ask for its `outcome`, or `stop` it: else it stays behind."""

    __slots__ = ("_pid", "_pipe")

    def __init__(self, pid: int, pipe: int) -> None:
        self._pid = pid
        self._pipe = pipe

    def outcome(self) -> bytes | None:
        """What the work gave, once it is done; None when it failed."""
        parts = []
        while part := os.read(self._pipe, 1 << 20):
            parts.append(part)
        return b"".join(parts) if self._ended() == 0 else None

    def stop(self) -> None:
        """End the work, if its outcome was not asked for or did not come."""
        if self._pid:
            os.kill(self._pid, 9)
            self._ended()

    def _ended(self) -> int:
        pid, self._pid = self._pid, 0
        os.close(self._pipe)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def start(work: Callable[[], bytes]) -> Forked | None:
    """Let a copy of this process do `work`; None where the system has no room for one: then it is to be done here."""
    try:
        inlet, outlet = os.pipe()
    except OSError:
        return None
    try:
        pid = os.fork()
    except OSError:
        os.close(inlet)
        os.close(outlet)
        return None
    if pid:
        os.close(outlet)
        return Forked(pid, inlet)
    code = 5
    try:
        os.close(inlet)
        with open(outlet, "wb") as pipe:
            pipe.write(work())
        code = 0
    finally:
        os._exit(code)  # not the interpreter's own way out: buffers and clean-up belong to the parent


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
