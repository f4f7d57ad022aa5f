"""A work queue of keys: nothing twice, nothing in two workers at once, failures again later, for ever.

A key added while a worker has it ("processing") is remembered ("dirty") and handed out once more when that worker is
done. Delays are a heap on the monotonic clock. Only keys are kept here, never objects.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    K = TypeVar("K", bound=Hashable)
else:
    K = TypeVar("K")

FIRST_DELAY = 0.005
"""Seconds before the first retry; each further one waits twice as long, as client-go's controllers do."""
LONGEST_DELAY = 1000.0


class WorkQueue(Generic[K]):
    """Keys to work on. `get` and `done` bracket the work; `retry` and `forget` tell how it went."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._ready: deque[K] = deque()
        self._dirty: set[K] = set()
        self._processing: set[K] = set()
        self._later: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        self._failures: dict[K, int] = {}
        self._serial = 0
        self._closed = False

    def __len__(self) -> int:
        """How many keys wait, those with a delay not counted."""
        with self._changed:
            return len(self._ready)

    def idle(self) -> bool:
        """Whether nothing waits and nothing is worked on, delayed retries aside."""
        with self._changed:
            return not self._dirty and not self._processing

    def add(self, key: K) -> None:
        """Hand `key` out as soon as possible; a delay that it had is over."""
        with self._changed:
            self._add(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Hand `key` out in so many seconds; an earlier time that it has already stays."""
        with self._changed:
            self._add_after(key, seconds)

    def retry(self, key: K, at_least: float = 0.0) -> float:
        """Hand a failed key out again after its back-off, and not before `at_least` seconds; gives the delay."""
        with self._changed:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
            delay = max(at_least, min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures, 40)))
            self._add_after(key, delay)
            return delay

    def failures(self, key: K) -> int:
        """How often `key` failed since it was last forgotten."""
        with self._changed:
            return self._failures.get(key, 0)

    def forget(self, key: K) -> None:
        """Let the next failure of `key` be its first; a retry that waits is called off."""
        with self._changed:
            self._failures.pop(key, None)
            self._due.pop(key, None)

    def get(self, timeout: float | None = None) -> K | None:
        """The next key, now processing; None when the queue was closed or `timeout` seconds have passed."""
        end = None if timeout is None else self._clock() + timeout
        with self._changed:
            while not self._closed:
                wait = self._move_due()
                if self._ready:
                    key = self._ready.popleft()
                    self._processing.add(key)
                    self._dirty.discard(key)
                    return key
                if end is not None:
                    left = end - self._clock()
                    if left <= 0:
                        return None
                    wait = left if wait is None else min(wait, left)
                self._changed.wait(wait)
            return None

    def done(self, key: K) -> None:
        """The worker is through with `key`; it is handed out again if it was added meanwhile."""
        with self._changed:
            self._processing.discard(key)
            if key in self._dirty:
                self._ready.append(key)
                self._changed.notify()

    def close(self) -> None:
        """Hand nothing out any more; every `get` returns at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _add(self, key: K) -> None:
        self._due.pop(key, None)
        if key in self._dirty or self._closed:
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._ready.append(key)
            self._changed.notify()

    def _add_after(self, key: K, seconds: float) -> None:
        if key in self._dirty:
            return
        due = self._clock() + seconds
        if self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        self._serial += 1
        heapq.heappush(self._later, (due, self._serial, key))
        self._changed.notify()

    def _move_due(self) -> float | None:
        """Add every key whose time has come; seconds until the next one."""
        now = self._clock()
        while self._later:
            due, _, key = self._later[0]
            if self._due.get(key) != due:  # called off, or moved
                heapq.heappop(self._later)
                continue
            if due > now:
                return due - now
            heapq.heappop(self._later)
            self._add(key)
        return None
