"""What the API server says about a Secret: its words without the values, and never a write without a version."""

from __future__ import annotations

import json

import pytest
from fake_api import FakeApi

from secrets_gitops.clients.kube.request import Answer
from secrets_gitops.controller.apply import MayNotWrite, Writer
from secrets_gitops.errors import Conflict, Invalid, Unavailable

UID = "u"
WRONG = 'Invalid value: "s3cret"'
OWNER = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "a", "uid": UID, "controller": True}
WANTED = {"metadata": {"name": "a", "namespace": "ns", "ownerReferences": [OWNER]}, "data": {"k": "dg=="}}


def apply(api, *, absent=False, may_write=lambda namespace: True):
    return Writer(api, may_write).apply(UID, WANTED, namespace="ns", name="a", absent=absent)


def refusing(*causes):
    api = FakeApi()
    message = 'Secret "a" is invalid: ' + "; ".join(cause["message"] for cause in causes)
    body = {"message": message, "reason": "Invalid", "details": {"name": "a", "causes": list(causes)}}
    api.raw = lambda *_, **__: Answer(422, {}, json.dumps(body).encode())
    return api


@pytest.mark.parametrize(
    ("reason", "field", "message", "said"),
    [
        ("FieldValueRequired", "data[tls.key]", "Required value", "data[tls.key]: Required value"),
        ("FieldValueInvalid", "type", f"{WRONG}: field is immutable", "type: Invalid value: field is immutable"),
        ("FieldValueInvalid", "data[a b]", f"{WRONG}: a valid config key must …", None),
    ],
)  # fmt: skip
def test_the_servers_words_are_kept_and_values_are_not(reason, field, message, said):
    with pytest.raises(Invalid) as caught:
        apply(refusing({"reason": reason, "field": field, "message": message}), absent=True)
    assert "s3cret" not in caught.value.message
    if said:
        assert caught.value.message == f'Secret "a" is invalid: {said}'


def test_a_secret_that_is_right_is_not_written():
    api = FakeApi()
    assert apply(api) == "created"
    assert apply(api) == "kept"
    assert api.requests.count("POST secrets") == 1 and "PUT secrets" not in api.requests


def test_a_secret_that_changes_between_look_and_write_is_looked_at_again():
    api = FakeApi()
    apply(api)
    edited = {**api.objects["secrets", "ns", "a"], "data": {"k": "b3RoZXI="}}
    api.put("secrets", edited)
    api.before["PUT secrets"] = lambda: api.put("secrets", {**edited, "data": {"more": "eA=="}})
    assert apply(api) == "updated"
    assert api.objects["secrets", "ns", "a"]["data"] == WANTED["data"]


def test_endless_changes_are_given_up_for_now():
    api = FakeApi()
    apply(api)
    api.objects["secrets", "ns", "a"]["data"] = {}
    api.refuse["PUT secrets"] = 409
    with pytest.raises(Conflict):
        apply(api)


def test_the_right_to_write_is_asked_before_each_write():
    api = FakeApi()
    with pytest.raises(MayNotWrite):
        apply(api, may_write=lambda namespace: namespace == "other")
    assert api.objects == {}


def test_an_outage_is_passed_on():
    api = FakeApi()
    api.refuse["POST secrets"] = 503
    with pytest.raises(Unavailable):
        apply(api, absent=True)


def test_a_namespace_that_passes_on_between_look_and_write_is_not_written():
    api, mine = FakeApi(), {"ns"}
    apply(api)
    api.put("secrets", {**api.objects["secrets", "ns", "a"], "data": {"k": "b3RoZXI="}})
    real = api.raw

    def raw(method, *given, **more):
        mine.clear()
        return real(method, *given, **more)

    api.raw = raw
    with pytest.raises(MayNotWrite):
        apply(api, may_write=mine.__contains__)
    assert api.objects["secrets", "ns", "a"]["data"] == {"k": "b3RoZXI="}


def test_a_secret_that_somebody_made_before_our_create_is_judged_and_left_alone():
    api = FakeApi()
    theirs = api.put("secrets", {"metadata": {"name": "a", "namespace": "ns"}, "data": {"theirs": "eA=="}})
    assert apply(api, absent=True) == "refused"
    assert api.objects["secrets", "ns", "a"] == theirs and "PUT secrets" not in api.requests


def test_a_replace_carries_the_version_that_was_judged():
    api, sent = FakeApi(), []
    apply(api)
    judged = api.put("secrets", {**api.objects["secrets", "ns", "a"], "data": {}})
    real = api.raw
    api.raw = lambda method, path, body=None, **more: sent.append((method, body)) or real(method, path, body, **more)
    assert apply(api, absent=True) == "updated"
    (metadata,) = [body["metadata"] for method, body in sent if method == "PUT"]
    assert metadata["resourceVersion"] == judged["metadata"]["resourceVersion"]
    assert metadata["uid"] == judged["metadata"]["uid"]


def test_a_foreign_secret_in_the_place_of_the_judged_one_is_not_replaced():
    api = FakeApi()
    apply(api)
    api.objects["secrets", "ns", "a"]["data"] = {}
    theirs = {"metadata": {"name": "a", "namespace": "ns"}, "data": {"theirs": "eA=="}}
    api.before["PUT secrets"] = lambda: api.put("secrets", theirs)
    assert apply(api) == "refused"
    assert api.objects["secrets", "ns", "a"]["data"] == {"theirs": "eA=="}
