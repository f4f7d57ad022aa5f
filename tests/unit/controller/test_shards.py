"""Sharing namespaces out: balance, handover, and that no namespace ever has two replicas, whatever the interleaving."""

from __future__ import annotations

import copy
import io
import random
import threading

import pytest

from secrets_gitops.controller.election import Watchman
from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.shards import Shards, winner
from secrets_gitops.errors import Conflict, Forbidden, ObjectNotFound, SettingsError, Unavailable

NAMESPACES = [f"team-{number}" for number in range(200)]


class Leases:
    """The Leases of one namespace as the API server keeps them. `down` and `forbidden` switch it."""

    def __init__(self):
        self.objects, self.version, self.down, self.forbidden = {}, 0, False, False
        self.before = lambda: None

    def call(self, method, path, body=None, *, query=None, **_):
        self.before()
        if self.forbidden:
            raise Forbidden("leases is forbidden")
        if self.down:
            raise Unavailable("connection refused")
        name = path.partition("/leases")[2].lstrip("/")
        body = copy.deepcopy(body)
        if method == "GET" and not name:
            return {"items": copy.deepcopy(list(self.objects.values()))}
        if method == "POST":
            name = body["metadata"]["name"]
            if name in self.objects:
                raise Conflict("exists")
        elif name not in self.objects:
            raise ObjectNotFound("not found")
        if method == "GET":
            return copy.deepcopy(self.objects[name])
        wanted = body.get("preconditions", body.get("metadata", {})).get("resourceVersion")
        if wanted is not None and wanted != self.objects[name]["metadata"]["resourceVersion"]:
            raise Conflict("changed")
        if method == "DELETE":
            del self.objects[name]
            return {}
        self.version += 1
        body["metadata"]["resourceVersion"] = str(self.version)
        self.objects[name] = body
        return copy.deepcopy(body)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def leases():
    return Leases()


@pytest.fixture
def replica(leases, clock):
    numbers = iter(range(100))

    def make(pod=None, own_clock=None):
        log = Log(info_stream=io.StringIO(), error_stream=io.StringIO())
        return Shards(leases, "kube-system", pod or f"pod-{next(numbers)}", log=log, clock=own_clock or clock)

    return make


def owned(shards, among=NAMESPACES):
    return {namespace for namespace in among if shards.owns(namespace)}


def settle(*replicas, rounds=6):
    for _ in range(rounds):
        for shards in replicas:
            shards.tick()


def test_one_replica_has_everything_at_once(replica):
    alone = replica()
    assert not owned(alone) and not alone.may_write()
    alone.tick()
    assert owned(alone) == set(NAMESPACES) and alone.is_leader()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_namespace_has_exactly_one_replica_and_one_replica_leads(replica, count):
    replicas = [replica() for _ in range(count)]
    settle(*replicas)
    shares = [owned(shards) for shards in replicas]
    assert sum(map(len, shares)) == len(NAMESPACES) and set().union(*shares) == set(NAMESPACES)
    assert sum(shards.is_leader() for shards in replicas) == 1


def test_two_replicas_share_about_evenly():
    for seed in range(50):
        members = [f"sealed-secrets-controller-{seed}-{letter}" for letter in "ab"]
        share = sum(winner(namespace, members) == members[0] for namespace in NAMESPACES) / len(NAMESPACES)
        assert 0.35 < share < 0.65


def test_a_member_that_comes_or_goes_moves_its_own_share_only():
    before, after = ["a", "b", "c"], ["a", "b", "c", "d"]
    for namespace in NAMESPACES:
        old, new = winner(namespace, before), winner(namespace, after)
        assert new in (old, "d")


def test_a_newcomer_waits_until_the_share_is_let_go(replica):
    first, second = replica(), replica()
    settle(first)
    second.tick()
    assert not owned(second), "the first one may be writing there at this moment"
    first.tick()
    assert not owned(second) and len(owned(first)) < len(NAMESPACES)
    settle(first, second)
    assert owned(first) | owned(second) == set(NAMESPACES) and owned(second)


