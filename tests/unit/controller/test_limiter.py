"""The limiter gives the numbers that the original's headers showed, call by call."""

from __future__ import annotations

from secrets_gitops.controller.limiter import Limiter


def test_three_calls_pass_at_once_and_the_headers_count_down():
    limiter = Limiter(2, 2, clock=lambda: 50.0)
    seen = [limiter.ask("x") for _ in range(5)]
    assert [v.allowed for v in seen] == [True, True, True, False, False]
    assert [v.remaining for v in seen] == [2, 1, 0, 0, 0]
    assert [v.reset for v in seen] == [1, 1, 2, 2, 2]
    assert [v.limit for v in seen] == [3] * 5
    assert seen[3].retry_after == 1


def test_callers_do_not_share_an_allowance():
    limiter = Limiter(2, 2, clock=lambda: 50.0)
    for _ in range(4):
        limiter.ask("x")
    assert limiter.ask("y").allowed


def test_the_allowance_comes_back():
    now = [0.0]
    limiter = Limiter(2, 2, clock=lambda: now[0])
    for _ in range(4):
        limiter.ask("x")
    now[0] = 0.5
    assert limiter.ask("x").allowed
    assert not limiter.ask("x").allowed
