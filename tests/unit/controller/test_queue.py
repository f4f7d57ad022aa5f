"""The work queue: nothing twice, nothing in two workers, failures again later."""

from __future__ import annotations

from secrets_gitops.controller.queue import LONGEST_DELAY, WorkQueue


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_key_added_twice_is_handed_out_once():
    queue = WorkQueue()
    queue.add("a")
    queue.add("a")
    assert queue.get(0) == "a"
    assert queue.get(0) is None


def test_a_key_changed_during_work_comes_once_more_when_the_worker_is_done():
    queue = WorkQueue()
    queue.add("a")
    assert queue.get(0) == "a"
    queue.add("a")
    assert queue.get(0) is None
    queue.done("a")
    assert queue.get(0) == "a"


def test_failures_wait_twice_as_long_each_time_and_never_stop():
    clock = Clock()
    queue = WorkQueue(clock)
    delays = [queue.retry(f"a{n}") for n in range(2)] + [queue.retry("a0") for _ in range(60)]
    assert delays[:4] == [0.005, 0.005, 0.01, 0.02]
    assert delays[-1] == LONGEST_DELAY


def test_a_failed_key_comes_when_its_time_has_come():
    clock = Clock()
    queue = WorkQueue(clock)
    queue.retry("a", at_least=3)
    assert queue.get(0) is None
    clock.now += 3.1
    assert queue.get(0) == "a"


def test_news_about_a_failed_key_ends_its_delay():
    clock = Clock()
    queue = WorkQueue(clock)
    queue.retry("a", at_least=500)
    queue.add("a")
    assert queue.get(0) == "a"
    queue.done("a")
    clock.now += 1000
    assert queue.get(0) is None


def test_success_makes_the_next_failure_the_first():
    queue = WorkQueue(Clock())
    for _ in range(5):
        queue.retry("a")
    queue.forget("a")
    assert queue.retry("a") == 0.005


def test_a_closed_queue_lets_every_worker_go():
    queue = WorkQueue()
    queue.add("a")
    queue.close()
    assert queue.get() is None
