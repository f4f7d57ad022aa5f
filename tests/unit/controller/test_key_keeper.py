"""Keeping the keys: a wish for a key outlives what goes wrong on the way."""

from __future__ import annotations

import io
import threading
import time
from datetime import UTC, datetime

import pytest
from fake_api import FakeApi

from secrets_gitops.controller import key_keeper, sealing_keys
from secrets_gitops.controller.flags import Flags
from secrets_gitops.controller.key_keeper import KeyKeeper
from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.sealing_keys import SealingKeys


class Kept:
    """A keeper that runs over an API server in a dictionary; `answers` are what `may_write` says, then True."""

    def __init__(self, monkeypatch) -> None:
        monkeypatch.setattr(key_keeper, "_POLL", 0.01)
        self.api = FakeApi()
        self.errors = io.StringIO()
        self.answers: list[bool] = []
        log = Log(info_stream=io.StringIO(), error_stream=self.errors)
        self.keys = SealingKeys(self.api, "ks", Flags(key_size=1024), log)
        self.keeper = KeyKeeper(self.api, self.keys, lambda: self.answers.pop(0) if self.answers else True, log)
        self.stop = threading.Event()
        self.keeper.load(self.stop)
        self.thread = threading.Thread(target=self.keeper.run, args=(self.stop,))
        self.thread.start()

    def number(self, wanted: int, seconds: float = 10) -> int:
        """How many keys there are, once there are so many or that time is over."""
        self._wait(lambda: len(self.keys.newest_first()) >= wanted, seconds)
        return len(self.keys.newest_first())

    def hears(self, words: str) -> bool:
        """Whether an error with these words is logged, at once or soon."""
        self._wait(lambda: words in self.errors.getvalue(), 10)
        return words in self.errors.getvalue()

    @staticmethod
    def _wait(condition, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.005)  # the keeper works in a thread of its own

    def end(self) -> None:
        self.stop.set()
        self.keeper.stop()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def kept(monkeypatch):
    made = Kept(monkeypatch)
    yield made
    made.end()


def test_each_wish_makes_one_key(kept):
    for wanted in (2, 3):
        kept.keeper.ask_for_a_key()
        assert kept.number(wanted) == wanted
    assert kept.number(4, seconds=0.2) == 3


def test_a_wish_outlives_a_refusal_of_the_api_server_and_is_met_soon_after(kept):
    kept.api.refuse["POST secrets"] = 500
    kept.keeper.ask_for_a_key()
    assert kept.hears("Failed to make a new key")
    del kept.api.refuse["POST secrets"]
    assert kept.number(2) == 2


def test_a_wish_outlives_a_lease_that_passes_while_the_key_is_made(kept):
    kept.answers += [True, False, False]
    kept.keeper.ask_for_a_key()
    assert kept.number(2) == 2
    assert not kept.errors.getvalue()


def test_a_wish_of_who_does_not_lead_ends_and_says_so(kept, monkeypatch):
    monkeypatch.setattr(key_keeper, "_WISH_LASTS", 0.05)
    kept.answers += [False] * 1000
    kept.keeper.ask_for_a_key()
    assert kept.hears("another replica leads")
    kept.answers.clear()
    assert "send SIGUSR1 to that one" in kept.errors.getvalue()
    assert kept.number(2, seconds=0.2) == 1


def test_a_key_is_renewed_when_its_time_has_come(kept, monkeypatch):
    later = datetime(2100, 1, 1, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return later

    for module in (sealing_keys, key_keeper):
        monkeypatch.setattr(module, "datetime", Clock)
    kept.keeper._wake.set()  # else it is noticed within seconds
    assert kept.number(2) == 2
    assert kept.number(3, seconds=0.2) == 2
