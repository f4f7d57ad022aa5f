"""Events on a real API server: written once, counted when they repeat, harmless when refused."""

from __future__ import annotations

import pytest
from apiserver import wait_for

from secrets_gitops.clients.kube.events import EventRecorder


@pytest.fixture
def api(user):
    made = user(("", "events", "create patch")).api()
    yield made
    made.close()


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


def test_an_event_whose_answer_is_lost_is_there_once(user, namespace, kube, fault_proxy):
    made = kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": namespace}})
    api = user(("", "events", "create patch")).api(fault_proxy.url)
    fault_proxy.reset("create", path="/events", times=2, late=True)
    recorder = EventRecorder(api, "secrets-gitops")
    recorder.start()
    recorder.emit(made, "Normal", "Unsealed", "done")
    wait_for(lambda: [one[2] for one in fault_proxy.log] == [0, 0, 409], 30, lambda: fault_proxy.log)
    recorder.emit(made, "Normal", "Unsealed", "done")
    recorder.stop()
    api.close()
    (event,) = kube.list("v1", "Event", namespace)
    assert event["count"] == 2
    assert recorder.dropped == 0
