"""An API server that fails in every way, in front of the controller as it is installed. Each story has the same end."""

from __future__ import annotations

import signal
import time

import pytest
from apiserver import wait_for
from in_the_end import all_is_right
from installed import CANARY

FAULTS = {
    "429": lambda proxy, verbs, path: proxy.answer(429, verbs, path=path, times=4, retry_after=1),
    "500": lambda proxy, verbs, path: proxy.answer(500, verbs, path=path, times=4),
    "reset": lambda proxy, verbs, path: proxy.reset(verbs, path=path, times=4),
    "lost": lambda proxy, verbs, path: proxy.reset(verbs, path=path, times=4, late=True),
    "stall": lambda proxy, verbs, path: proxy.stall(verbs, path=path, times=4, seconds=2),
}
"""`lost`: the server carries the request out, and the answer never arrives."""


@pytest.fixture
def certificate(installed):
    """Of a key that a first controller has made; no controller runs."""
    first = installed.start(direct=True).ready()
    made = first.certificate()
    first.stop()
    return made


class Work:
    """Rounds of everything that a controller has to do: new objects, changed ones, Secrets that somebody deleted."""

    def __init__(self, installed, certificate):
        self.installed, self.certificate, self.rounds = installed, certificate, 0

    def begin(self):
        """Objects for later rounds."""
        self.installed.seal_many(self.certificate, [f"{what}{at}" for what in ("kept", "lost") for at in range(10)])

    def round(self):
        number = self.rounds
        self.rounds += 1
        self.installed.seal_many(self.certificate, [f"new{number}-{at}" for at in range(6)])
        for at in range(4):
            self.installed.reseal(self.certificate, f"kept{at}", f"{CANARY}kept{at}-changed-{number}")
        for at in range(2):
            self.installed.drop_secret(f"lost{at}")

    def is_done(self, seconds=60):
        for name, wanted in list(self.installed.wanted.items()):
            wait_for(
                lambda name=name, wanted=wanted: (
                    self.installed.kube.secret(self.installed.namespace, name) == wanted.data
                ),
                seconds,
                f"{name} is not right",
            )


@pytest.fixture
def work(installed, certificate):
    made = Work(installed, certificate)
    made.begin()
    return made


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("verbs", "path"),
    [
        ("get", "/secrets/"),
        ("create", "/secrets"),
        ("update", "/secrets/"),
        ("update", "/status"),
        ("create patch", "/events"),
        ("create update list", "/leases"),
    ],
    ids=["get", "create", "update", "status", "events", "leases"],
)
def test_requests_fail_in_every_way(installed, fault_proxy, work, verbs, path):
    installed.start().ready()
    work.is_done()
    for fault in FAULTS.values():
        before = fault_proxy.hits
        fault(fault_proxy, verbs, path)
        work.round()
        wait_for(lambda before=before: fault_proxy.hits >= before + 1, 30, "nothing failed")
        work.is_done()
        fault_proxy.heal()
    all_is_right(installed, unknown=True)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_start_finds_lists_that_fail(installed, fault_proxy, work, fault):
    FAULTS[fault](fault_proxy, "list", "")
    FAULTS[fault](fault_proxy, "watch", "")
    installed.start().ready(90)
    assert fault_proxy.hits >= 4
    work.is_done()
    work.round()
    all_is_right(installed, unknown=True)


@pytest.mark.timeout(300)
def test_watches_fail_in_every_way_and_end_at_once(installed, fault_proxy, work):
    controller = installed.start().ready()
    work.is_done()
    fault_proxy.answer(429, "watch", times=1, retry_after=1)
    fault_proxy.answer(500, "watch", times=2)
    fault_proxy.reset("watch", times=2)
    fault_proxy.stall("watch", times=1, seconds=2)
    fault_proxy.end_watches()
    work.round()
    wait_for(lambda: fault_proxy.hits == 6, 90, "the watches never came back")
    work.is_done(90)
    fault_proxy.end_watches(at_once=True)
    begun = len(fault_proxy.log)
    work.round()
    time.sleep(3)
    assert len([one for one in fault_proxy.log[begun:] if one[0] == "watch"]) < 30, "the API server was hammered"
    fault_proxy.heal()
    assert controller.lives()
    all_is_right(installed)


