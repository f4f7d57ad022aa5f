"""A rate limit per caller (GCRA): so many requests per second, and a few more at once."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_CALLERS = 10_000
"""Callers remembered; the one that was quiet for longest is forgotten first."""


class Verdict(NamedTuple):
    """Whether a request may pass, and what the headers of its answer say."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    """Seconds until the caller has its full allowance again."""
    retry_after: int


class Limiter:
    """Lets `burst` + 1 requests through at once and `rate` per second afterwards, for each caller."""

    def __init__(self, rate: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1.0 / max(1, rate)
        self._limit = max(0, burst) + 1
        self._clock = clock
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def ask(self, caller: str) -> Verdict:
        """Count one request of `caller`."""
        tolerance = self._interval * self._limit
        with self._lock:
            now = self._clock()
            full_at = max(now, self._full_at.get(caller, now))
            after = full_at + self._interval
            allowed = after - tolerance <= now + 1e-9
            if allowed:
                full_at = after
                self._full_at[caller] = full_at
                self._full_at.move_to_end(caller)
                if len(self._full_at) > _CALLERS:
                    self._full_at.popitem(last=False)
        remaining = max(0, math.floor((tolerance - (full_at - now)) / self._interval + 1e-6))
        wait = 0 if allowed else max(1, math.ceil(after - tolerance - now - 1e-6))
        return Verdict(allowed, self._limit, remaining, math.ceil(full_at - now - 1e-6), wait)
