"""Sealing a stream: which Secrets, under which scope, name and namespace."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files import seal_many
from secrets_gitops.encrypted_files.seal import Sealing, seal
from secrets_gitops.errors import AlreadySealed, DocumentError, Error, SettingsError
from secrets_gitops.keys.sealing import load_certificate, load_sealing_keys
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.materialize.sealed_secret import unseal

KEYS = Path(__file__).parents[2] / "interop" / "vectors" / "sealed-secrets" / "keys" / "ctl2048"
CERTIFICATE = load_certificate((KEYS / "served-cert.pem").read_bytes(), "cert.pem")
GIVEN = Given(sealing_keys=load_sealing_keys((KEYS / "tls.key").read_bytes(), "tls.key"))
CLUSTER_WIDE = "sealedsecrets.bitnami.com/cluster-wide"
NAMESPACE_WIDE = "sealedsecrets.bitnami.com/namespace-wide"


def secret(**metadata: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "ns", **metadata},
        "stringData": {"password": "hunter2"},
    }


def sealed(tree: object, **options: object) -> list[dict]:
    return [item.to_tree() for item in seal(read(json.dumps(tree), path="x.json"), Sealing(CERTIFICATE, **options))]


def opens(tree: dict) -> bool:
    unseal(read(json.dumps(tree), path="x.json"), GIVEN)
    return True


@pytest.mark.parametrize(
    ("annotations", "scope", "expected"),
    [
        ({}, None, {}),
        ({}, "strict", {}),
        ({}, "namespace-wide", {NAMESPACE_WIDE: "true"}),
        ({}, "cluster-wide", {CLUSTER_WIDE: "true"}),
        ({CLUSTER_WIDE: "true"}, None, {CLUSTER_WIDE: "true"}),
        ({NAMESPACE_WIDE: "true"}, None, {NAMESPACE_WIDE: "true"}),
        ({CLUSTER_WIDE: "true", NAMESPACE_WIDE: "true"}, None, {CLUSTER_WIDE: "true"}),
        ({CLUSTER_WIDE: "True"}, None, {}),
        ({CLUSTER_WIDE: "true"}, "namespace-wide", {NAMESPACE_WIDE: "true"}),
        # kubeseal cannot undo an annotation; here a scope that was asked for is the scope.
        ({CLUSTER_WIDE: "true"}, "strict", {}),
    ],
)
def test_scopes(annotations: dict, scope: str | None, expected: dict) -> None:
    (tree,) = sealed(secret(annotations=annotations), scope=scope)
    assert tree["metadata"].get("annotations", {}) == expected
    assert opens(tree)


def test_metadata_goes_into_the_template_without_what_belongs_to_one_cluster() -> None:
    runtime = {
        "uid": "u", "resourceVersion": "1", "generation": 2, "selfLink": "/x", "creationTimestamp": "2026-01-01T00:00:00Z",  # noqa: E501
        "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 3, "ownerReferences": [{"uid": "u"}],
    }  # fmt: skip
    kept = {
        "labels": {"a": "b"},
        "finalizers": ["x.example/y"],
        "generateName": "db-",
        "managedFields": [{"manager": "m"}],
    }
    annotations = {
        "kubectl.kubernetes.io/last-applied-configuration": '{"stringData": "hunter2"}',
        "kubecfg.ksonnet.io/last-applied-configuration": "hunter2",
    }
    (tree,) = sealed(secret(**runtime, **kept, annotations=annotations))
    assert tree["metadata"] == {"name": "db", "namespace": "ns"}
    assert tree["spec"]["template"]["metadata"] == {"name": "db", "namespace": "ns", **kept}


def test_type_and_immutable_are_kept_when_set() -> None:
    (tree,) = sealed({**secret(), "type": "kubernetes.io/tls", "immutable": False})
    assert {key: tree["spec"]["template"][key] for key in ("type", "immutable")} == {
        "type": "kubernetes.io/tls", "immutable": False,
    }  # fmt: skip


def test_lists_are_sealed_item_by_item() -> None:
    trees = sealed({"apiVersion": "v1", "kind": "List", "items": [secret(name="a"), secret(name="b")]})
    assert [tree["metadata"]["name"] for tree in trees] == ["a", "b"]
    bare = [
        {key: value for key, value in secret(name=name).items() if key not in {"apiVersion", "kind"}} for name in "ab"
    ]
    trees = sealed({"apiVersion": "v1", "kind": "SecretList", "items": bare})
    assert [tree["metadata"]["name"] for tree in trees] == ["a", "b"]


@pytest.mark.parametrize(
    ("tree", "error", "message"),
    [
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"a": "YQ=="}}, DocumentError, "a `ConfigMap` is not a Secret"),  # noqa: E501
        ({"apiVersion": "secret.example/v1", "kind": "Secret"}, DocumentError, "a Secret has `apiVersion: v1`, and this has another or none"),  # noqa: E501
        ({"apiVersion": "v1", "kind": "List", "items": [{"kind": "Pod"}]}, DocumentError, "a `Pod` is not a Secret (`items[0]`)"),  # noqa: E501
        ({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret"}, AlreadySealed, "this is a SealedSecret already"),  # noqa: E501
        ([1], DocumentError, "this is not a Secret"),
        ("text", DocumentError, "this is not a Secret"),
        ({}, DocumentError, "this is not a Secret"),
        (None, DocumentError, "no Secret found"),
        ({**secret(), "stringData": {}}, DocumentError, "the Secret has no data"),
        (secret(namespace=None), SettingsError, "the Secret `db` has no namespace, and `strict` sealing binds it to one"),  # noqa: E501
        (secret(name=""), SettingsError, "the Secret has no name"),
    ],
)  # fmt: skip
def test_what_is_refused(tree: object, error: type[Error], message: str) -> None:
    with pytest.raises(error) as caught:
        sealed(tree)
    assert caught.value.message == message
    assert "hunter2" not in str(caught.value.hints)


def test_namespaces() -> None:
    (tree,) = sealed(secret(namespace=None), namespace="given")
    assert tree["metadata"]["namespace"] == tree["spec"]["template"]["metadata"]["namespace"] == "given"
    with pytest.raises(SettingsError, match="in namespace `ns`, but `given`"):
        sealed(secret(), namespace="given")
    (tree,) = sealed(secret(), namespace="given", scope="cluster-wide")
    assert tree["metadata"]["namespace"] == "ns"
    (tree,) = sealed(secret(namespace=None), scope="cluster-wide")
    assert "namespace" not in tree["metadata"]
    with pytest.raises(SettingsError, match="`namespace-wide` sealing binds it"):
        sealed(secret(namespace=None), scope="namespace-wide")


def test_a_name_is_for_one_secret() -> None:
    (tree,) = sealed(secret(), name="other")
    assert tree["metadata"]["name"] == tree["spec"]["template"]["metadata"]["name"] == "other"
    with pytest.raises(SettingsError, match="more than one Secret"):
        sealed({"apiVersion": "v1", "kind": "List", "items": [secret(), secret()]}, name="other")


def test_an_empty_secret_on_request() -> None:
    (tree,) = sealed({**secret(), "stringData": {}}, allow_empty=True)
    assert tree["spec"]["encryptedData"] == {}


def test_two_runs_never_give_the_same_ciphertext() -> None:
    (one,), (two,) = sealed(secret()), sealed(secret())
    assert one["spec"]["encryptedData"] != two["spec"]["encryptedData"]


def stream(count: int, bad: int = -1) -> bytes:
    return "".join(
        f"# number {at}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s-{at}\n  namespace: ns\n"
        f"{'data' if at == bad else 'stringData'}:\n  note: |\n    first: {at}\n    # not a comment\n---\n"
        for at in range(count)
    ).encode()


def many(data: bytes, processes: int) -> str:
    return seal_many.seal_text(
        data, Sealing(CERTIFICATE), path="x.yaml", source="yaml", target="yaml", processes=processes
    )


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_a_long_stream_keeps_its_order_on_several_processors(processes: int) -> None:
    count = 3 * seal_many.WORTH_IT
    text = many(stream(count), processes)
    secrets = unseal(read(text, path="y.yaml"), GIVEN)
    assert [secret.name for secret in secrets] == [f"s-{at}" for at in range(count)]
    assert [secret.data["note"].reveal() for secret in secrets] == [
        f"first: {at}\n# not a comment\n".encode() for at in range(count)
    ]


def test_parts_for_which_there_is_no_process_are_sealed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    count = 2 * seal_many.WORTH_IT
    secrets = unseal(read(many(stream(count), 2), path="y.yaml"), GIVEN)
    assert [secret.name for secret in secrets] == [f"s-{at}" for at in range(count)]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("bad", [3, 299])
def test_an_error_has_its_place_however_many_processors_there_are(processes: int, bad: int) -> None:
    with pytest.raises(DocumentError) as caught:
        many(stream(2 * seal_many.WORTH_IT, bad), processes)
    assert caught.value.message == "`data.note` is not base64"
    assert (caught.value.place.path, caught.value.place.line) == ("x.yaml", 11 * bad + 8)