def test_what_is_lost_is_let_go_before_it_is_published(replica, leases):
    first, second = replica(), replica()
    settle(first)
    second.tick()
    seen = []
    first.on_change = lambda: seen.append((owned(first), leases.objects[first.name]["metadata"]["annotations"].copy()))
    first.tick()
    ((still_owned, annotations),) = seen
    assert second.name not in annotations["secrets-gitops/replicas"] and still_owned < set(NAMESPACES)


def test_a_replica_that_stops_hands_over_at_once(replica):
    first, second = replica(), replica()
    settle(first, second)
    first.stop()
    assert not owned(first) and not first.may_write()
    settle(second, rounds=2)
    assert owned(second) == set(NAMESPACES) and second.is_leader()


def test_the_share_of_a_dead_replica_is_taken_only_past_its_lease(replica, clock):
    first, second = replica(), replica()
    settle(first, second)
    mine = owned(second)
    for _ in range(7):
        clock.now += 2
        second.tick()
        assert owned(second) == mine
    clock.now += 2
    settle(second, rounds=2)
    assert owned(second) == set(NAMESPACES)


def test_a_frozen_replica_that_wakes_writes_nothing_until_it_has_renewed_and_read(replica, clock):
    first, second = replica(), replica()
    settle(first, second)
    share = owned(first)
    for _ in range(12):  # the first one is frozen
        clock.now += 2
        second.tick()
    assert owned(second) == set(NAMESPACES)
    assert not first.may_write() and not owned(first)
    first.tick()
    assert not owned(first), "everything is the other's until that has let go"
    settle(first, second)
    assert owned(first) == share and owned(first).isdisjoint(owned(second))


def test_the_write_deadline_ends_before_the_lease_does(replica, clock):
    alone = replica()
    alone.tick()
    clock.now += 9.9
    assert alone.may_write()
    clock.now += 0.2
    assert not alone.may_write() and not alone.owns("team-1") and not alone.is_leader()


def test_an_outage_stops_the_writes_and_its_end_brings_them_back(replica, leases, clock):
    alone = replica()
    alone.tick()
    leases.down = True
    changes = []
    alone.on_change = lambda: changes.append(bool(owned(alone)))
    for _ in range(15):
        clock.now += 2
        alone.tick()
    assert changes == [False] and not alone.may_write()
    leases.down = False
    alone.tick()
    assert owned(alone) == set(NAMESPACES) and changes == [False, True]


def test_a_restarted_pod_does_not_wait_for_its_own_former_lease(replica):
    replica("pod-x").tick()  # killed: nothing was given up
    again = replica("pod-x")
    again.tick()
    assert owned(again) == set(NAMESPACES)


def test_a_lease_that_somebody_deleted_still_counts_for_its_time(replica, leases, clock):
    first, second = replica(), replica()
    settle(first, second)
    share = owned(second)
    del leases.objects[first.name]
    settle(second)
    assert owned(second) == share, "the first one does not know yet and may write"
    first.tick()
    assert not owned(first)
    settle(first, second)
    assert owned(first) | owned(second) == set(NAMESPACES) and owned(first).isdisjoint(owned(second))


def test_a_label_that_somebody_put_on_our_lease_does_no_harm(replica, leases):
    alone = replica()
    alone.tick()
    leases.call("PUT", f"/leases/{alone.name}", leases.objects[alone.name])
    alone.tick()
    assert owned(alone) == set(NAMESPACES)


def test_leases_of_the_long_dead_are_removed(replica, leases, clock):
    replica().tick()
    alone = replica()
    for _ in range(100):
        alone.tick()
        clock.now += 2
    assert list(leases.objects) == [alone.name]


def test_without_the_right_to_leases_it_runs_alone_and_says_so(replica, leases):
    leases.forbidden = True
    alone = replica()
    alone.tick()
    assert alone.is_alone and alone.may_write() and alone.is_leader() and owned(alone) == set(NAMESPACES)
    assert "only replica" in alone._log._info.getvalue()


def test_a_namespace_that_is_not_there_is_said_at_the_start_and_waited_for_later(replica, leases, clock):
    def gone():
        raise ObjectNotFound('namespaces "kube-system" not found')

    early, late = replica(), replica()
    late.tick()
    working, leases.call = (
        leases.call,
        lambda method, path, *given, **more: gone() if method == "POST" else working(method, path, *given, **more),
    )
    early.tick()
    assert isinstance(early.failure, SettingsError) and early.wait_joined(0)
    assert "`kube-system` does not exist" in early.failure.message and early.failure.hints
    leases.objects.clear()
    clock.now += 20
    late.tick()
    late.tick()
    assert late.failure is None and not late.may_write()
    leases.call = working
    settle(late)
    assert late.may_write()


