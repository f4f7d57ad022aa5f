"""SealedSecret → Secret: whose name counts, what is refused, what the error says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.seal import Sealing, seal
from secrets_gitops.errors import DocumentError, NoMatchingKey, NotBuiltYet, NotSealed
from secrets_gitops.keys.sealing import load_certificate, load_sealing_keys
from secrets_gitops.materialize.catalog import handles, materialize
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.materialize.sealed_secret import unseal

KEYS = Path(__file__).parents[2] / "interop" / "vectors" / "sealed-secrets" / "keys"
CERTIFICATE = load_certificate((KEYS / "ctl2048" / "served-cert.pem").read_bytes(), "cert.pem")
GIVEN = Given(sealing_keys=load_sealing_keys((KEYS / "ctl2048" / "tls.key").read_bytes(), "tls.key"))


def sealed(**changes: object) -> dict:
    source = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "team-a"},
        "stringData": {"user": "ann", "password": "hunter2"},
        **changes,
    }
    (item,) = seal(read(json.dumps(source), path="s.json"), Sealing(CERTIFICATE))
    return item.to_tree()


def document(tree: object):
    return read(json.dumps(tree), path="x.json")


def test_name_and_namespace_come_from_the_sealed_object_whatever_the_template_says() -> None:
    tree = sealed()
    tree["spec"]["template"]["metadata"] = {"name": "other", "namespace": "kube-system", "labels": {"a": "b"}}
    (secret,) = materialize(document(tree), GIVEN).secrets
    assert (secret.namespace, secret.name, dict(secret.labels)) == ("team-a", "db", {"a": "b"})


def test_the_sealed_object_is_the_owner_without_uid() -> None:
    (secret,) = materialize(document(sealed()), GIVEN).secrets
    owner = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "db", "uid": "", "controller": True}
    assert secret.metadata["ownerReferences"] == [owner]


def test_the_owner_can_be_left_out_by_annotation_of_the_template() -> None:
    annotation = {"sealedsecrets.bitnami.com/skip-set-owner-references": "true"}
    tree = sealed(metadata={"name": "db", "namespace": "team-a", "annotations": annotation})
    (secret,) = materialize(document(tree), GIVEN).secrets
    assert "ownerReferences" not in secret.metadata


def test_other_fields_of_the_template_metadata_are_kept() -> None:
    tree = sealed(metadata={"name": "db", "namespace": "team-a", "finalizers": ["x.example/y"], "generateName": "g"})
    (secret,) = materialize(document(tree), GIVEN).secrets
    assert (secret.metadata["finalizers"], secret.metadata["generateName"]) == (["x.example/y"], "g")


def test_several_documents_and_lists() -> None:
    text = "---\n# nothing\n---\n" + json.dumps(sealed()) + "\n---\n"
    text += json.dumps({"apiVersion": "v1", "kind": "List", "items": [sealed(), sealed()]})
    assert len(unseal(read(text, path="x.yaml"), GIVEN)) == 3


def test_one_item_that_does_not_open_leaves_nothing_and_is_named() -> None:
    good, bad = sealed(), sealed()
    bad["spec"]["encryptedData"]["user"] = "AAAA"
    with pytest.raises(Exception, match="item `user` is damaged") as caught:
        unseal(read(f"{json.dumps(good)}\n{json.dumps(bad)}", path="x.json", stream=True), GIVEN)
    assert caught.value.message.startswith("cannot unseal `team-a/db`")


def test_the_error_names_all_keys_that_were_tried() -> None:
    other = load_sealing_keys((KEYS / "renewed" / "backup-list.yaml").read_bytes(), "backup.yaml")
    larger = load_sealing_keys((KEYS / "ctl4096" / "tls.key").read_bytes(), "big.key")
    with pytest.raises(NoMatchingKey) as caught:
        materialize(document(sealed()), Given(sealing_keys=[*other, *larger]))
    assert [attempt.reason for attempt in caught.value.attempts] == [
        "does not open it", "does not open it", "does not open it",
        "a key of 4096 bits; the item was sealed for one of 2048",
    ]  # fmt: skip
    assert "items `password`, `user`" in caught.value.message


def test_no_keys_at_all() -> None:
    with pytest.raises(NoMatchingKey) as caught:
        materialize(document(sealed()), Given())
    assert "`--key FILE`" in caught.value.hints[0]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"apiVersion": "bitnami.com/v1"}, NotBuiltYet, "this version reads SealedSecrets of `bitnami.com/v1alpha1` alone"),  # noqa: E501
        ({"spec": None}, DocumentError, "`spec.encryptedData` is missing or not a mapping"),
        ({"spec": {"encryptedData": None}}, DocumentError, "`spec.encryptedData` is missing or not a mapping"),
        ({"spec": {"data": ""}}, NotBuiltYet, "`spec.data`, the format of before kubeseal 0.7, is not supported"),
        ({"kind": "Secret"}, NotSealed, "a `Secret` is not a SealedSecret"),
    ],
)  # fmt: skip
def test_what_is_refused(change: dict, error: type, message: str) -> None:
    with pytest.raises(error) as caught:
        unseal(document({**sealed(), **change}), GIVEN)
    assert caught.value.message == message


def test_an_empty_map_is_an_empty_secret() -> None:
    tree = sealed()
    tree["spec"]["encryptedData"] = {}
    (secret,) = materialize(document(tree), GIVEN).secrets
    assert dict(secret.data) == {}


def test_a_go_template_is_refused_before_anything_is_opened() -> None:
    tree = sealed()
    tree["spec"]["template"]["data"] = {"dsn": "{{ .user }}"}
    with pytest.raises(NotBuiltYet, match="under `dsn`"):
        materialize(document(tree), Given())


def test_the_catalog_knows_its_kinds() -> None:
    def root(text: str):
        return read(text, path="x.yaml").roots[0]

    assert handles(root("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n"))
    assert handles(root("apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\n"))
    assert not handles(root("apiVersion: v1\nkind: Secret\n"))
    assert not handles(root("apiVersion: other.example/v1\nkind: SealedSecret\n"))
    assert not handles(root("- a\n"))
