"""Deadline: how long a call may still wait, on the monotonic clock, with the event that stops it early."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from secrets_gitops.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadline:
    """Time left and the stop event; every call that can wait takes one. A step of the wall clock does not move it."""

    __slots__ = ("_clock", "_end", "stop")

    def __init__(
        self,
        seconds: float | None,
        *,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._end = None if seconds is None else clock() + seconds
        self.stop = stop or threading.Event()

    def left(self) -> float | None:
        """Seconds left, never negative; None when there is no end."""
        return None if self._end is None else max(0.0, self._end - self._clock())

    def at_most(self, seconds: float) -> float:
        """How long one wait may last: `seconds`, or little more than what is left, since no wait may have no time."""
        left = self.left()
        return seconds if left is None else min(seconds, left + 0.1)

    def check(self, doing: str) -> None:
        """Raise `Unavailable` when the time is over or the stop event is set; `doing` names what was going on."""
        if self.stop.is_set():
            raise Unavailable(f"stopped while {doing}")
        if self.left() == 0.0:
            raise Unavailable(f"out of time while {doing}", hints=("give more time with `--timeout`",))
