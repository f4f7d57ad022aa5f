"""`k8s-secret-plaintext`: positives and negatives, with values made at run time."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import base64
import json

import pytest

RULE = "k8s-secret-plaintext"
PATH = "apps/db.yaml"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


HEAD = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n"

POSITIVES = {
    "string data": lambda v: (f"{HEAD}stringData:\n  password: {v}\n", [6]),
    "data": lambda v: (f"{HEAD}data:\n  password: {b64(v)}\n", [6]),
    "data before kind": lambda v: (f"data:\n  password: {b64(v)}\nkind: Secret\n", [2]),
    "no base64 in data": lambda v: (f"{HEAD}data:\n  password: {v}_\n", [6]),
    "base64 twice": lambda v: (f"{HEAD}data:\n  password: {b64(b64(v))}\n", [6]),
    "base64 in lines": lambda v: (f"{HEAD}data:\n  password: |\n    {b64(v)[:8]}\n    {b64(v)[8:]}\n", [6]),
    "folded": lambda v: (f"{HEAD}stringData:\n  password: >-\n    {v}\n", [6]),
    "quoted kind": lambda v: (f'"kind": "Secret"\n"stringData": {{"a": "{v}"}}\n', [2]),
    "tagged": lambda v: (f"{HEAD}stringData:\n  a: !!str {v}\n", [6]),
    "weak": lambda v: (f"{HEAD}stringData:\n  password: hunter2\n  pin: '493817'\n", [6, 7]),
    "several documents": lambda v: (f"a: b\n---\n{HEAD}stringData:\n  a: {v}\n---\n{HEAD}data: {{b: {b64(v)}}}\n", [8, 14]),
    "a list": lambda v: (f"kind: List\nitems:\n- kind: ConfigMap\n  data: {{a: {v}}}\n- kind: Secret\n  data: {{a: {b64(v)}}}\n", [6]),
    "a secret list": lambda v: (f"kind: SecretList\nitems:\n- data: {{a: {b64(v)}}}\n", [3]),
    "a template": lambda v: (f"kind: Template\nobjects:\n- kind: Secret\n  stringData: {{a: {v}}}\n", [4]),
    "a wrapper": lambda v: (f"kind: Object\nspec:\n  forProvider:\n    manifest:\n      kind: Secret\n      stringData: {{a: {v}}}\n", [6]),
    "both of a repeated key": lambda v: (f"{HEAD}stringData:\n  a: {v}\n  a: {v}x\n", [6, 7]),
    "a repeated field": lambda v: (f"{HEAD}stringData: {{a: {v}}}\nstringData: {{b: {v}x}}\n", [5, 6]),
    "where the anchor is": lambda v: (f"x: &p {v}\n{HEAD}stringData:\n  password: *p\n", [1]),
    "a merged map": lambda v: (f"x: &p\n  password: {v}\n{HEAD}stringData:\n  <<: *p\n", [2]),
    "maps and lists where none may be": lambda v: (f"{HEAD}stringData:\n  a:\n    b: {v}\n    c: [1, {v}x]\n", [7, 8]),
    "a user name": lambda v: (f"{HEAD}stringData:\n  username: svc\n", [6]),
    "a certificate with its key": lambda v: (f"{HEAD}stringData:\n  config: |\n    user: a\n    password: {v}\n", [6]),
    "registry": lambda v: (
        f"{HEAD}data:\n  .dockerconfigjson: {b64(json.dumps({'auths': {'r.example': {'auth': b64('u:' + v)}}}))}\n", [6],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", POSITIVES)
def test_a_plaintext_value_is_found_on_the_line_of_its_key(name, failing, values):
    text, lines = POSITIVES[name](values.password())
    assert [(line, rule) for _, line, rule, _ in failing({PATH: text})] == [(line, RULE) for line in lines]


NEGATIVES = {
    "empty": f"{HEAD}data:\n  a: ''\n  b:\n  c: ~\nstringData: {{}}\n",
    "nothing": f"{HEAD}type: kubernetes.io/service-account-token\n",
    "to be deleted": f"$patch: delete\n{HEAD}data:\n  a: null\n",
    "placeholders": f"{HEAD}stringData:\n  a: changeme\n  b: <token>\n  c: ${{C}}\ndata:\n  d: {b64('changeme')}\n  e: changeme\n",
    "references": f"{HEAD}stringData:\n  a: ref+vault://x#/y\n  b: op://x/y/z\ndata:\n  c: {b64('<path:a/b#c>')}\n",
    "templates": f"{HEAD}data:\n  a: {b64('{{ .a }}')}\n  b: '{{{{ .b | b64enc }}}}'\n",
    "settings": f"{HEAD}stringData:\n  enabled: 'true'\n  port: '5432'\n  timeout: 15m\n  secretName: db\n  host: db.svc\n",
    "no registry": f"{HEAD}data:\n  .dockerconfigjson: {b64(json.dumps({'auths': {}, 'credHelpers': {'a': 'ecr-login'}}))}\n",
    "another kind": "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: hunter2\n",
    "a kind of others": "apiVersion: example.org/v1\nkind: Secret\ndata:\n  a: hunter2\n",
    "external": "kind: ExternalSecret\nspec:\n  data:\n  - secretKey: password\n    remoteRef: {key: db}\n",
    "a reference to one": "spec:\n  substituteFrom:\n  - kind: Secret\n    name: vars\n",
    "roles": "kind: Role\nrules:\n- resources: [secrets]\n  resourceNames: [db-password]\n",
}  # fmt: skip


@pytest.mark.parametrize("name", NEGATIVES)
def test_what_may_stand_there_fails_nothing(name, failing):
    assert failing({PATH: NEGATIVES[name]}) == []


def test_how_grave_it_is(scan, values):
    text = f"{HEAD}stringData:\n  password: hunter2\n  username: svc\n  k: {values.password(24)}\n  host: {values.password(24)}\n  e: changeme\n"
    grave = {f.key: f.severity for f in scan({PATH: text}).findings}
    assert grave == {"password": "high", "username": "medium", "k": "high", "host": "medium", "e": "info"}


PINNED = f"clusters:\n  a: {{certificate: a.pem, fingerprint: 'sha256:{'0' * 64}'}}\n"


def test_what_a_finding_says(scan, values):
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\ndata:\n  a/b~c: {b64(values.password())}\n"
    (found,) = scan({"my apps/db.yaml": text, ".secrets-gitops.yaml": PINNED}, RULE).findings
    assert (found.object, found.pointer, found.key) == ("Secret/shop/db", "/data/a~1b~0c", "a/b~c")
    assert found.message == "`a/b~c` in `data` of Secret/shop/db is plaintext; base64 is no encryption"
    assert found.fix == "secrets-gitops seal -i 'my apps/db.yaml'"


def test_the_command_that_mends_it_would_work(scan, values):
    """Sealing needs a certificate and a namespace, and finds no Secret in a string."""
    text = f"{HEAD}stringData:\n  password: {values.password()}\n"
    (found,) = scan({PATH: text, ".secrets-gitops.yaml": PINNED}, RULE).findings
    assert found.fix == f"secrets-gitops seal -i -n NAMESPACE {PATH}"
    (found,) = scan({PATH: text}, RULE).findings
    assert found.fix == (
        f"give .sops.yaml (`secrets-gitops init`) a rule for it, then `secrets-gitops encrypt -i {PATH}`; "
        f"or `secrets-gitops cert pin FILE`, then `secrets-gitops seal -i -n NAMESPACE {PATH}`"
    )
    inner = json.dumps({"apiVersion": "v1", "kind": "Secret", "stringData": {"password": values.password()}})
    (found,) = scan({PATH: f"secret.json: {json.dumps(inner)}\n"}, RULE).findings
    assert found.fix.startswith(f"move the Secret out of {PATH} into a file of its own")


def test_where_a_creation_rule_covers_the_file_it_is_encrypted(scan, values):
    files = {
        ".sops.yaml": "creation_rules:\n- path_regex: apps/.*\n  age: age1x\n",
        PATH: f"{HEAD}stringData:\n  password: {values.password()}\n",
    }
    (found,) = scan(files, RULE).findings
    assert found.fix == f"secrets-gitops encrypt -i {PATH}"


def test_binary_values(failing, values):
    text = f"{HEAD}data:\n  keystore.jks: {values.base64(400)}\n"
    assert [found[2] for found in failing({PATH: text})] == [RULE]


def test_a_file_that_sops_encrypted_is_another_rules_business(scan, values):
    text = f"{HEAD}stringData:\n  a: {values.password()}\nsops:\n  mac: {values.envelope()}\n"
    assert scan({PATH: text}, RULE).findings == ()


def test_settings_called_sops_do_not_hide_a_secret(failing, values):
    text = f"{HEAD}stringData:\n  a: {values.password()}\nsops:\n  enabled: true\n  version: 3.8.1\n"
    assert [found[2] for found in failing({PATH: text})] == [RULE]


def test_in_documentation_only_what_is_made_by_chance_fails(scan, values):
    shown = "# How\n\n```yaml\nkind: Secret\nstringData:\n  password: t0p-Secret\n```\n"
    (found,) = scan({"docs/a.md": shown}, RULE).findings
    assert found.severity == "info"
    (found,) = scan({"docs/a.md": shown.replace("t0p-Secret", values.password())}, RULE).findings
    assert found.severity == "high"
    encoded = base64.b64encode(values.password().encode()).decode()
    (found,) = scan({"docs/a.md": shown.replace("stringData", "data").replace("t0p-Secret", encoded)}, RULE).findings
    assert found.severity == "high"


def test_json_that_is_filled_in_partly_and_logins_of_registries_in_odd_shape(failing, values):
    secret = values.password()
    for key, text in (
        ("config.json", f'{{"a": "{{{{ .x }}}}", "password": "{secret}"}}'),
        ("config.json", f'{{"a": "${{X}}", "password": "{secret}"}}'),
        (".dockerconfigjson", f'{{"auths": {{}}, "token": "{secret}"}}'),
        (".dockerconfigjson", f'{{"auths": {{"r.example": {{"auth": "{b64("u:" + secret)}"'),
    ):
        assert [found[3] for found in failing({PATH: f"{HEAD}stringData:\n  {key}: '{text}'\n"}, RULE)] == [key], text
    for key, text in (
        ("config.json", '{"a": "{{ .x }}", "password": "{{ .y }}"}'),
        (".dockerconfigjson", '{"auths": {}, "credsStore": "desktop"}'),
    ):
        assert failing({PATH: f"{HEAD}stringData:\n  {key}: '{text}'\n"}) == []


@pytest.mark.parametrize("path", ["a.yaml", "values.yaml", "docker-compose.yml", ".github/workflows/a.yml"])
@pytest.mark.parametrize("key", ["secret", "extraSecret", "secrets.yaml"])
def test_a_secret_in_a_text_under_a_key_that_speaks_of_one_has_the_place_of_its_value(key, path, failing, values):
    manifest = f"apiVersion: v1\n  kind: Secret\n  stringData:\n    foo: {values.password()}\n"
    assert [one[1:3] for one in failing({path: f"{key}: |2\n  {manifest}"})] == [(5, "k8s-secret-plaintext")]
