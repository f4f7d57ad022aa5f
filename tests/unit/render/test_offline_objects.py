"""Offline, an object is looked up in `--store`, then in what is rendered, then in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError, SettingsError
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.render.objects import ManifestObjects, stores_of

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "integrations"
GROUP = "external-secrets.io"


def store(namespace, value, path="store.yaml"):
    where = f", namespace: {namespace}" if namespace else ""
    return read(
        f"apiVersion: {GROUP}/v1\nkind: SecretStore\nmetadata: {{name: s{where}}}\n"
        f"spec: {{provider: {{fake: {{data: [{{key: k, value: {value}}}]}}}}}}\n",
        path=path,
    )


def value_of(found):
    return None if found is None else found.tree["spec"]["provider"]["fake"]["data"][0]["value"]


def objects(stores=(), documents=(), repository=()):
    def given():
        return Given(keyring=Keyring.local((str(VECTORS / "key.txt"),), environ={}))

    return ManifestObjects(given, stores, documents, lambda: repository)


def get(found, namespace="team"):
    return value_of(found.get(GROUP, "SecretStore", namespace, "s"))


def test_the_first_layer_that_has_it_counts():
    layers = [[store("", "first")], [store("team", "second")], [store("team", "third")]]
    assert get(objects(*layers)) == "first"
    assert get(objects([], *layers[1:])) == "second"
    assert get(objects([], [], layers[2])) == "third"
    assert get(objects()) is None


def test_the_repository_is_not_read_when_it_need_not_be():
    def never():
        raise AssertionError

    assert get(ManifestObjects(Given, [store("team", "x")], (), never)) == "x"


def test_the_very_namespace_wins_over_none_and_another_one_does_not_count():
    assert get(objects([], [store("", "any"), store("team", "own"), store("other", "theirs")])) == "own"
    assert get(objects([], [store("other", "theirs")])) is None


def test_two_different_ones_are_not_chosen_from_and_two_equal_ones_are_one():
    assert get(objects([], [store("team", "x", "a.yaml"), store("team", "x", "b.yaml")])) == "x"
    with pytest.raises(DocumentError, match="two different objects SecretStore `s`") as caught:
        get(objects([], [store("team", "x", "a.yaml"), store("team", "y", "b.yaml")]))
    assert str(caught.value.place) == "b.yaml:1:1"
    assert "the other is at a.yaml:1:1" in caught.value.hints


def test_a_secret_that_is_sealed_with_sops_is_opened_for_its_store():
    text = (VECTORS / "secret.enc.yaml").read_text()
    document = read(text, path="secret.enc.yaml")
    name = document.roots[0].get("metadata").get("name").text
    namespace = document.roots[0].get("metadata").get("namespace")
    found = objects([], [document]).get("", "Secret", namespace.text if namespace is not None else "team", name)
    assert "ENC[" in text
    assert found is not None
    assert "ENC[" not in str(found.tree.get("data")) + str(found.tree.get("stringData"))
    assert "sops" not in found.tree


def test_a_store_file_without_a_store_is_refused():
    with pytest.raises(SettingsError, match=r"x\.yaml"):
        stores_of([read("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n", path="x.yaml")], "x.yaml")
