"""A limit of time for what a foreign regular expression does: its author did not know our texts."""

from __future__ import annotations

import signal
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


class TooSlow(Exception):
    """The time was up."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns. Raises TooSlow when it takes longer.

    The matcher of Python looks for signals as it goes. Where there are none (Windows, a thread beside the main one)
    `work` runs to its end, and TooSlow comes after it.
    """
    began = time.monotonic()
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        result = work()
        if time.monotonic() - began > seconds:
            raise TooSlow
        return result

    def stop(*_: object) -> None:
        raise TooSlow

    handler = signal.signal(signal.SIGALRM, stop)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:  # somebody else's alarm, which goes on
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 0.001), interval)
