"""Every scalar once, with the name that counts and the place it stands in."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import pytest

from secrets_gitops.lint.run import Run
from secrets_gitops.lint.target import Target


@pytest.fixture
def leaves(memory):
    """A maker: the leaves of a text in a file called `path`."""

    def read(text: str, path: str = "a.yaml"):
        target = Target(path, text.encode(), Run(memory({})))
        return target, list(target.leaves)

    return read


@pytest.fixture
def senses(leaves):
    """A maker: text of each leaf → what its name says of it (`names` where it stands in a reference position)."""

    def read(text: str) -> dict[str, str]:
        return {leaf.text: "names" if leaf.refers else leaf.sense.sensitivity for leaf in leaves(text)[1]}

    return read


def test_every_scalar_with_its_keys_and_its_object(leaves):
    text = "kind: List\nitems:\n- kind: Pod\n  metadata: {name: p, namespace: n}\n  a/b: [x, y]\n---\nz: 1\n"
    _, found = leaves(text)
    assert [(leaf.text, leaf.pointer, leaf.label) for leaf in found] == [
        ("List", "/kind", "List"),
        ("Pod", "/items/0/kind", "Pod/n/p"),
        ("p", "/items/0/metadata/name", "Pod/n/p"),
        ("n", "/items/0/metadata/namespace", "Pod/n/p"),
        ("x", "/items/0/a~1b/0", "Pod/n/p"),
        ("y", "/items/0/a~1b/1", "Pod/n/p"),
        ("1", "1#/z", ""),
    ]


def test_a_region_begins_at_the_key_or_at_the_item_of_a_list(leaves):
    text = "password: one\ntokens:\n- two\n- k: three\nenv:\n- name: A_TOKEN\n  value: four\nx: &p five\ny: *p\n"
    target, found = leaves(text)
    where = [(leaf.name, leaf.text, leaf.region(target)[:2]) for leaf in found]
    assert where == [
        ("password", "one", (1, 1)),
        ("tokens", "two", (3, 3)),
        ("k", "three", (4, 3)),
        ("name", "A_TOKEN", (6, 3)),
        ("A_TOKEN", "four", (7, 3)),
        ("x", "five", (8, 1)),
        ("y", "five", (8, 4)),
    ]


def test_a_map_that_an_alias_repeats_is_walked_once(leaves):
    _, found = leaves("a: &a {password: x}\nb: *a\nc: {<<: *a}\n")
    assert [leaf.text for leaf in found] == ["x"]


def test_a_key_that_is_repeated_very_often_costs_no_more_than_once(leaves):
    text = "{" + ", ".join(["secretKey: a, key: b, name: c, value: d"] * 20_000) + "}"
    assert len(leaves(text)[1]) == 80_000


def test_aliases_of_aliases_cost_no_more_than_they_are_long(leaves):
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 9)]
    _, found = leaves("\n".join(lines))
    assert len(found) == 2


SENSES = {
    "its own key": ("password: x\ncolour: y\nauth: z", {"x": "strong", "y": "open", "z": "weak"}),
    "a name beside a value": ("- {name: DB_PASSWORD, value: x}\n- {value: y, name: LOG_LEVEL}", {"x": "strong", "y": "open"}),
    "a key beside a value": ("- key: api-token\n  value: x", {"x": "strong"}),
    "a parameter": ("- name: admin_password\n  default: x", {"x": "strong"}),
    "a list": ("passwords: [x, y]", {"x": "strong", "y": "strong"}),
    "a list of names": ("secrets: [x]", {"x": "weak"}),
    "no name in a list": ("secrets: inherit", {"inherit": "weak"}),
    "a parent": ("secrets:\n  data:\n    DB: x\nmySecrets: {A: y}", {"x": "strong", "y": "strong"}),
    "a parent far away": ("credentials:\n  secretContents:\n    cloud: x", {"x": "strong"}),
    "the list of a parent": ("credentials: [{site: x}]", {"x": "strong"}),
    "a parent in the singular": ("secret: {create: w, name: x, foo: y, data: {foo: z}}", {"w": "open", "x": "plain", "y": "weak", "z": "strong"}),
    "what stands beside secrets": ("credentials: {user: x, enabled: y, mountPath: z}", {"x": "open", "y": "plain", "z": "plain"}),
    "a value alone": ("password: {value: x}\nauth: {value: y}\ntokenTTL: {value: z}", {"x": "strong", "y": "open", "z": "open"}),
    "a private environment": ("privateEnv: {A: x}\nprivate: {subnet: y}", {"x": "strong", "y": "open"}),
    "settings beside secrets": ("imageCredentials: {registry: x, note: y}", {"x": "weak", "y": "strong"}),
    "what is sensitive": ("sensitive: {a: x, passwordPolicy: y}", {"x": "weak", "y": "plain"}),
    "other things below": ("secrets: {annotations: {a: x}, resources: {b: y}, image: {tag: z}}", {"x": "open", "y": "open", "z": "open"}),
    "a parent that is a setting": ("existingSecrets: {a: x}\ntokenTTL: {b: y}", {"x": "open", "y": "open"}),
}  # fmt: skip


@pytest.mark.parametrize("name", SENSES)
def test_the_name_that_counts(name, senses):
    text, expected = SENSES[name]
    found = senses(text)
    assert {value: found[value] for value in expected} == expected


@pytest.mark.parametrize(
    ("path", "text", "sense"),
    [
        ("secrets.yaml", "jira: x", "weak"),
        ("apps/prod-secrets.yml", "a: {b: x}", "weak"),
        ("secrets.prod.json", '{"jira": "x"}', "weak"),
        ("secrets.yaml", "kind: Deployment\njira: x", "open"),
        ("secrets.yaml", "sops: {fp: x}", "open"),
        ("app.yaml", "jira: x", "open"),
        ("secretsmanager/app.yaml", "jira: x", "open"),
    ],
)
def test_a_file_of_secrets_says_so_by_its_name(path, text, sense, leaves):
    assert {leaf.text: leaf.sense.sensitivity for leaf in leaves(text, path)[1]}["x"] == sense


POSITIONS = {
    "secretKeyRef": "valueFrom: {secretKeyRef: {name: x, key: password}}",
    "remoteRef": "remoteRef: {key: x, property: password}",
    "any reference": "passwordSecretRef: {token: x}",
    "external": "kind: ExternalSecret\nspec:\n  secretStoreRef: {name: a}\n  data:\n  - {secretKey: password, token: x}",
    "a secret key": "secretKey: x\nsecretName: db",
    "a role": "kind: ClusterRole\nrules:\n- {resources: [secrets], token: x}",
    "a resource name": "resourceNames: [x]",
    "a definition": "kind: CustomResourceDefinition\nspec: {token: {type: x}}",
    "a schema": "properties: {password: {default: x}}",
    "an item of a volume": "secret:\n  items: [{key: x, path: token}]",
    "pull secrets": "imagePullSecrets: [x]",
}


@pytest.mark.parametrize("name", POSITIONS)
def test_where_texts_only_name_secrets(name, senses):
    assert senses(POSITIONS[name])["x"] == "names"


@pytest.mark.parametrize(
    "text",
    [
        "properties: {password: x}",
        "s3: {secretKey: x}",
        "kind: ExternalSecret\nspec: {target: {template: {data: {token: x}}}, secretStoreRef: {name: a}}",
        "sources: [{helm: {parameters: [{name: password, value: x}]}}]",
        "volumes: [{csi: {volumeAttributes: {password: x}}}]",
    ],
)
def test_where_a_text_is_a_value_all_the_same(text, senses):
    assert senses(text)["x"] == "strong"


def test_a_json_text_that_does_not_parse_has_no_leaves(leaves):
    assert leaves('{"a": [}', "a.json")[1] == []
