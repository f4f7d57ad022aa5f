"""`k8s-last-applied-leak`: copies of a Secret in annotations."""

from __future__ import annotations

import json

import pytest

RULE = "k8s-last-applied-leak"
NAME = "kubectl.kubernetes.io/last-applied-configuration"
PATH = "export.yaml"


def copy(value: str, kind: str = "Secret") -> str:
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": {"name": "db"}, "stringData": {"password": value}})


def manifest(text: str, kind: str = "Secret", name: str = NAME) -> str:
    return f"kind: {kind}\nmetadata:\n  annotations:\n    {name}: {text}\n  name: db\n"


@pytest.mark.parametrize("name", [NAME, "example.org/original-manifest", "x/last-applied"])
def test_a_copy_with_values_is_found(name, failing, values):
    text = manifest(f"'{copy(values.password())}'", name=name)
    assert failing({PATH: text}) == [(PATH, 4, RULE, name)]


def test_in_a_literal_block_in_lists_and_in_templates_of_sealed_secrets(failing, values):
    text = copy(values.password())
    assert failing({PATH: manifest(f"|\n      {text}")}) == [(PATH, 4, RULE, NAME)]
    inside = json.dumps({"kind": "List", "items": [json.loads(text)]})
    assert failing({PATH: manifest(f"'{inside}'", "ConfigMap")}) == [(PATH, 4, RULE, NAME)]
    sealed = f"kind: SealedSecret\nspec:\n  template:\n    metadata:\n      annotations:\n        {NAME}: '{text}'\n"
    assert failing({PATH: sealed}) == [(PATH, 6, RULE, NAME)]


def test_in_json(failing, values):
    text = json.dumps({"kind": "Secret", "metadata": {"annotations": {NAME: copy(values.password())}}})
    assert [found[2] for found in failing({"export.json": text})] == [RULE]


def test_in_a_file_that_does_not_parse(failing, values):
    text = manifest(f"|\n      {copy(values.password())}") + "x: [\n"
    assert [found[1:3] for found in failing({PATH: text}, RULE)] == [(4, RULE)]


def test_in_a_file_whose_data_is_encrypted(failing, values):
    text = manifest(f"'{copy(values.password())}'") + f"data:\n  a: {values.envelope()}\n"
    assert RULE in [found[2] for found in failing({PATH: text})]


@pytest.mark.parametrize(
    "text",
    [
        copy(""),
        copy("changeme"),
        copy("${PASSWORD}"),
        copy("${PASSWORD}", "Widget"),
        '{"kind":"Secret","metadata":{"name":"db"}}',
        "no manifest, but a Secret",
    ],
)
def test_other_copies_are_harmless(text, failing):
    assert failing({PATH: manifest(f"'{text}'")}) == []


def test_the_message_names_keys_and_the_way_out(scan, values):
    (found,) = scan({PATH: manifest(f"'{copy(values.password())}'")}).findings
    assert "`password`" in found.message
    assert found.fix == f"secrets-gitops lint --fix --rule k8s-last-applied-leak {PATH}"


COPIED = {
    "ConfigMap": '{{"kind":"ConfigMap","data":{{"DB_PASSWORD":"{}"}}}}',
    "a file in one": '{{"kind":"ConfigMap","data":{{"app.properties":"spring.datasource.password={}\\n"}}}}',
    "environment": '{{"kind":"Pod","spec":{{"containers":[{{"env":[{{"name":"DB_PASSWORD","value":"{}"}}]}}]}}}}',
    "arguments": '{{"kind":"Pod","spec":{{"containers":[{{"args":["--db-password={}"]}}]}}}}',
    "values": '{{"kind":"Application","spec":{{"source":{{"helm":{{"values":"auth:\\n  password: {}\\n"}}}}}}}}',
}


@pytest.mark.parametrize("kind", COPIED)
def test_the_copy_of_another_object_that_holds_a_secret(kind, failing, values):
    text = "kind: Pod\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {}\n"
    found = failing({"a.yaml": text.format(COPIED[kind].format(values.password()))})
    assert [one[1:3] for one in found] == [(4, "k8s-last-applied-leak")]
    assert failing({"a.yaml": text.format(COPIED[kind].format("$(DB_PASSWORD)"))}) == []


def test_the_copy_of_an_object_that_refers_to_a_secret_passes(failing):
    reference = '{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db-v2","key":"password"}}}'
    copy = f'{{"kind":"Pod","spec":{{"containers":[{{"env":[{reference}],"args":["--token-file=/run/token"]}}]}}}}'
    text = f"metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{copy}'\n"
    assert failing({"a.yaml": text}) == []
