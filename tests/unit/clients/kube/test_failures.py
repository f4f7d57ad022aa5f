"""Refusals of the API server as our errors: the class for the caller, the words for the user, no values for anybody."""

from __future__ import annotations

import pytest

from secrets_gitops.clients.kube.failures import failure
from secrets_gitops.errors import Conflict, Expired, Forbidden, Invalid, ObjectNotFound, Unavailable

RBAC = 'secrets "db" is forbidden: User "system:serviceaccount:a:b" cannot update resource "secrets" in API group ""'


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Invalid),
        (401, Forbidden),
        (403, Forbidden),
        (404, ObjectNotFound),
        (409, Conflict),
        (410, Expired),
        (422, Invalid),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_each_status_has_its_class_and_says_whether_to_try_again(status, expected):
    error = failure(status, {"message": "what the server said"}, {}, secret=False)
    assert type(error) is expected
    assert error.message == "what the server said"
    assert error.retry is (status in (409, 410, 429, 500, 503))


def test_an_answer_that_is_no_status_is_named_by_its_number():
    assert failure(502, None, {}, secret=False).message == "the API server answered 502"


@pytest.mark.parametrize(
    ("headers", "details", "seconds"),
    [
        ({"Retry-After": "5"}, {}, 5.0),
        ({}, {"retryAfterSeconds": 2}, 2.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, {}, None),
        ({"Retry-After": "-1"}, {}, None),
        ({}, {}, None),
    ],
)
def test_how_long_to_wait_comes_from_the_header_or_the_body(headers, details, seconds):
    error = failure(429, {"details": details}, headers, secret=False)
    assert isinstance(error, Unavailable)
    assert error.retry_after == seconds


def test_of_a_secret_only_reason_and_fields_are_kept():
    answer = {
        "reason": "Invalid",
        "message": 'Secret "db" is invalid: data[password]: Invalid value: "canary"',
        "details": {
            "name": "db",
            "causes": [{"field": "data[password]", "reason": "FieldValueInvalid", "message": '"canary"'}],
        },
    }
    message = failure(422, answer, {}, secret=True).message
    assert message == "`db` is refused by the API server: Invalid (data[password] FieldValueInvalid)"


@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_an_admission_webhook_is_named_and_not_quoted(status):
    answer = {"message": 'admission webhook "guard.example.org" denied the request: canary', "details": {"name": "db"}}
    message = failure(status, answer, {}, secret=True).message
    assert message == "`db` is refused by the admission rule `guard.example.org`"


def test_what_rbac_says_is_kept_whole():
    assert failure(403, {"message": RBAC}, {}, secret=True).message == RBAC


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (409, 'secrets "db" already exists'),
        (409, 'Operation cannot be fulfilled on secrets "db": the object has been modified; please try again'),
        (403, 'secrets "db" is forbidden: exceeded quota: few'),
        (403, 'secrets "db" is forbidden: unable to create new content in namespace a because it is being terminated'),
    ],
)
def test_sentences_that_only_name_the_object_are_kept(status, message):
    assert failure(status, {"message": message}, {}, secret=True).message == message


def test_of_a_conflict_between_managers_the_field_and_the_manager_are_named():
    cause = {
        "reason": "FieldManagerConflict",
        "field": ".data.password",
        "message": 'conflict with "kubectl" using v1: canary',
    }
    answer = {"reason": "Conflict", "message": "Apply failed: canary", "details": {"name": "db", "causes": [cause]}}
    message = failure(409, answer, {}, secret=True).message
    assert message == (
        '`db` is refused by the API server: Conflict (.data.password FieldManagerConflict conflict with "kubectl")'
    )


def test_nothing_behind_what_rbac_says_is_kept():
    message = failure(403, {"message": RBAC + "\nbut canary", "reason": "Forbidden"}, {}, secret=True).message
    assert message == RBAC
