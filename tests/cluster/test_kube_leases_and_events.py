"""Leases and events as the real API server takes them, under exactly the rights that they need."""

from __future__ import annotations

import pytest
from apiserver import wait_for

from secrets_gitops.clients.kube.events import EventRecorder
from secrets_gitops.clients.kube.lease import Lease
from secrets_gitops.errors import Forbidden

LEASES = ("coordination.k8s.io", "leases", "get create update")


@pytest.fixture
def api(user):
    made = user(LEASES, ("", "events", "create patch")).api()
    yield made
    made.close()


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_one_holds_it_and_the_other_takes_it_when_the_holder_falls_silent(api, namespace, kube):
    here, there = Clock(), Clock()
    there.now = 5.0  # clocks of two machines have nothing in common
    first = Lease(api, namespace, "main", "first", clock=here)
    second = Lease(api, namespace, "main", "second", clock=there)
    assert first.acquire_or_renew().state == "held"
    assert first.may_write()
    assert second.acquire_or_renew() == ("other", "first")
    there.now += 14
    assert second.acquire_or_renew().state == "other"
    here.now += 9
    assert first.acquire_or_renew().state == "held"
    there.now += 14  # more than 15 s since it was first seen, but it was renewed since
    assert second.acquire_or_renew().state == "other"
    there.now += 15
    assert second.acquire_or_renew() == ("held", "second")
    lease = kube.get("coordination.k8s.io/v1", "Lease", namespace, "main")
    assert lease["spec"]["holderIdentity"] == "second"
    assert lease["spec"]["leaseTransitions"] == 1
    assert lease["spec"]["leaseDurationSeconds"] == 15


def test_a_frozen_holder_may_not_write_before_anybody_else_may_and_learns_that_it_lost(api, namespace):
    here, there = Clock(), Clock()
    first = Lease(api, namespace, "main", "first", clock=here)
    second = Lease(api, namespace, "main", "second", clock=there)
    first.acquire_or_renew()
    second.acquire_or_renew()
    here.now += 10.1
    there.now += 10.1
    assert not first.may_write()
    assert second.acquire_or_renew().state == "other"
    there.now += 5
    assert second.acquire_or_renew().state == "held"
    assert first.acquire_or_renew() == ("lost", "second")
    assert not first.may_write()
    assert first.acquire_or_renew() == ("other", "second")


def test_released_it_is_free_at_once(api, namespace):
    first, second = Lease(api, namespace, "main", "first"), Lease(api, namespace, "main", "second")
    first.acquire_or_renew()
    first.release()
    assert not first.may_write()
    assert second.acquire_or_renew().state == "held"


def test_a_lease_that_somebody_removed_or_touched_is_renewed_all_the_same(api, namespace, kube):
    lease = Lease(api, namespace, "main", "first")
    lease.acquire_or_renew()
    kube.merge("coordination.k8s.io/v1", "Lease", namespace, "main", {"metadata": {"labels": {"touched": "yes"}}})
    assert lease.acquire_or_renew().state == "held"
    kube.delete("coordination.k8s.io/v1", "Lease", namespace, "main")
    assert lease.acquire_or_renew().state == "held"
    found = kube.get("coordination.k8s.io/v1", "Lease", namespace, "main")
    assert found["spec"]["holderIdentity"] == "first"


def test_without_the_right_to_leases_it_is_forbidden(user, namespace):
    api = user().api()
    with pytest.raises(Forbidden):
        Lease(api, namespace, "main", "first").acquire_or_renew()
    api.close()


def test_kubectl_reads_the_holder(api, cluster, program, namespace):
    import subprocess

    Lease(api, namespace, "main", "first").acquire_or_renew()
    command = [program("kubectl"), "--kubeconfig", str(cluster.admin.kubeconfig()), "-n", namespace, "get", "lease"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[1].split()[:2] == ["main", "first"]


def test_an_event_is_written_once_and_counted_when_it_comes_again(api, namespace, kube):
    made = kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": namespace}})
    recorder = EventRecorder(api, "secrets-gitops")
    recorder.start()
    for _ in range(3):
        recorder.emit(made, "Warning", "NoMatchingKey", "no key opens it")
    recorder.emit(made, "Normal", "Unsealed", "x" * 2000)
    recorder.stop()
    events = {event["reason"]: event for event in kube.list("v1", "Event", namespace)}
    assert events["NoMatchingKey"]["count"] == 3
    assert events["NoMatchingKey"]["type"] == "Warning"
    assert events["NoMatchingKey"]["source"]["component"] == "secrets-gitops"
    assert events["NoMatchingKey"]["involvedObject"]["uid"] == made["metadata"]["uid"]
    assert len(events["Unsealed"]["message"]) == 1024
    assert recorder.dropped == 0


def test_an_event_that_was_removed_is_written_anew(api, namespace, kube):
    made = kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": namespace}})
    recorder = EventRecorder(api, "secrets-gitops")
    recorder.start()
    recorder.emit(made, "Normal", "Unsealed", "done")
    (event,) = wait_for(lambda: kube.list("v1", "Event", namespace), 10, "no event")
    kube.delete("v1", "Event", namespace, event["metadata"]["name"])
    recorder.emit(made, "Normal", "Unsealed", "done")
    recorder.stop()
    (event,) = kube.list("v1", "Event", namespace)
    assert event["count"] == 1


def test_a_refused_event_hurts_nobody_and_a_noisy_object_is_kept_quiet(user, api, namespace, kube):
    made = kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": namespace}})
    powerless = user().api()
    recorder = EventRecorder(powerless, "secrets-gitops")
    recorder.start()
    recorder.emit(made, "Normal", "Unsealed", "done")
    recorder.emit({}, "Normal", "Unsealed", "about nothing")
    recorder.stop()
    powerless.close()
    assert recorder.dropped == 2
    recorder = EventRecorder(api, "secrets-gitops")
    recorder.start()
    for number in range(40):
        recorder.emit(made, "Warning", "Failed", f"attempt {number}")
    recorder.stop(10)
    assert len(kube.list("v1", "Event", namespace)) == 25
    assert recorder.dropped == 15