def test_a_passing_outage_at_the_start_is_waited_for(replica, leases):
    alone = replica()
    leases.down = True
    alone.tick()
    assert alone.failure is None and not alone.wait_joined(0)


def test_rights_that_are_taken_away_later_do_not_make_two_lone_replicas(replica, leases, clock):
    first = replica()
    first.tick()
    leases.forbidden = True
    clock.now += 11
    first.tick()
    assert not first.is_alone and not first.may_write()


def test_the_pods_of_all_replicas_are_known_from_their_leases(replica, leases):
    first, second = replica("pod-a"), replica("pod-b")
    assert first.pods() is None
    settle(first, second)
    assert first.pods() == second.pods() == {"pod-a", "pod-b"}
    leases.forbidden = True
    alone = replica()
    alone.tick()
    assert alone.pods() is None


def test_unchanged_shares_are_not_a_change(replica, clock):
    alone = replica()
    alone.tick()
    changes = []
    alone.on_change = lambda: changes.append(1)
    for _ in range(10):
        clock.now += 2
        assert alone.tick() == 2.0
    assert not changes


def test_wall_clocks_are_never_read(replica, leases, clock):
    first, second = replica(), replica(own_clock=Clock())
    second._clock.now = 1e9
    settle(first, second)
    for lease in leases.objects.values():
        lease["spec"]["renewTime"] = "1999-01-01T00:00:00.000000Z"
    settle(first, second)
    assert owned(first) and owned(second)


def test_an_answer_that_was_long_on_its_way_declares_nobody_dead(clock):
    from secrets_gitops.controller.election import Member

    other = Member("other", "1", "somebody", frozenset(), 15.0)
    watchman = Watchman(clock)
    assert watchman.look(lambda: [other]) == [other]

    def frozen():
        clock.now += 100  # the other one renewed meanwhile; this answer is from before
        return [other]

    clock.now += 2
    assert watchman.look(frozen) == [other]
    assert watchman.look(lambda: [other]) == []


class Turns:
    """Runs several threads one step at a time: a step ends at the next request to the API."""

    def __init__(self, leases):
        self.turns, self.done = {}, threading.Semaphore(0)
        leases.before = self._pause

    def start(self, name, work):
        self.turns[name] = threading.Semaphore(0)

        def body():
            threading.current_thread().name = name
            self.turns[name].acquire()
            work()

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        return thread

    def step(self, name):
        self.turns[name].release()
        assert self.done.acquire(timeout=10)

    def _pause(self):
        name = threading.current_thread().name
        if name in self.turns:
            self.done.release()
            self.turns[name].acquire()


@pytest.mark.parametrize("seed", range(25))
def test_no_interleaving_gives_a_namespace_to_two(replica, leases, clock, seed):
    """Every request of three replicas in any order, with freezes, lost time and restarts of the sharing."""
    chance = random.Random(seed)
    replicas = {f"r{number}": replica() for number in range(3)}
    turns = Turns(leases)
    stop = threading.Event()

    def work(shards):
        while not stop.is_set():
            shards.tick()

    for name, shards in replicas.items():
        turns.start(name, lambda shards=shards: work(shards))
    frozen, changes = {}, 0
    before = []
    for step in range(1500):
        name = chance.choice(list(replicas))
        if frozen.get(name, 0) > step:
            continue
        if chance.random() < 0.01:
            frozen[name] = step + chance.randrange(300)
        turns.step(name)
        clock.now += chance.choice((0, 0.01, 0.1, 0.5))
        shares = [owned(shards, NAMESPACES[:20]) for shards in replicas.values()]
        assert sum(map(len, shares)) == len(set().union(*shares)), f"step {step}"
        changes += shares != before
        before = shares
        assert sum(shards.is_leader() for shards in replicas.values()) <= 1
    stop.set()
    assert changes > 5, "shares moved while this was watched"
