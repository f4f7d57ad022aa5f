"""Objects that wait for a worker, as text: a parsed object takes four times as much memory.

What does not fit is not kept; whoever works on it asks the API server.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secrets_gitops.clients.kube.objects import Key

LARGEST = 32 * 1024 * 1024
"""Bytes of text in all."""


class Pending:
    """The newest text of each object that waits; for any number of threads."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._lock = threading.Lock()
        self._texts: dict[Key, bytes] = {}
        self._size = 0

    def keep(self, key: Key, text: bytes) -> None:
        """Keep it instead of an older one, if there is room."""
        with self._lock:
            self._size -= len(self._texts.pop(key, b""))
            if self._size + len(text) <= self._largest:
                self._texts[key] = bytes(memoryview(text))  # a copy: what orjson writes keeps the room it began with
                self._size += len(text)

    def take(self, key: Key) -> bytes | None:
        """The text, which is then no longer kept."""
        with self._lock:
            text = self._texts.pop(key, None)
            self._size -= len(text or b"")
            return text
