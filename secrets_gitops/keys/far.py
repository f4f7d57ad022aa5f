"""Keys that a service holds: entries are opened together where the service can, at the same time where it cannot.

What was opened once in a run, or refused, is not asked again.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import Error
from secrets_gitops.keys.recipient import FAR
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from secrets_gitops.keys.recipient import Recipient, WrappedKey

    Opens = Callable[[Sequence[WrappedKey], Deadline], Sequence[Plaintext | Error]]
    """Opens entries that go together; an answer for each of them."""

Result = TypeVar("Result")

WAIT = 60.0
"""Seconds for the services of one call where nobody set a deadline."""
PARALLEL = 8
"""Requests at the same time."""


class FarIdentity:
    """What this machine may open at one kind of service. Safe to use from several threads."""

    recipient = ""
    source = ""
    """Nothing: an attempt that failed is told by the key that was asked."""

    def __init__(
        self,
        kind: str,
        opens: Opens,
        *,
        together: Callable[[WrappedKey], Hashable] | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        """`together` names the request that an entry can share with others; without it each has one of its own."""
        self.kind = kind
        self._opens = opens
        self._together = together
        self._deadline = deadline
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, str], Future[Plaintext]] = {}

    def prepare(self, entries: Iterable[WrappedKey]) -> None:
        """Open these as soon as possible and together; `unwrap` then has its answer. Raises nothing of ours."""
        requests: dict[Hashable, list[WrappedKey]] = {}
        with self._lock:
            for entry in entries:
                name = (entry.recipient, entry.enc)
                if name not in self._answers:
                    self._answers[name] = Future()
                    requests.setdefault(self._together(entry) if self._together else name, []).append(entry)
        deadline = self._deadline or Deadline(WAIT)
        in_parallel([partial(self._ask, batch, deadline) for batch in requests.values()])

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        """The data key. Raises our errors, those of the service among them."""
        self.prepare([wrapped])
        # A copy: whoever has the data key wipes it.
        return Plaintext(self._answers[wrapped.recipient, wrapped.enc].result().reveal())

    def _ask(self, entries: Sequence[WrappedKey], deadline: Deadline) -> None:
        futures = [self._answers[entry.recipient, entry.enc] for entry in entries]
        try:
            answers = self._opens(entries, deadline)
        except BaseException as error:
            for future in futures:
                future.set_exception(error)  # else whoever waits for it would wait for ever
            if not isinstance(error, Error):
                raise
            return
        for future, answer in zip(futures, answers, strict=True):
            if isinstance(answer, Error):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def __repr__(self) -> str:
        return f"FarIdentity({self.kind!r})"


def wrap_all(jobs: Sequence[tuple[Recipient, Plaintext]]) -> list[str]:
    """The `enc` texts of all recipients in their order; services are asked at the same time. Raises the first error."""
    far = [at for at, (recipient, _) in enumerate(jobs) if recipient.kind in FAR]
    texts = dict(zip(far, in_parallel([partial(jobs[at][0].wrap, jobs[at][1]) for at in far]), strict=True))
    return [texts[at] if at in texts else recipient.wrap(part) for at, (recipient, part) in enumerate(jobs)]


def in_parallel(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """What the calls return, in their order; a few at the same time. Raises the first of their errors."""
    if len(calls) < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(min(PARALLEL, len(calls))) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
