"""How long to wait after failures."""

from __future__ import annotations

from secrets_gitops.clients.kube.backoff import Backoff


def test_it_doubles_from_0_8_to_30_seconds():
    backoff = Backoff(clock=lambda: 0.0, chance=lambda: 0.0)
    assert [backoff.failed() for _ in range(7)] == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0]


def test_jitter_adds_up_to_as_much_again_and_never_more_than_30():
    backoff = Backoff(clock=lambda: 0.0, chance=lambda: 1.0)
    assert [backoff.failed() for _ in range(6)] == [1.6, 3.2, 6.4, 12.8, 25.6, 30.0]


def test_two_quiet_minutes_make_it_begin_anew():
    now = [0.0]
    backoff = Backoff(clock=lambda: now[0], chance=lambda: 0.0)
    for _ in range(3):
        backoff.failed()
    now[0] += 3.2 + 119
    assert backoff.failed() == 6.4
    now[0] += 6.4 + 121
    assert backoff.failed() == 0.8


def test_the_servers_word_wins():
    backoff = Backoff(clock=lambda: 0.0, chance=lambda: 0.0)
    assert backoff.failed(60.0) == 60.0


def test_a_server_that_says_no_time_at_all_is_not_taken_at_its_word():
    backoff = Backoff(clock=lambda: 0.0, chance=lambda: 0.0)
    assert backoff.failed(0.0) == 0.8
