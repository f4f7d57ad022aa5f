"""Threads that take keys from a queue and work on them. RSA leaves the interpreter's lock, so threads are enough."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.queue import WorkQueue

    K = TypeVar("K", bound=Hashable)
else:
    K = TypeVar("K")

_STOP_WITHIN = 3.0
"""Seconds that a write under way has to end in when the process is stopped."""


class Workers(Generic[K]):
    """So many threads over one queue."""

    def __init__(self, queue: WorkQueue[K], work: Callable[[K], None], number: int, log: Log) -> None:
        self._queue = queue
        self._work = work
        self._log = log
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{at}", daemon=True) for at in range(max(1, number))
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more keys, and wait a little for what is under way."""
        self._queue.close()
        for thread in self._threads:
            if thread.is_alive():  # none is when the start failed
                thread.join(_STOP_WITHIN / len(self._threads))

    def _run(self) -> None:
        while (key := self._queue.get()) is not None:
            try:
                self._work(key)
            except Exception as error:  # noqa: BLE001  a bug met on one object must not stop the others
                # The message of a foreign exception may quote what it failed on.
                self._log.error("Error updating, will retry", key=str(key), error=f"internal: {type(error).__name__}")
                self._queue.retry(key)
            finally:
                self._queue.done(key)
