"""Which namespaces are ours now: shared out over the living replicas, never one namespace to two at once.

Each replica publishes on its Lease which replicas it reckons with (its view), and a view gives each namespace to one of
them by rendezvous hashing. A replica works in a namespace when

1. the view that it has *published* gives it the namespace, and so does the one that it would publish now, and
2. no other replica that may still act has published a view that gives the namespace to that other, as read *after* 1.

Of two replicas that claim a namespace the later one to publish reads the other's claim, so they never both have it. A
namespace that we lose is let go before the narrower view is published. Past the deadline of our Lease nothing is ours
until we have renewed and read again. Leadership is one more thing that is shared out in the same way.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from typing import TYPE_CHECKING

from secrets_gitops.controller.election import Seat, Watchman
from secrets_gitops.errors import Conflict, Error, Forbidden, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.controller.election import Member
    from secrets_gitops.controller.logs import Log

SECONDS = 15.0
"""Life of a Lease, as of other Kubernetes controllers."""
_WRITING = 2 / 3
"""For this part of a Lease's life its holder writes; the rest is for requests on the way, and clocks that drift."""
_PERIOD = 2.0
_HURRY = 0.25
"""Seconds between renewals, and while a share changes hands."""
_STOP_WITHIN = 2.0
_LEADER = ""
"""Shared out like a namespace; no namespace has this name."""


def winner(namespace: str, members: Iterable[str]) -> str | None:
    """The member that a namespace falls to. A member that comes or goes moves its own share only."""
    return max(members, key=lambda member: (_weight(namespace, member), member), default=None)


def _weight(namespace: str, member: str) -> bytes:
    return hashlib.blake2b(f"{member}\0{namespace}".encode(), digest_size=8).digest()


class Shares:
    """One state of the sharing out, as `name` knows it. Never changed, so that threads can ask it."""

    def __init__(self, name: str, published: frozenset[str], wanted: frozenset[str], others: Iterable[Member]) -> None:
        self.name = name
        self.published = published
        self.wanted = wanted
        self.claims = {other.name: other.view for other in others}
        self._known: dict[str, bool] = {}

    def has(self, namespace: str) -> bool:
        """Whether the namespace is ours."""
        known = self._known.get(namespace)
        if known is None:
            known = self._known[namespace] = self._has(namespace)
        return known

    def is_settled(self) -> bool:
        """Whether everybody reckons with the same replicas."""
        return self.published == self.wanted and all(view == self.wanted for view in self.claims.values())

    def same_as(self, other: Shares | None) -> bool:
        """Whether both give the same answers."""
        return other is not None and (self.published, self.wanted, self.claims) == (
            other.published, other.wanted, other.claims,
        )  # fmt: skip

    def _has(self, namespace: str) -> bool:
        if winner(namespace, self.published) != self.name or winner(namespace, self.wanted) != self.name:
            return False
        return all(winner(namespace, view) != other for other, view in self.claims.items())


