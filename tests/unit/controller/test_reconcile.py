"""What becomes of a Secret: the ownership rules of the original, and no needless writes."""

from __future__ import annotations

import pytest

from secrets_gitops.controller.reconcile import MANAGED, PATCH, SKIP_OWNER, decide

UID = "uid-1"
OWNER = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "a", "uid": UID, "controller": True}


def wanted(data=None, owner=True, **metadata):
    meta = {"name": "a", "namespace": "ns", **metadata}
    if owner:
        meta["ownerReferences"] = [OWNER]
    return {"metadata": meta, "data": data or {"k": "dg=="}}


def found(data=None, owners=(), kind="Opaque", **metadata):
    meta = {"name": "a", "namespace": "ns", "uid": "s", "resourceVersion": "7", **metadata}
    if owners:
        meta["ownerReferences"] = list(owners)
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind, "data": data or {"k": "dg=="}}


def test_what_is_not_there_is_created_without_what_only_a_cluster_writes():
    outcome = decide(UID, wanted(uid="old", resourceVersion="3", managedFields=[{}], finalizers=["f/x"]), None)
    assert outcome.action == "create"
    assert set(outcome.body["metadata"]) == {"name", "namespace", "ownerReferences", "finalizers"}


def test_a_secret_that_is_right_already_is_kept_although_the_type_was_defaulted():
    assert decide(UID, wanted(), found(owners=[OWNER])).action == "keep"


@pytest.mark.parametrize("owners", [(), [{**OWNER, "uid": "other"}], [{**OWNER, "controller": False}]])
def test_somebody_elses_secret_is_refused(owners):
    assert decide(UID, wanted({"k": "bmV3"}), found(owners=owners)).action == "refuse"


def test_our_secret_loses_items_labels_and_annotations_that_are_not_wanted_any_more():
    outcome = decide(UID, wanted({"n": "MQ=="}), found({"o": "MQ=="}, owners=[OWNER], labels={"x": "y"}))
    assert outcome.action == "update"
    assert outcome.body["data"] == {"n": "MQ=="}
    assert "labels" not in outcome.body["metadata"]
    assert outcome.body["metadata"]["resourceVersion"] == "7"


def test_a_managed_secret_is_taken_over_and_the_annotation_is_consumed():
    outcome = decide(UID, wanted(), found(annotations={MANAGED: "true"}))
    assert outcome.action == "update"
    assert outcome.body["metadata"]["ownerReferences"] == [OWNER]
    assert "annotations" not in outcome.body["metadata"]


def test_an_annotation_counts_only_when_it_says_true():
    assert decide(UID, wanted({"k": "bmV3"}), found(annotations={MANAGED: "True"})).action == "refuse"


def test_patching_adds_and_never_removes_and_takes_no_ownership():
    outcome = decide(UID, wanted({"n": "MQ=="}), found({"o": "Mg=="}, annotations={PATCH: "true", "mine": "1"}))
    assert outcome.body["data"] == {"o": "Mg==", "n": "MQ=="}
    assert outcome.body["metadata"]["annotations"] == {PATCH: "true", "mine": "1"}
    assert "ownerReferences" not in outcome.body["metadata"]


def test_patching_a_managed_secret_takes_ownership():
    outcome = decide(UID, wanted(), found(annotations={PATCH: "true", MANAGED: "true"}))
    assert outcome.body["metadata"]["ownerReferences"] == [OWNER]


def test_finalizers_and_immutable_of_an_existing_secret_stay():
    before = found({"k": "MQ=="}, owners=[OWNER], finalizers=["a/b"])
    outcome = decide(UID, {**wanted(finalizers=["c/d"]), "immutable": True}, before)
    assert outcome.body["metadata"]["finalizers"] == ["a/b"]
    assert "immutable" not in outcome.body


def test_a_secret_without_owner_that_is_just_what_we_made_is_a_success():
    ours = {SKIP_OWNER: "true"}
    assert decide(UID, wanted(owner=False, annotations=ours), found(annotations=ours)).action == "keep"
    changed = found({"k": "b3RoZXI="}, annotations=ours)
    assert decide(UID, wanted(owner=False, annotations=ours), changed).action == "refuse"
