"""Fetcher: the one way from references to stores, shared by every journey of a run and safe to call from many threads.

Each value is fetched once: a second question waits for the flight that is under way or takes the kept answer, an answer
of "there is none" included. What several threads want of one store at the same time goes to it as one batch.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.backends import catalog
from secrets_gitops.errors import Error, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from secrets_gitops.backends.backend import Backend, Fetched, Locator, Surroundings
    from secrets_gitops.deadline import Deadline
    from secrets_gitops.references.reference import Reference, Store

    Answer: TypeAlias = "Fetched | Error"

MAX_BATCH = 100
"""Locators in one call of a backend; a store's own limit is the backend's business."""


class _Key(NamedTuple):
    """Two logins never share an answer: the identity is part of the question."""

    identity: str
    locator: Locator


class _Flight:
    """An answer that is under way, or here."""

    __slots__ = ("_answer", "_crash", "_landed", "began")

    def __init__(self, began: float) -> None:
        self.began = began
        """On the monotonic clock: what the answer says was so then or later."""
        self._landed = threading.Event()
        self._answer: Answer | None = None
        self._crash: BaseException | None = None

    def land(self, answer: Answer) -> None:
        self._answer = answer
        self._landed.set()

    def crash(self, error: BaseException) -> None:
        """Pass on what is no answer: a bug or an interruption."""
        self._crash = error
        self._landed.set()

    @property
    def answer(self) -> Answer | None:
        """None as long as it is under way."""
        return self._answer

    @property
    def landed(self) -> bool:
        """Whether there is an answer, or a crash."""
        return self._landed.is_set()

    def wait(self, seconds: float | None) -> Answer | None:
        """The answer; None when the time is over. Raises what it crashed with."""
        self._landed.wait(seconds)
        if self._crash is not None:
            raise self._crash
        return self._answer


@dataclass
class _Lane:
    """One store: what waits to be fetched from it, and who may fetch."""

    backend: Backend
    waiting: list[tuple[_Key, _Flight]] = field(default_factory=list)
    busy: threading.Lock = field(default_factory=threading.Lock)


class Fetcher:
    """Answers for locators, kept until `forget`. `connect` opens a store when it is first asked."""

    def __init__(
        self,
        connect: Callable[[Store], Backend],
        deadline: Deadline,
        *,
        max_batch: int = MAX_BATCH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._deadline = deadline
        self._max_batch = max_batch
        self._clock = clock
        self._lock = threading.Lock()
        self._stores: dict[Store, tuple[Backend | Error, float]] = {}
        """Each with the time at which it was last asked for."""
        self._lanes: dict[str, _Lane] = {}
        self._answers: dict[_Key, _Flight] = {}

    @classmethod
    def local(cls, surroundings: Surroundings, deadline: Deadline) -> Fetcher:
        """A fetcher over the backends of the catalogue."""
        return cls(lambda store: catalog.connect(store.backend, dict(store.settings), surroundings), deadline)

    def fetch(
        self, references: Sequence[Reference], *, newer_than: float | None = None, deadline: Deadline | None = None
    ) -> list[Answer]:
        """One answer for each reference, in order: the value fetched, or the error that says why there is none.

        `newer_than`: what was asked before this moment of the monotonic clock is asked again. `deadline` takes the
        place of the fetcher's own.
        """
        deadline = deadline or self._deadline
        flights: list[_Flight | Error] = []
        mine: dict[str, _Lane] = {}
        for reference in references:
            backend = self._open(reference.store, newer_than)
            if isinstance(backend, Error):
                flights.append(backend)
                continue
            key = _Key(backend.identity, reference.locator)
            with self._lock:
                flight = self._answers.get(key)
                if flight is None or self._is_over(flight, newer_than):
                    flight = self._answers[key] = _Flight(self._clock())
                    lane = self._lanes.setdefault(backend.identity, _Lane(backend))
                    lane.waiting.append((key, flight))
                    mine[backend.identity] = lane
            flights.append(flight)
        for lane in mine.values():
            self._carry(lane, deadline)
        return [flight if isinstance(flight, Error) else self._wait(flight, deadline) for flight in flights]

    def forget(self, older_than: float) -> None:
        """Drop the answers from before this moment of the monotonic clock, and the stores not asked for since."""
        with self._lock:
            for key in [key for key, flight in self._answers.items() if flight.began < older_than and flight.landed]:
                del self._answers[key]
            for store in [store for store, (_, used) in self._stores.items() if used < older_than]:
                del self._stores[store]
            in_use = {backend.identity for backend, _ in self._stores.values() if not isinstance(backend, Error)}
            for name in [name for name, lane in self._lanes.items() if name not in in_use and not lane.waiting]:
                del self._lanes[name]

    def _open(self, store: Store, newer_than: float | None) -> Backend | Error:
        with self._lock:  # opening makes no calls: a backend logs in when it is first asked for a value
            backend, used = self._stores.get(store, (None, 0.0))
            stale = isinstance(backend, Error) and newer_than is not None and used < newer_than
            if backend is None or stale:
                try:
                    backend = self._connect(store)
                except Error as error:
                    backend = error
            if stale or not isinstance(backend, Error) or store not in self._stores:
                self._stores[store] = (backend, self._clock())
            return backend

    def _is_over(self, flight: _Flight, newer_than: float | None) -> bool:
        """Whether a kept answer must be asked for again: it is too old, has expired, or another try may succeed."""
        if newer_than is not None and flight.began < newer_than:
            return True
        answer = flight.answer
        if answer is None:
            return False
        if isinstance(answer, Error):
            return answer.retry
        return answer.expires_at is not None and answer.expires_at <= self._clock()

    def _carry(self, lane: _Lane, deadline: Deadline) -> None:
        """Fetch all that waits for this store. While another thread does so, ours join its next batch."""
        with lane.busy:
            while True:
                with self._lock:
                    batch, lane.waiting = lane.waiting[: self._max_batch], lane.waiting[self._max_batch :]
                if not batch:
                    return
                self._fly(lane, batch, deadline)

    def _fly(self, lane: _Lane, batch: Sequence[tuple[_Key, _Flight]], deadline: Deadline) -> None:
        try:
            try:
                answers = lane.backend.fetch([key.locator for key, _ in batch], deadline)
            except Error as error:
                answers = [error] * len(batch)
            if len(answers) != len(batch):
                raise AssertionError(
                    f"{type(lane.backend).__name__} gave {len(answers)} answers to {len(batch)} questions"
                )
        except BaseException as error:
            # A bug or an interruption: whoever waits must hear of it, and nobody may keep it as an answer.
            with self._lock:
                grounded, lane.waiting = [*batch, *lane.waiting], []
                for key, _ in grounded:
                    self._answers.pop(key, None)
            for _, flight in grounded:
                flight.crash(error)
            raise
        for (_, flight), answer in zip(batch, answers, strict=True):
            flight.land(answer)

    def _wait(self, flight: _Flight, deadline: Deadline) -> Answer:
        answer = flight.wait(deadline.left())
        if answer is None:
            return Unavailable("out of time while waiting for a store", hints=("give more time with `--timeout`",))
        return answer
