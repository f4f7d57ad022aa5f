"""The status: one condition, written when it says something new and not otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from secrets_gitops.controller import conditions

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OLD = "2025-01-01T00:00:00Z"


def obj(status=None, message="", observed=1, generation=1, **more):
    condition = {"type": "Synced", "status": status, "lastUpdateTime": OLD, "lastTransitionTime": OLD}
    if message:
        condition["message"] = message
    told = {"observedGeneration": observed, "conditions": [condition], **more} if status else {}
    return {"metadata": {"generation": generation}, "status": told}


@pytest.mark.parametrize(("before", "message"), [(obj("True"), ""), (obj("False", "a"), "a")])
def test_the_same_again_is_not_written(before, message):
    assert conditions.updated(before, message=message, now=NOW) is None


@pytest.mark.parametrize(
    ("before", "message", "transition"),
    [
        (obj(), "", "2026-01-02T03:04:05Z"),
        (obj("False", "a"), "", "2026-01-02T03:04:05Z"),
        (obj("True", generation=2), "", OLD),
        (obj("False", "a"), "b", OLD),
    ],
    ids=["first", "flip", "another generation", "other words"],
)
def test_news_are_written_and_the_transition_is_dated_by_the_flip_alone(before, message, transition):
    status = conditions.updated(before, message=message, now=NOW)
    (condition,) = status["conditions"]
    assert condition["status"] == ("False" if message else "True")
    assert condition.get("message", "") == message
    assert (condition["lastUpdateTime"], condition["lastTransitionTime"]) == ("2026-01-02T03:04:05Z", transition)
    assert status["observedGeneration"] == before["metadata"]["generation"]


def test_a_failure_that_comes_and_goes_does_not_take_the_place_of_what_is_told():
    assert conditions.updated(obj("False", "a"), message="b", now=NOW, keep_message=True) is None


def test_what_others_say_in_the_status_stays():
    before = obj("True", generation=2, theirs=1)
    before["status"]["conditions"].append({"type": "Theirs", "status": "True"})
    status = conditions.updated(before, message="", now=NOW)
    assert [one["type"] for one in status["conditions"]] == ["Synced", "Theirs"] and status["theirs"] == 1


def test_only_a_success_about_the_present_spec_is_current():
    assert conditions.is_current(obj("True"))
    for other in (obj(), obj("False", "a"), obj("True", generation=2), {"metadata": {}}):
        assert not conditions.is_current(other)


@pytest.mark.parametrize(
    "status",
    ["text", {"conditions": "text"}, {"conditions": [None, 5, [], {}, {"type": "Synced", "status": ["True"]}]}],
)
def test_what_the_api_server_would_not_take_back_is_left_out(status):
    written = conditions.updated({"metadata": {"generation": 1}, "status": status}, message="", now=NOW)
    assert [one["status"] for one in written["conditions"]] == ["True"]


def test_a_time_that_is_none_is_not_kept():
    before = obj("True", generation=2)
    before["status"]["conditions"][0]["lastTransitionTime"] = "yesterday"
    (condition,) = conditions.updated(before, message="", now=NOW)["conditions"]
    assert condition["lastTransitionTime"] == "2026-01-02T03:04:05Z"
