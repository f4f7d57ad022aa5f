"""`kustomize-configmap-literal` and `kustomize-patch-secret`."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import base64

import pytest

K = "kustomization.yaml"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_literal_of_a_configmap_generator(failing, values):
    text = f"configMapGenerator:\n- name: app\n  literals:\n  - HOST=db\n  - DB_PASSWORD={values.password()}\n  - TOKEN_TTL=15m\n  - 'API_KEY=\"{values.password()}\"'\n"
    found = failing({K: text}, "kustomize-configmap-literal")
    assert [(line, key) for _, line, _, key in found] == [(5, "DB_PASSWORD"), (7, "API_KEY")]


@pytest.mark.parametrize(
    ("field", "name", "body"),
    [
        ("envs: [a.env]", "a.env", "HOST=db\nDB_PASSWORD={}\n"),
        ("env: a.env", "a.env", "DB_PASSWORD='{}'\n"),
        ("files: [a.properties]", "a.properties", "host=db\ndb.password={}\n"),
        ("files: [conf=sub/a.yaml]", "sub/a.yaml", "db:\n  password: {}\n"),
        ("files: [password]", "password", "{}"),
    ],
)
def test_a_file_of_a_configmap_generator(field, name, body, failing, values):
    files = {K: f"configMapGenerator:\n- name: app\n  {field}\n", name: body.format(values.password())}
    (found,) = failing(files, "kustomize-configmap-literal")
    assert found[:2] == (K, 3)
    assert failing(files, "kustomize-configmap-literal", paths=[name]) == [found]


def test_a_clean_or_encrypted_file_of_a_generator_is_none(failing, values):
    text = "configMapGenerator:\n- name: app\n  envs: [a.env, b.env, gone.env, ../../out.env]\n  files: [c.yaml]\n"
    files = {
        K: text,
        "a.env": "HOST=db\nPASSWORD_FILE=/run/pw\nTOKEN=${TOKEN}\n",
        "b.env": f"PASSWORD={values.envelope()}\nsops_mac={values.envelope()}\nsops_version=3.9.0\n",
        "c.yaml": f"password: {values.envelope()}\nsops:\n  mac: {values.envelope()}\n",
    }
    assert failing(files, "kustomize-configmap-literal") == []


def patched(kind: str, *operations: str, field: str = "patches") -> str:
    lines = "".join(f"    {line}\n" for operation in operations for line in operation.split("\n"))
    return f"{field}:\n- target: {{kind: {kind}, name: db}}\n  patch: |\n{lines}"


PATCHES = {
    "string data": lambda v: (patched("Secret", f"- op: add\n  path: /stringData/a\n  value: {v}"), [6]),
    "data": lambda v: (patched("Secret", f"- op: replace\n  path: /data/a\n  value: {b64(v)}"), [6]),
    "several": lambda v: (patched("Secret", f"- {{op: add, path: /data/a, value: {b64(v)}}}\n- {{op: add, path: /data/b, value: {b64(v)}}}"), [4, 5]),
    "the whole map": lambda v: (patched("Secret", f"- op: add\n  path: /stringData\n  value:\n    a: {v}"), [7]),
    "the old field": lambda v: (patched("Secret", f"- op: add\n  path: /data/a~1b\n  value: {b64(v)}", field="patchesJson6902"), [6]),
    "JSON": lambda v: (f"patches:\n- target: {{kind: Secret}}\n  patch: '[{{\"op\": \"add\", \"path\": \"/data/a\", \"value\": \"{b64(v)}\"}}]'\n", [3]),
    "no kind, but string data": lambda v: (f"patches:\n- target: {{name: db}}\n  patch: |\n    - op: add\n      path: /stringData/a\n      value: {v}\n", [6]),
    "a Secret": lambda v: (f"patches:\n- patch: |\n    kind: Secret\n    stringData:\n      a: {v}\n", [5]),
    "a Secret in the old field": lambda v: (f"patchesStrategicMerge:\n- |\n  kind: Secret\n  data:\n    a: {b64(v)}\n", [5]),
    "Flux": lambda v: (f"kind: Kustomization\nspec:\n  patches:\n  - target: {{kind: Secret}}\n    patch: |\n      - op: add\n        path: /data/a\n        value: {b64(v)}\n", [8]),
}  # fmt: skip


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_of_a_secret_is_found_on_its_line(name, failing, values):
    text, lines = PATCHES[name](values.password())
    found = failing({K: text})
    assert [(line, rule) for _, line, rule, _ in found] == [(line, "kustomize-patch-secret") for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        patched("Secret", "- op: remove\n  path: /data/password"),
        patched("Secret", "- op: add\n  path: /metadata/annotations/token\n  value: hunter2"),
        patched("Secret", "- op: add\n  path: /data/password\n  value: ${PASSWORD}"),
        patched("ConfigMap", "- op: add\n  path: /data/mode\n  value: production"),
        patched("Deployment", "- op: replace\n  path: /spec/replicas\n  value: 3"),
        "patches:\n- patch: |\n    $patch: delete\n    kind: Secret\n    metadata: {name: db}\n",
        "patches:\n- path: gone.yaml\n  target: {kind: Secret}\n",
    ],
)
def test_other_patches_are_left_alone(text, failing):
    assert failing({K: text}) == []


def test_a_patch_in_a_file_of_its_own(failing, values):
    patch = f'[{{"op": "add", "path": "/stringData/password", "value": "{values.password()}"}}]'
    assert [found[:3] for found in failing({"patch.json": patch})] == [("patch.json", 1, "kustomize-patch-secret")]


def test_a_patch_in_a_file_that_only_the_kustomization_shows_to_be_for_a_secret(failing):
    files = {
        K: "patches:\n- target: {kind: Secret}\n  path: p.yaml\n",
        "p.yaml": "- {op: add, path: /data/a, value: 'kX4_-_no-base64'}\n",
    }
    for paths in (None, ["p.yaml"], [K]):
        assert [found[:3] for found in failing(files, paths=paths)] == [(K, 3, "kustomize-patch-secret")]


OF_OTHERS = {
    "a path that ends in a name": "- op: replace\n      path: /spec/values/auth/password\n      value: {}",
    "an escaped path": "- op: add\n      path: /data/app~1DB_PASSWORD\n      value: {}",
    "an environment": "- op: add\n      path: /spec/env/-\n      value:\n        name: DB_PASSWORD\n        value: {}",
    "a variable's value": "- op: replace\n      path: /spec/template/spec/containers/0/env/1/value\n      value: {}",
    "JSON": '[{{"op": "add", "path": "/spec/values/auth/password", "value": "{}"}}]',
    "a merge": "kind: Pod\n    spec: {{containers: [{{env: [{{name: DB_PASSWORD, value: {}}}]}}]}}",
}


@pytest.mark.parametrize("form", OF_OTHERS)
def test_a_patch_of_another_object_that_sets_a_secret(form, failing, values):
    text = "patches:\n- target: {{kind: Deployment}}\n  patch: |-\n    {}\n"
    found = failing({"kustomization.yaml": text.format(OF_OTHERS[form].format(values.password()))})
    assert [one[2] for one in found] == ["kustomize-patch-secret"]
    assert failing({"kustomization.yaml": text.format(OF_OTHERS[form].format("${PASSWORD}"))}) == []


def test_a_json_patch_in_a_file_of_its_own(failing, values):
    text = "- op: replace\n  path: /spec/values/auth/password\n  value: {}\n"
    assert [one[1:] for one in failing({"patch.yaml": text.format(values.password())})] == [
        (3, "generic-assignment", "password")
    ]
    text = "- op: add\n  path: {}\n  value: db-credentials-v2\n"
    paths = ("/spec/secretName", "/spec/volumes/0/secret/secretName", "/spec/values/auth/existingSecret")
    assert [failing({"patch.yaml": text.format(path)}) for path in paths] == [[], [], []]


@pytest.mark.parametrize(
    "value",
    [
        "production", "https://api.example.org/v2", "arn:aws:iam::123456789012:role/app-prod-Role1", "-Xms512m -Xmx2g",
        "9b2b1c0a-8f7e-4d3c-b2a1-0c9d8e7f6a5b", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "com.example.AuthTokenServiceV2", "db-1.cluster-ro.eu-west-1.example.org",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["patch.yaml", "kustomization.yaml"])
def test_a_variable_that_is_set_to_a_setting(path, value, failing):
    patch = f"- op: replace\n  path: /spec/template/spec/containers/0/env/1/value\n  value: {value}\n"
    inner = "".join(f"    {line}\n" for line in patch.splitlines())
    assert failing({path: patch if path == "patch.yaml" else f"patches:\n- patch: |\n{inner}"}) == []


def test_a_variable_that_a_file_sets_to_a_secret(failing, values):
    patch = f"- op: replace\n  path: /spec/env/1/value\n  value: {values.password(24)}\n"
    assert [found[:3] for found in failing({"patch.yaml": patch})] == [("patch.yaml", 3, "kustomize-patch-secret")]
