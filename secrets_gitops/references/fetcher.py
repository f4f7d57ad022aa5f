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

    __slots__ = ("_answer", "_crash", "_landed")

    def __init__(self) -> None:
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
    """Answers for locators, kept for the life of this object. `connect` opens a store when it is first asked."""

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
        self._stores: dict[Store, Backend | Error] = {}
        self._lanes: dict[str, _Lane] = {}
        self._answers: dict[_Key, _Flight] = {}

    @classmethod
    def local(cls, surroundings: Surroundings, deadline: Deadline) -> Fetcher:
        """A fetcher over the backends of the catalogue."""
        return cls(lambda store: catalog.connect(store.backend, dict(store.settings), surroundings), deadline)

    def fetch(self, references: Sequence[Reference]) -> list[Answer]:
        """One answer for each reference, in order: the value fetched, or the error that says why there is none."""
        flights: list[_Flight | Error] = []
        mine: dict[str, _Lane] = {}
        for reference in references:
            backend = self._open(reference.store)
            if isinstance(backend, Error):
                flights.append(backend)
                continue
            key = _Key(backend.identity, reference.locator)
            with self._lock:
                flight = self._answers.get(key)
                if flight is None or self._is_over(flight):
                    flight = self._answers[key] = _Flight()
                    lane = self._lanes.setdefault(backend.identity, _Lane(backend))
                    lane.waiting.append((key, flight))
                    mine[backend.identity] = lane
            flights.append(flight)
        for lane in mine.values():
            self._carry(lane)
        return [flight if isinstance(flight, Error) else self._wait(flight) for flight in flights]

    def _open(self, store: Store) -> Backend | Error:
        with self._lock:  # opening makes no calls: a backend logs in when it is first asked for a value
            if store not in self._stores:
                try:
                    self._stores[store] = self._connect(store)
                except Error as error:
                    self._stores[store] = error
            return self._stores[store]

    def _is_over(self, flight: _Flight) -> bool:
        """Whether a kept answer must be asked for again: it has expired, or another try may succeed."""
        answer = flight.answer
        if answer is None:
            return False
        if isinstance(answer, Error):
            return answer.retry
        return answer.expires_at is not None and answer.expires_at <= self._clock()

    def _carry(self, lane: _Lane) -> None:
        """Fetch all that waits for this store. While another thread does so, ours join its next batch."""
        with lane.busy:
            while True:
                with self._lock:
                    batch, lane.waiting = lane.waiting[: self._max_batch], lane.waiting[self._max_batch :]
                if not batch:
                    return
                self._fly(lane, batch)

    def _fly(self, lane: _Lane, batch: Sequence[tuple[_Key, _Flight]]) -> None:
        try:
            try:
                answers = lane.backend.fetch([key.locator for key, _ in batch], self._deadline)
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

    def _wait(self, flight: _Flight) -> Answer:
        answer = flight.wait(self._deadline.left())
        if answer is None:
            return Unavailable("out of time while waiting for a store", hints=("give more time with `--timeout`",))
        return answer