class Shards:
    """The share of this replica, kept in a thread of its own; the questions can be asked from any thread."""

    def __init__(
        self,
        api: Api,
        namespace: str,
        pod: str,
        *,
        log: Log,
        on_change: Callable[[], None] = lambda: None,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`pod` names this machine or pod; the Lease is in `namespace`. `on_change` is called in our thread after
        what we own has changed; what was lost is published as free only after it has returned.
        """
        self.on_change = on_change
        self.failure: Error | None = None
        """Why this replica can never take part; found at the start, and not mended by waiting."""
        self.is_alone = False
        """Without the right to Leases: everything is ours, and a second replica would be one too many."""
        self._log = log
        self._clock = clock
        self._writing = seconds * _WRITING
        self._period = min(_PERIOD, seconds / 6)
        self._pod = pod
        self._pods: frozenset[str] | None = None
        self._seat = Seat(api, namespace, pod, seconds)
        self._watchman = Watchman(clock)
        self._shares: Shares | None = None
        self._next_view: frozenset[str] | None = None
        self._deadline = float("-inf")
        self._joined = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shards", daemon=True)
        self._is_failing = False

    @property
    def name(self) -> str:
        """The name of our Lease."""
        return self._seat.name

    def owns(self, namespace: str) -> bool:
        """Whether objects of this namespace are ours to work on now."""
        shares = self._shares
        return self.is_alone or (shares is not None and self.may_write() and shares.has(namespace))

    def may_write(self) -> bool:
        """Whether our Lease still covers a write that is sent now. To be asked before each one."""
        return self.is_alone or self._clock() < self._deadline

    def is_leader(self) -> bool:
        """Whether making and renewing keys is our duty now."""
        return self.owns(_LEADER)

    def pods(self) -> frozenset[str] | None:
        """The pods of all replicas, ours among them, as last seen; None without Leases."""
        return self._pods

    def wait_joined(self, timeout: float | None = None) -> bool:
        """Wait until we take part for the first time, or know that we are alone or never will: see `failure`."""
        return self._joined.wait(timeout)

    def start(self) -> None:
        """Begin to take part."""
        self._thread.start()

    def stop(self) -> None:
        """Give our share up, so that others take it at once. Everybody who writes must have ended by then."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN)
        is_renewing = self._thread.is_alive()  # the API server does not answer, and what it does later is not known
        self._deadline = float("-inf")
        try:
            if not self.is_alone and not is_renewing:
                self._seat.give_up()
        except Error as error:
            self._log.error("cannot give up the Lease; it ends by itself", lease=self.name, error=error.message)

    def _run(self) -> None:
        while not self._stop.is_set() and not self.is_alone and self.failure is None:
            self._stop.wait(self.tick())

    def tick(self) -> float:
        """Renew, look, and decide once; seconds until it should be done again."""
        if self._clock() >= self._deadline:
            self._change(None)  # others may have taken what was ours
        try:
            self._renew_and_look()
        except Forbidden as error:
            if self._joined.is_set():
                return self._failed(error)
            self._log.info(
                "no right to Leases: running as the only replica", hint="keep replicas at 1", error=error.message
            )
            self.is_alone = True
            self._joined.set()
            self.on_change()
            return self._period
        except (ObjectNotFound, Conflict) as error:
            self._change(None)
            return self._failed(error)
        except Error as error:
            if not error.retry and not self._joined.is_set():
                self.failure = error
                self._joined.set()
            return self._failed(error)
        self._joined.set()
        self._is_failing = False
        shares = self._shares
        return self._period if shares is not None and shares.is_settled() else min(_HURRY, self._period)

    def _renew_and_look(self) -> None:
        if self._next_view is None or self._shares is None:
            self._seat.bury_predecessors()
            self._next_view = self._view(self._look())
        published = self._next_view
        sent = self._clock()
        self._seat.renew(published)
        others = self._look()
        self._pods = frozenset((self._pod, *(other.pod for other in others)))
        self._next_view = self._view(others)
        # The deadline after the reading: it must not be drawn out while it is not known who claims what.
        self._change(Shares(self.name, published, self._next_view, others), sent + self._writing)
        self._clear_away()

    def _look(self) -> list[Member]:
        return [member for member in self._watchman.look(self._seat.all) if member.name != self.name]

    def _view(self, others: Iterable[Member]) -> frozenset[str]:
        return frozenset((self.name, *(other.name for other in others)))

    def _change(self, shares: Shares | None, deadline: float = float("-inf")) -> None:
        before, self._shares, self._deadline = self._shares, shares, deadline
        if shares is None:
            if before is None:
                return
            self._log.error("the Lease has passed: nothing is written until it is renewed", lease=self.name)
        elif shares.same_as(before):
            return
        elif before is None or shares.wanted != before.wanted:
            self._log.info("sharing namespaces", lease=self.name, replicas=",".join(sorted(shares.wanted)))
        self.on_change()

    def _clear_away(self) -> None:
        """Remove the Leases of those long gone; one replica does. What cannot be removed now is tried again."""
        for member in self._watchman.long_dead() if self.is_leader() else ():
            with contextlib.suppress(Error):
                self._seat.remove(member)

    def _failed(self, error: Error) -> float:
        if not self._is_failing:
            self._log.error("cannot renew the Lease, will retry", lease=self.name, error=error.message)
        self._is_failing = True
        return self._period / 2
