"""One Fetcher serves a whole run: every value is fetched once, in batches, from any number of threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from secrets_gitops.backends.backend import Fetched, Locator
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import NotBuiltYet, SecretNotFound, SettingsError, Unavailable
from secrets_gitops.plaintext import Plaintext
from secrets_gitops.references.fetcher import Fetcher
from secrets_gitops.references.pick import Pick
from secrets_gitops.references.reference import Reference, Store

MEMORY = Store("memory")


def ref(path, store=MEMORY):
    return Reference(store, Locator(path), Pick(), f"ref+memory://{path}")


class Memory:
    """A store that remembers what it was asked."""

    def __init__(self, values, identity="memory", before=lambda: None):
        self.values = values
        self.identity = identity
        self.before = before
        self.calls = []

    def fetch(self, locators, deadline):
        self.calls.append([locator.path for locator in locators])
        self.before()
        return [
            Fetched(Plaintext(self.values[path])) if path in self.values else SecretNotFound(f"no `{path}`")
            for path in self.calls[-1]
        ]


def test_many_references_to_one_store_are_one_batch_without_repetition():
    store = Memory({"a": "1", "b": "2"})
    answers = Fetcher(lambda _: store, Deadline(10)).fetch([ref("a"), ref("b"), ref("a")])
    assert [answer.value.reveal() for answer in answers] == [b"1", b"2", b"1"]
    assert store.calls == [["a", "b"]]


def test_a_large_number_is_cut_into_batches():
    store = Memory({str(n): "v" for n in range(5)})
    Fetcher(lambda _: store, Deadline(10), max_batch=2).fetch([ref(str(n)) for n in range(5)])
    assert [len(call) for call in store.calls] == [2, 2, 1]


def test_answers_are_kept_and_so_is_that_there_is_none():
    store = Memory({"a": "1"})
    fetcher = Fetcher(lambda _: store, Deadline(10))
    for _ in range(2):
        found, missing = fetcher.fetch([ref("a"), ref("x")])
        assert found.value.reveal() == b"1"
        assert isinstance(missing, SecretNotFound)
    assert store.calls == [["a", "x"]]


def test_a_failure_that_may_pass_is_asked_again_and_others_are_not():
    class Down(Memory):
        def fetch(self, locators, deadline):
            super().fetch(locators, deadline)
            raise Unavailable("down")

    store = Down({})
    fetcher = Fetcher(lambda _: store, Deadline(10))
    assert isinstance(fetcher.fetch([ref("a")])[0], Unavailable)
    assert isinstance(fetcher.fetch([ref("a")])[0], Unavailable)
    assert store.calls == [["a"], ["a"]]


def test_an_answer_that_has_expired_is_asked_for_again():
    class Dated(Memory):
        def fetch(self, locators, deadline):
            super().fetch(locators, deadline)
            return [Fetched(Plaintext("v"), expires_at=10.0) for _ in locators]

    store, now = Dated({}), [0.0]
    fetcher = Fetcher(lambda _: store, Deadline(10), clock=lambda: now[0])
    fetcher.fetch([ref("a")])
    now[0] = 9.0
    fetcher.fetch([ref("a")])
    now[0] = 10.0
    fetcher.fetch([ref("a")])
    assert store.calls == [["a"], ["a"]]


def test_two_logins_never_share_an_answer_and_one_login_is_one_store():
    stores = {
        "one": Memory({"a": "of one"}, identity="login one"),
        "two": Memory({"a": "of two"}, identity="login two"),
        "two again": Memory({"a": "never asked"}, identity="login two"),
    }
    fetcher = Fetcher(lambda store: stores[store.backend], Deadline(10))
    answers = fetcher.fetch([ref("a", Store(name)) for name in stores])
    assert [answer.value.reveal() for answer in answers] == [b"of one", b"of two", b"of two"]
    assert stores["two again"].calls == []


def test_a_store_that_cannot_be_opened_fails_its_own_references_only():
    store = Memory({"a": "1"})

    def connect(wanted):
        if wanted.backend == "nope":
            raise NotBuiltYet("not built")
        return store

    bad, good = Fetcher(connect, Deadline(10)).fetch([ref("a", Store("nope")), ref("a")])
    assert isinstance(bad, NotBuiltYet)
    assert good.value.reveal() == b"1"


def test_while_a_store_is_busy_the_wishes_of_other_threads_become_one_batch():
    flying, go_on = threading.Event(), threading.Event()

    def before():
        flying.set()
        assert go_on.wait(10)

    store = Memory({str(n): str(n) for n in range(20)}, before=before)
    fetcher = Fetcher(lambda _: store, Deadline(20))
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(fetcher.fetch, [ref("0")])
        assert flying.wait(10)
        others = [pool.submit(fetcher.fetch, [ref(str(n)), ref("0")]) for n in range(1, 20)]
        lane = fetcher._lanes["memory"]
        while len(lane.waiting) < 19:
            threading.Event().wait(0.001)
        go_on.set()
        assert first.result(10)[0].value.reveal() == b"0"
        for n, other in enumerate(others, 1):
            assert [answer.value.reveal() for answer in other.result(10)] == [str(n).encode(), b"0"]
    assert store.calls[0] == ["0"]
    assert sorted(store.calls[1], key=int) == [str(n) for n in range(1, 20)]
    assert len(store.calls) == 2


def test_a_bug_in_a_backend_reaches_whoever_waits_and_is_not_kept():
    class Broken(Memory):
        def fetch(self, locators, deadline):
            super().fetch(locators, deadline)
            raise ZeroDivisionError

    store = Broken({})
    fetcher = Fetcher(lambda _: store, Deadline(10))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fetcher.fetch([ref("a")])
    assert store.calls == [["a"], ["a"]]


class Counting:
    """A store that counts what it is asked."""

    identity = "counting"

    def __init__(self):
        self.asked = []

    def fetch(self, locators, deadline):
        self.asked += [locator.path for locator in locators]
        return [Fetched(Plaintext(f"{locator.path}-{len(self.asked)}")) for locator in locators]


def wanted(path):
    return Reference(Store("counting"), Locator(path), Pick(), path)


def test_many_that_want_the_same_ask_once_within_the_window():
    now, store = [100.0], Counting()
    fetcher = Fetcher(lambda _: store, Deadline(None), clock=lambda: now[0])
    for number in range(2000):
        fetcher.fetch([wanted(f"k{number % 200}")], newer_than=40.0)
    assert len(store.asked) == 200
    now[0] = 170.0
    fetcher.fetch([wanted("k1")], newer_than=110.0)
    assert store.asked.count("k1") == 2
    fetcher.fetch([wanted("k1")], newer_than=110.0)
    assert store.asked.count("k1") == 2


def test_what_is_forgotten_is_asked_again_and_nothing_else():
    now, store = [0.0], Counting()
    fetcher = Fetcher(lambda _: store, Deadline(None), clock=lambda: now[0])
    fetcher.fetch([wanted("old")])
    now[0] = 50.0
    fetcher.fetch([wanted("new")])
    fetcher.forget(20.0)
    fetcher.fetch([wanted("old"), wanted("new")])
    assert store.asked == ["old", "new", "old"]


def test_a_store_that_could_not_be_opened_is_tried_again_when_the_answer_is_too_old():
    now, tries = [0.0], []

    def connect(_):
        tries.append(now[0])
        raise SettingsError("no such thing yet")

    fetcher = Fetcher(connect, Deadline(None), clock=lambda: now[0])
    fetcher.fetch([wanted("a")], newer_than=-60.0)
    fetcher.fetch([wanted("a")], newer_than=-60.0)
    now[0] = 70.0
    fetcher.fetch([wanted("a")], newer_than=10.0)
    assert tries == [0.0, 70.0]
