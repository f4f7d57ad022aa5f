"""Replicas that share namespaces out over real Leases, with the rights that are shipped."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys

import pytest
from apiserver import wait_for

from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.shards import Shards

LEASES = ("coordination.k8s.io", "leases", "get list create update delete")
NAMESPACES = [f"team-{number}" for number in range(100)]
REPLICA = """
import json, sys
from secrets_gitops.clients.kube.kubeconfig import connection
from secrets_gitops.clients.kube.request import Api
from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.shards import Shards
api, log = Api(connection(sys.argv[1], None, {})), Log(info_stream=sys.stderr)
shards = Shards(api, sys.argv[2], sys.argv[3], log=log, seconds=3.0)
shards.start()
for line in sys.stdin:
    print(json.dumps([ns for ns in json.loads(line) if shards.owns(ns)]), flush=True)
"""


def quiet_log():
    return Log(info_stream=io.StringIO(), error_stream=io.StringIO())


def owned(shards):
    return {namespace for namespace in NAMESPACES if shards.owns(namespace)}


@pytest.fixture
def replica(user, namespace):
    """A maker of replicas that run in threads; stopped at the end."""
    started, account = [], user(LEASES)

    def make(pod, seconds=3.0):
        shards = Shards(account.api(), namespace, pod, log=quiet_log(), seconds=seconds)
        shards.start()
        started.append(shards)
        assert shards.wait_joined(10)
        return shards

    yield make
    for shards in started:
        shards.stop()


def test_two_replicas_share_and_hand_over(replica):
    first = replica("a")
    assert owned(first) == set(NAMESPACES) and first.is_leader()
    second = replica("b")
    wait_for(lambda: len(owned(first)) + len(owned(second)) == 100 and owned(second), 10, "never shared out")
    assert owned(first).isdisjoint(owned(second)) and 25 <= len(owned(first)) <= 75
    assert first.is_leader() != second.is_leader()
    first.stop()
    wait_for(lambda: owned(second) == set(NAMESPACES), 3, "the share was given up, and nobody took it")


def test_without_the_right_to_leases_it_is_alone(user, namespace):
    shards = Shards(user().api(), namespace, "a", log=quiet_log())
    shards.tick()
    assert shards.is_alone and owned(shards) == set(NAMESPACES)


def test_leases_are_few_requests(cluster, user, namespace):
    account = user(LEASES)
    shards = Shards(account.api(), namespace, "a", log=quiet_log())
    shards.tick()
    mark = cluster.mark()
    for _ in range(10):
        shards.tick()
    assert len(cluster.requests(account, mark)) == 20, "one renewal and one look each"


class Process:
    """A replica in a process of its own."""

    def __init__(self, config, namespace, pod):
        import json

        self._json = json
        words = [sys.executable, "-c", REPLICA, str(config), namespace, pod]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)

    def ask(self):
        self.process.stdin.write(self._json.dumps(NAMESPACES) + "\n")
        self.process.stdin.flush()

    def answer(self):
        return set(self._json.loads(self.process.stdout.readline()))

    def owned(self):
        self.ask()
        return self.answer()

    def signal(self, number):
        os.kill(self.process.pid, number)


@pytest.fixture
def process(user, namespace):
    config, started = user(LEASES).kubeconfig(), []

    def start(pod):
        started.append(Process(config, namespace, pod))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_a_frozen_replica_that_wakes_owns_nothing_of_what_was_taken(process):
    first, second = process("a"), process("b")
    everything = set(NAMESPACES)
    wait_for(
        lambda: len(first.owned()) + len(second.owned()) == 100 and first.owned() and second.owned(), 15, "unshared"
    )
    first.signal(signal.SIGSTOP)
    wait_for(lambda: second.owned() == everything, 15, "the share of the frozen one was never taken")
    first.ask()  # the question is there before it wakes: its answer is the first thing that it does
    first.signal(signal.SIGCONT)
    assert first.answer() == set()
    wait_for(first.owned, 10, "it never came back")
    wait_for(lambda: first.owned() | second.owned() == everything, 10, "somebody must have each")
    assert first.owned().isdisjoint(second.owned())


def test_the_share_of_a_killed_replica_is_taken(process):
    first, second = process("a"), process("b")
    wait_for(lambda: len(first.owned()) + len(second.owned()) == 100 and first.owned(), 15, "unshared")
    first.signal(signal.SIGKILL)
    wait_for(lambda: second.owned() == set(NAMESPACES), 15, "never taken")
