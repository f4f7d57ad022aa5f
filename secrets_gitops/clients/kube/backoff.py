"""Backoff: how long to wait after a failure, growing, with jitter, and forgotten after a quiet while."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST, LONGEST, QUIET = 0.8, 30.0, 120.0
"""Seconds; the same as client-go's reflectors."""


class Backoff:
    """For one thread."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`chance` gives the jitter, from 0 to 1."""
        self._clock = clock
        self._chance = chance
        self._next = FIRST
        self._until = -QUIET

    def failed(self, retry_after: float | None = None) -> float:
        """Seconds to wait now: 0.8 to 30, doubled by the next failure in a row; `retry_after` wins."""
        now = self._clock()
        if now - self._until > QUIET:
            self._next = FIRST
        delay = min(LONGEST, self._next * (1 + self._chance()))
        self._next = min(LONGEST, self._next * 2)
        if retry_after:
            delay = retry_after + self._chance() * 0.25 * min(retry_after, FIRST)
        self._until = now + delay
        return delay
