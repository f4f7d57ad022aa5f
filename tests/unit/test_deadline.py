"""How long a call may still wait."""

from __future__ import annotations

import pytest

from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import Unavailable


def test_one_wait_lasts_no_longer_than_asked_and_little_longer_than_is_left():
    now = [100.0]
    deadline = Deadline(10, clock=lambda: now[0])
    assert deadline.at_most(5) == 5
    now[0] += 9
    assert deadline.at_most(5) == pytest.approx(1.1)
    now[0] += 9
    assert deadline.left() == 0
    assert deadline.at_most(5) == pytest.approx(0.1)
    assert Deadline(None).at_most(5) == 5


def test_time_that_is_over_and_a_stop_are_told():
    deadline = Deadline(0)
    with pytest.raises(Unavailable, match="out of time while waiting"):
        deadline.check("waiting")
    deadline.stop.set()
    with pytest.raises(Unavailable, match="stopped while waiting"):
        deadline.check("waiting")
