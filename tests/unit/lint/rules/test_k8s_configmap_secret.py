"""`k8s-configmap-secret`: entries of ConfigMaps, and configuration files that are one."""

from __future__ import annotations

import json

import pytest

RULE = "k8s-configmap-secret"
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\ndata:\n"


def entry(name: str, *lines: str) -> str:
    return f"{HEAD}  {name}: |\n" + "".join(f"    {line}\n" for line in lines)


POSITIVES = {
    "an entry": lambda v: (f"{HEAD}  DB_HOST: db\n  DB_PASSWORD: {v}\n", [7]),
    "a weak one": lambda v: (f"{HEAD}  DB_PASSWORD: hunter2\n", [6]),
    "properties": lambda v: (entry("app.properties", "server.port=80", f"db.password={v}"), [8]),
    "ini": lambda v: (entry("app.ini", "[database]", "host = db", f"password = {v}"), [9]),
    "a section of secrets": lambda v: (entry("app.ini", "[secrets]", f"db = {v}"), [8]),
    "dotenv": lambda v: (entry(".env", "# why", "HOST=db", f"export API_TOKEN='{v}'"), [9]),
    "TOML": lambda v: (entry("app.toml", "[server]", "port = 80", f'api_key = "{v}"'), [9]),
    "YAML": lambda v: (entry("app.yaml", "database:", "  host: db", f"  password: {v}"), [9]),
    "YAML with a sensitive parent": lambda v: (entry("app.yaml", "secrets:", f"  db: {v}"), [8]),
    "JSON": lambda v: (entry("app.json", "{", '  "host": "db",', f'  "clientSecret": "{v}"', "}"), [9]),
    "JSON on one line": lambda v: (f"{HEAD}  app.json: '{json.dumps({'db': {'password': v}})}'\n", [6]),
    "with CRLF": lambda v: (entry("app.properties", "a=b", f"db.password={v}").replace("\n", "\r\n"), [8]),
    "in a List": lambda v: (f"kind: List\nitems:\n- kind: ConfigMap\n  data: {{API_KEY: {v}}}\n", [4]),
    "among templates": lambda v: (f"{{{{- if .x }}}}\n{HEAD}  DB_PASSWORD: {v}\n{{{{- end }}}}\n", [7]),
    "a file that does not parse": lambda v: (f"{HEAD}  bad: a: b: [\n  DB_PASSWORD: {v}\n", [7]),
    "data sources of Grafana": lambda v: (
        entry("ds.yaml", "datasources:", "- name: pg", "  secureJsonData:", f"    httpHeaderValue1: {v}"), [10],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", POSITIVES)
def test_a_secret_is_found_on_its_own_line(name, failing, values):
    text, lines = POSITIVES[name](values.password())
    assert [line for _, line, rule, _ in failing({"a.yaml": text}) if rule == RULE] == lines


NEGATIVES = {
    "settings": f"{HEAD}  TOKEN_AUTH: 'true'\n  PASSWORD_MIN_LENGTH: '12'\n  PUBLIC_KEY_ID: 467d2520c30cddb6\n",
    "names and paths": f"{HEAD}  DB_PASSWORD_FILE: /run/secrets/db\n  SECRET_NAME: db-credentials\n",
    "references": f"{HEAD}  DB_PASSWORD: vault:secret/data/db#password\n  TOKEN: ${{TOKEN}}\n",
    "placeholders": entry("app.properties", "db.password=changeme", "api.token=<token>", "secret="),
    "headers": entry("app.properties", "security.token.header=X-Auth-Token", "token.endpoint=https://idp/token"),
    "a certificate": entry("ca.crt", "-----BEGIN CERTIFICATE-----", "MIIB", "-----END CERTIFICATE-----"),
    "a script": entry("run.sh", "#!/bin/sh", "set -e", "echo waiting", "exec app --password-file /run/pw"),
    "references of the program": entry("dex.yaml", "staticClients:", "- id: x", "  secret: $dex-secret:client"),
    "a schema": entry("s.json", '{"properties": {"password": {"type": "string", "default": "x1"}}}'),
    "other kinds": "kind: Other\ndata:\n  value: hunter2\n",
}  # fmt: skip


@pytest.mark.parametrize("name", NEGATIVES)
def test_what_is_no_secret_is_left_alone(name, failing):
    assert failing({"a.yaml": NEGATIVES[name]}, RULE) == []


def test_what_a_finding_says(scan, values):
    (found,) = scan({"a.yaml": entry("app.properties", f"db.password={values.password()}")}, RULE).findings
    assert found.message == "`db.password` in `app.properties` of ConfigMap/app is a plaintext secret"
    assert (found.key, found.object, found.line, found.column) == ("db.password", "ConfigMap/app", 7, 5)
    assert found.pointer == "/data/app.properties"


def test_an_encrypted_entry_is_none(failing, values):
    text = f"{HEAD}  DB_PASSWORD: {values.envelope()}\n"
    assert failing({"a.yaml": text}, RULE) == []


def test_texts_that_are_no_assignments_line_by_line(failing, values):
    """Code, statements and directives in a ConfigMap: the rules about texts look into them."""
    lines = (
        f'module.exports = {{ apiKey: "{values.password(32)}" }}',
        f"requirepass {values.password()}",
        f"CREATE USER app WITH PASSWORD '{values.password()}';",
        f"authorization {{ user: a, password: {values.password()} }}",
    )
    for line in lines:
        text = f"kind: ConfigMap\ndata:\n  some.conf: |\n\n    first = 1 2 3;\n    {line}\n    end of it\n"
        assert [found[1] for found in failing({"a.yaml": text})] == [6], line.split(" ")[0]
        text = f"kind: ConfigMap\ndata:\n  some.conf: |\n    {line}\n"
        assert [found[1] for found in failing({"a.yaml": text})] == [4], line.split(" ")[0]


def test_the_secret_of_a_client_may_be_a_uuid(failing, values):
    uuid = "-".join(values.hex(size) for size in (8, 4, 4, 4, 12))
    text = f"kind: KeycloakClient\nspec:\n  client:\n    clientId: a\n    secret: {uuid}\n"
    assert [found[1] for found in failing({"a.yaml": text})] == [5]


WEAK = "zyx2retnuh"[::-1]
ONE_LINE = {
    "YAML": f"password: {WEAK}",
    "a flow in YAML": f"db: {{host: db, password: {WEAK}}}",
    "an item": f"- password: {WEAK}",
    "JSON without its brackets": f'"password": "{WEAK}"',
    "properties": f"db.password={WEAK}",
    "TOML": f'password = "{WEAK}"',
}


@pytest.mark.parametrize("name", ONE_LINE)
def test_a_file_of_one_line(name, failing):
    written = json.dumps(ONE_LINE[name])
    assert failing({"a.yaml": f"{HEAD}  app.conf: {written}\n"}) == [
        ("a.yaml", 6, RULE, "db.password" if name == "properties" else "password")
    ]
    flow = f"{{apiVersion: v1, kind: ConfigMap, data: {{app.conf: {written}}}}}"
    assert [found[2] for found in failing({"a.yaml": flow})] == [RULE]
    assert [found[2] for found in failing({"values.yaml": f"config: {written}\n"})] == ["helm-value-secret"]


@pytest.mark.parametrize(
    "text",
    [
        "Password: required", "Password: must be 8+ characters!", "user: %u token: %t", "password: ${DB_PASSWORD}",
        "secret: {name: db-creds2, key: password}", "app=foo,token=bar", "token: see docs/token.md",
        "password=([^&]+)", "token: ^[a-z0-9]+$", "password=%s&user=%s", "Set-Cookie: session=$1; Path=/",
    ],
)  # fmt: skip
def test_a_line_for_people_or_of_a_format(text, failing):
    assert failing({"a.yaml": f"{HEAD}  app.conf: {json.dumps(text)}\n"}) == []
