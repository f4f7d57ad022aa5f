"""Events under load: none is lost while they can be written, and what is lost is counted and said once."""

from __future__ import annotations

import logging
import threading

import pytest

from secrets_gitops.clients.kube import events
from secrets_gitops.clients.kube.events import EventRecorder
from secrets_gitops.errors import Forbidden, Unavailable


class Api:
    """Takes events, while `open` is set; `error` refuses them."""

    def __init__(self):
        self.written, self.open, self.error = [], threading.Event(), None
        self.open.set()

    def call(self, method, path, body, **_):
        self.open.wait(10)
        if self.error:
            raise self.error
        self.written.append((threading.current_thread(), body))
        return {}


def about(number):
    metadata = {"name": f"o{number}", "namespace": "ns", "uid": f"u{number}", "resourceVersion": "1"}
    return {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata}


@pytest.fixture
def api():
    return Api()


def emit(recorder, numbers):
    for number in numbers:
        recorder.emit(about(number), "Normal", "Unsealed", "done")


def test_whoever_is_faster_than_events_are_written_waits_and_none_is_lost(api):
    recorder = EventRecorder(api, "x", waiting=5)
    recorder.start()
    emit(recorder, range(1000))
    recorder.stop(10)
    assert len({body["involvedObject"]["name"] for _, body in api.written}) == 1000
    assert recorder.dropped == 0


def test_several_threads_write_and_those_of_one_object_come_in_their_order(api):
    recorder = EventRecorder(api, "x")
    recorder.start()
    for number in range(10):
        for at in range(9):
            recorder.emit(about(at), "Warning", "Failed", f"attempt {number}")
    recorder.stop(10)
    assert len({thread for thread, _ in api.written}) > 1
    of_one = [body["message"] for _, body in api.written if body["involvedObject"]["name"] == "o1"]
    assert of_one == [f"attempt {number}" for number in range(10)]


def test_while_the_api_server_takes_no_events_nobody_waits_and_the_loss_is_counted_and_said_once(api, caplog):
    api.error = Unavailable("connection refused")
    recorder = EventRecorder(api, "x", waiting=5)
    recorder.start()
    with caplog.at_level(logging.WARNING):
        emit(recorder, range(100))
        recorder.stop(10)
    assert recorder.dropped == 100 and recorder.dropped_by_reason()["full"] >= 100 - events.WRITERS * 6
    assert sum("(full)" in one.getMessage() for one in caplog.records) == 1


def test_each_reason_is_counted_by_itself(api):
    api.error = Forbidden("events is forbidden")
    recorder = EventRecorder(api, "x")
    recorder.start()
    emit(recorder, [1, 2])
    recorder.emit({}, "Normal", "Unsealed", "about nothing")
    recorder.stop(10)
    emit(recorder, [3])
    assert recorder.dropped_by_reason() == {"refused": 2, "broken": 1, "stopped": 1}


def test_an_event_that_nobody_can_write_does_not_end_the_writing(api):
    api.error = RuntimeError("a bug")
    recorder = EventRecorder(api, "x", waiting=2)
    recorder.start()
    emit(recorder, range(50))
    api.error = None
    emit(recorder, range(50, 60))
    recorder.stop(10)
    assert recorder.dropped + len(api.written) == 60 and len(api.written) >= 10


def test_what_still_waits_at_the_end_is_counted(api):
    api.open.clear()
    recorder = EventRecorder(api, "x")
    recorder.start()
    emit(recorder, range(50))
    recorder.stop(0.05)
    api.open.set()
    assert recorder.dropped_by_reason()["stopped"] >= 50 - events.WRITERS