@pytest.mark.timeout(300)
def test_answers_that_never_come_are_given_up_and_arrive_later_without_harm(installed, fault_proxy, work):
    """Longer than a request is waited for, and than the Lease lives: the request is carried out when it is too late."""
    installed.start().ready()
    work.is_done()
    fault_proxy.stall("create update get list patch", seconds=33, times=7)
    work.round()
    all_is_right(installed, seconds=150, unknown=True, statuses=2)


@pytest.mark.timeout(400)
def test_the_api_server_is_gone_for_thirty_seconds(cluster, installed, certificate):
    installed.seal_many(certificate, [f"o{number}" for number in range(150)])
    controller = installed.start()
    wait_for(lambda: installed.secrets_made() > 20, 60, "no work was begun", interval=0.01)
    cluster.stop_api()
    time.sleep(30)
    assert controller.lives()
    cluster.start_api()
    installed.seal(certificate, "later")
    all_is_right(installed, seconds=150, unknown=True, killed=True, statuses=2)


@pytest.mark.timeout(300)
def test_what_happened_in_an_outage_whose_history_is_compacted_is_found(cluster, installed, fault_proxy, work):
    """Nobody tells what was deleted meanwhile, and every version that was seen is gone: only a new list shows it."""
    installed.start().ready()
    work.is_done()
    with fault_proxy.outage():
        work.round()
        installed.kube.delete("bitnami.com/v1alpha1", "SealedSecret", installed.namespace, "lost9")
        installed.kube.delete("v1", "Secret", installed.namespace, "lost9")
        del installed.wanted["lost9"]
        cluster.stop_api()
        cluster.compact()
        cluster.start_api()
    all_is_right(installed, seconds=120)
    assert installed.kube.secret(installed.namespace, "lost9") is None, "its SealedSecret is gone"
    assert 'name="lost9"' not in installed.started[-1].metrics()


@pytest.mark.timeout(300)
def test_etcd_is_restarted_in_the_middle_of_the_work(cluster, installed, certificate):
    installed.seal_many(certificate, [f"o{number}" for number in range(150)])
    installed.start()
    wait_for(lambda: installed.secrets_made() > 20, 60, "no work was begun", interval=0.01)
    cluster.stop_etcd()
    time.sleep(4)
    cluster.start_etcd()
    wait_for(lambda: cluster.kube.list("v1", "Namespace"), 60, "etcd never came back")
    installed.seal(certificate, "later")
    all_is_right(installed, seconds=120, unknown=True, killed=True, statuses=2)


@pytest.mark.timeout(300)
def test_killed_again_and_again_in_the_middle_of_a_thousand(installed, certificate):
    installed.seal_many(certificate, [f"o{number}" for number in range(1000)])
    for enough in (100, 350, 700):
        controller = installed.start()
        wait_for(lambda enough=enough: installed.secrets_made() > enough, 90, "no work is done", interval=0.05)
        controller.kill()
    last = installed.start().ready()
    all_is_right(installed, seconds=150)
    assert last.lives()


@pytest.mark.timeout(300)
def test_a_replica_frozen_in_its_work_wakes_when_its_lease_has_passed_on(installed, certificate):
    replicas = [installed.start(name=f"pod-{number}").ready() for number in range(2)]
    installed.seal(certificate, "first")
    wait_for(lambda: any("key=" in one.text() for one in replicas), 60, "nobody works")
    frozen, other = sorted(replicas, key=lambda one: "msg=Updating" not in one.text())
    installed.seal_many(certificate, [f"o{number}" for number in range(40)])
    frozen.signal(signal.SIGSTOP)
    try:
        installed.seal_many(certificate, [f"later{number}" for number in range(60)])
        wait_for(lambda: installed.secrets_made() == 101, 90, other.text, interval=0.1)
    finally:
        frozen.signal(signal.SIGCONT)
    frozen.says("the Lease has passed")
    installed.seal_many(certificate, [f"last{number}" for number in range(20)])
    all_is_right(installed, unknown=True)
    assert frozen.lives()
