"""Keeps the cluster's sealing keys: loads them at the start, makes the first, follows new ones, renews.

A key is made only where writing is allowed. A replica that may not write waits for the key of one that may.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.backoff import Backoff
from secrets_gitops.clients.kube.resources import SECRETS
from secrets_gitops.clients.kube.watch import Reflector
from secrets_gitops.controller.sealing_keys import SELECTOR
from secrets_gitops.errors import Error, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.objects import Key, Version
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.sealing_keys import SealingKeys

_LONGEST_SLEEP = 10.0  # seconds; a step of the wall clock, or a machine that slept, is noticed after that time
_POLL = 1.0
_LOOK_FOR_KEYS = 4.0
_WISH_LASTS = 20.0  # longer than a Lease that a busy machine renews late


class KeyKeeper:
    """One per process; `load` first, then `run` in a thread."""

    def __init__(self, api: Api, keys: SealingKeys, may_write: Callable[[], bool], log: Log) -> None:
        self._keys = keys
        self._may_write = may_write
        self._log = log
        self._wake = threading.Event()
        self._asked = threading.Event()
        # The original does not watch keys by default, so its key-admin Role has no right to; a late key heals anyway.
        self._watch = Reflector(api, SECRETS, self, namespace=keys.namespace, labels=SELECTOR, poll=_LOOK_FOR_KEYS)

    def load(self, stop: threading.Event) -> None:
        """Have at least one key; waits as long as it takes. Raises what cannot be mended by waiting."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                self._keys.load()
                if self._may_write():
                    self._keys.make_when_due(self._may_write)
                if self._keys.served() is not None:
                    return
                self._log.info("No sealing key yet; waiting for the one of another replica")
                stop.wait(_POLL)
            except Unavailable as error:
                self._log.error("Cannot load the sealing keys, will retry", error=error.message)
                stop.wait(backoff.failed(error.retry_after))

    def ask_for_a_key(self) -> None:
        """Make a key soon, as SIGUSR1 does; safe in a signal handler."""
        self._asked.set()
        self._wake.set()

    def start(self) -> None:
        """Follow the key Secrets."""
        threading.Thread(target=self._watch.run, name="watch-keys", daemon=True).start()

    def stop(self) -> None:
        """End following and renewing."""
        self._watch.stop()
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Renew until `stop`. A failure is logged, and tried again."""
        backoff = Backoff()
        pause: float | None = None
        wished: float | None = None
        while not stop.is_set():
            self._wake.wait(self._until_due() if pause is None else pause)
            self._wake.clear()
            pause = None
            if self._asked.is_set():  # cleared only when seen, else a signal that comes just now would be lost
                self._asked.clear()
                wished = time.monotonic()
            if stop.is_set() or (wished is None and self._until_due() > 0):
                continue
            try:
                if self._keys.make(self._may_write):
                    wished = None
                    continue
            except Error as error:
                self._log.error("Failed to make a new key, will try again", error=error.message)
                pause = backoff.failed()
                wished = wished and time.monotonic()
                continue
            pause = _LONGEST_SLEEP if wished is None else _POLL
            if wished is not None and time.monotonic() - wished > _WISH_LASTS:
                wished = None
                self._log.error(
                    "No key made: another replica leads, or the Lease is not held; send SIGUSR1 to that one"
                )

    def _until_due(self) -> float:
        due = self._keys.renew_in(datetime.now(UTC))
        return _LONGEST_SLEEP if due is None else min(due, _LONGEST_SLEEP)

    # a Handler of the reflector

    def on_changed(self, obj: Object) -> None:
        """A key Secret came or changed."""
        if self._keys.take(obj):
            self._wake.set()

    def on_deleted(self, key: Key, known: Version) -> None:  # noqa: ARG002
        """A key stays in use until the next start; what it sealed still opens."""
        self._log.info("A key Secret is gone or no longer active; its key stays in use until a restart", secretname=key)

    def on_synced(self) -> None:
        """Nothing hangs on it."""
