"""SopsSecret → its Secrets, against recorded cases of the reference operator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError, NoMatchingKey, NotBuiltYet, NotSealed, Tampered
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.materialize.catalog import materialize
from secrets_gitops.materialize.materialized import Given

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "integrations"
CASES = yaml.safe_load((VECTORS / "sopssecret.yaml").read_text())["cases"]
ENCRYPTED = next(case["object"] for case in CASES if case.get("encrypted"))


def given(integrity: str = "require") -> Given:
    return Given(keyring=Keyring.local((str(VECTORS / "key.txt"),), environ={}), integrity=integrity)


def document(tree: object):
    return read(json.dumps(tree), path="s.json")  # in YAML, `namespace: n` would be false


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_recorded_cases(case: dict) -> None:
    expect = case["expect"]
    encrypted = case.get("encrypted", False)
    if expect.get("error"):
        with pytest.raises(DocumentError):
            materialize(document(case["object"]), given(), opened=True)
        return
    done = materialize(document(case["object"]), given(), opened=not encrypted)
    trees = [secret.to_tree() for secret in done.secrets]
    owners = [tree["metadata"].pop("ownerReferences") for tree in trees]
    assert trees == expect["secrets"]
    name = case["object"]["metadata"]["name"]
    owner = {
        "apiVersion": "isindir.github.com/v1alpha3",
        "kind": "SopsSecret",
        "name": name,
        "uid": "",
        "controller": True,
    }
    assert owners == [[owner]] * len(trees)
    if "status" in expect:
        assert expect["status"] in done.notes[0]


def test_yaml_as_it_stands_in_a_file() -> None:
    done = materialize(read(yaml.safe_dump(ENCRYPTED, sort_keys=False), path="s.yaml"), given())
    assert [secret.name for secret in done.secrets] == ["one", "docker-login"]


def test_one_of_several_objects_in_a_stream() -> None:
    stream = read(
        f"kind: ConfigMap\napiVersion: v1\n---\n{yaml.safe_dump(ENCRYPTED, sort_keys=False)}---\na: b\n", path="s.yaml"
    )
    done = materialize(stream, given(), root=stream.roots[1])
    assert [secret.name for secret in done.secrets] == ["one", "docker-login"]


def test_a_plaintext_one_in_a_file_is_refused() -> None:
    plain = {key: value for key, value in ENCRYPTED.items() if key != "sops"}
    with pytest.raises(NotSealed):
        materialize(document(plain), given())


def test_a_changed_namespace_does_not_fit_the_mac() -> None:
    changed = {**ENCRYPTED, "metadata": {**ENCRYPTED["metadata"], "namespace": "team-b"}}
    with pytest.raises(Tampered):
        materialize(document(changed), given())
    done = materialize(document(changed), given("report"))
    assert len(done.secrets) == 2
    assert done.notes[0].startswith("integrity is unknown")


def test_without_a_key_for_it() -> None:
    with pytest.raises(NoMatchingKey):
        materialize(document(ENCRYPTED), Given())
    with pytest.raises(NoMatchingKey):
        materialize(document(ENCRYPTED), Given(keyring=Keyring(())))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"apiVersion": "isindir.github.com/v1alpha2"}, NotBuiltYet, "this version reads SopsSecrets of"),
        ({"spec": {"secretTemplates": [{"name": "a"}], "other": 1}}, DocumentError, "unknown field `other`"),
        ({"spec": {"secretTemplates": [{"name": "a", "stringdata": {}}]}}, DocumentError, "unknown field `stringdata`"),
        ({"spec": {"secretTemplates": {}}}, DocumentError, "`spec.secretTemplates` must be a list"),
    ],
)
def test_what_is_refused(change: dict, error: type, message: str) -> None:
    with pytest.raises(error) as caught:
        materialize(document({**ENCRYPTED, **change}), given(), opened=True)
    assert caught.value.message.startswith(message)
