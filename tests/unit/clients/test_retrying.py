"""Another try, and a refusal that is remembered for a moment."""

from __future__ import annotations

import pytest

from secrets_gitops.clients.refusal import Refusal
from secrets_gitops.clients.retrying import TRIES, retrying
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, Unavailable


class Request:
    """Fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets_gitops.clients.retrying._FIRST_WAIT", 0.001)


def test_what_is_away_for_a_moment_is_asked_again():
    request = Request(Unavailable("away"), Unavailable("away", retry_after=0.0))
    assert retrying(request, Deadline(10), "asking") == "answer"
    assert request.made == 3


def test_what_stays_away_is_given_up():
    request = Request(*[Unavailable("away")] * 10)
    with pytest.raises(Unavailable, match="away"):
        retrying(request, Deadline(10), "asking")
    assert request.made == TRIES


def test_a_refusal_is_final():
    request = Request(AccessDenied("no"))
    with pytest.raises(AccessDenied):
        retrying(request, Deadline(10), "asking")
    assert request.made == 1


def test_a_wait_beyond_the_deadline_is_not_begun():
    request = Request(Unavailable("away", retry_after=3600))
    with pytest.raises(Unavailable, match="away"):
        retrying(request, Deadline(10), "asking")
    assert request.made == 1


def test_a_deadline_that_is_over_asks_nothing():
    request = Request()
    with pytest.raises(Unavailable, match="out of time while asking"):
        retrying(request, Deadline(0), "asking")
    assert request.made == 0


def test_a_refused_login_is_remembered_for_a_moment_only():
    now = [100.0]
    refusal = Refusal(clock=lambda: now[0])
    refusal.check()
    error = refusal.keep(AccessDenied("no login"))
    now[0] = 104.0
    with pytest.raises(AccessDenied) as caught:
        refusal.check()
    assert caught.value is error
    now[0] = 106.0
    refusal.check()
