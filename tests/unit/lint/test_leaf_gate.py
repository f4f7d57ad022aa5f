"""The test that spares parsing: it may parse too much, never too little. Held against the walk over the parsed text."""

from __future__ import annotations

import json
import random

import pytest

from secrets_gitops.lint import catalog
from secrets_gitops.lint.run import Run
from secrets_gitops.lint.target import Target
from secrets_gitops.lint.value_model import is_secret

KEYS = (
    "password", "dbPw", "DB_PASSWORD", "api-key", "apiKey", "token", "secret", "pin_code", "dsn", "myKey", "auth",
    "client.secret", "root password", "secrets", "credentials", "webhook", "name", "value", "user", "data",
    "stringData", "string_data", "secureJsonData", "secretEnv", "extra_secret_files", "privateEnv", "sensitive",
    "x", "long_prefix_" * 30 + "password", "description", "properties", "type", "default",
    "password (old)", "password/db", "password für db", "pässe_token", "key for it", "db secret of web",
)  # fmt: skip
SECRETS = (
    "hunter2-hunter3",
    "correct horse",
    "it's,7Qz'x\"k2",
    "q,8Zx-1kQmP20vB7nRt",
    "\\q8Zx1kQmP20vB7nRt",
    "$ecretword",
)
PLAIN = (
    "", "true", "12", "db", "{{ .Values.x }}", "${X}", "some words of prose.", "a-name-of-a-thing", "~", "$ecretword",
    "it's", "a, b", "#x", "- x", "{{ 'a' }}", "Opaque", "the password: of it",
)  # fmt: skip


@pytest.fixture
def target(memory):
    def make(text: str, path: str = "a.yaml") -> Target:
        return Target(path, text.encode(), Run(memory({})))

    return make


class Writer:
    """Writes a tree of chance in one of YAML's many spellings."""

    def __init__(self, rng: random.Random, secret: str) -> None:
        self.rng = rng
        self.secret = secret

    def text(self) -> str:
        tree = self.tree(0)
        style = self.rng.randrange(4)
        if style == 0:
            loose = json.dumps(tree)
            return loose.replace('": ', '"\n:\n') if self.rng.random() < 0.3 else loose
        if style == 1:
            return json.dumps(tree, indent=self.rng.choice((1, 2, 4)))
        return "".join(self.block(tree, 0))

    def tree(self, depth: int):
        kind = self.rng.random()
        if depth > 3 or kind < 0.3:
            return self.rng.choice((self.secret, *PLAIN))
        if kind < 0.45:
            return [self.tree(depth + 1) for _ in range(self.rng.randrange(1, 4))]
        if kind < 0.6:
            pairs = [(self.rng.choice(("name", "key", "Name")), self.rng.choice(KEYS))]
            pairs += [
                (self.rng.choice(("value", "default", "defaultValue", "Default")), self.rng.choice((self.secret, "")))
            ]
            if self.rng.random() < 0.25:
                way = "/" + "spec/" * self.rng.choice((1, 3, 40))
                pairs[0] = "path", way + pairs[0][1].replace("/", "~1")
                pairs.append(("op", self.rng.choice(("add", "replace"))))
            if self.rng.random() < 0.4:
                pairs.append(("description", "long " * self.rng.choice((3, 200, 2000))))
            if self.rng.random() < 0.2:
                pairs.append(("enum", ["x"] * self.rng.choice((3, 70))))
            if self.rng.random() < 0.3:
                pairs.append((self.rng.choice(("default", "value")), self.rng.choice((self.secret, ""))))
            self.rng.shuffle(pairs)
            return dict(pairs)
        return {self.rng.choice(KEYS): self.tree(depth + 1) for _ in range(self.rng.randrange(1, 4))}

    def block(self, tree, depth: int):
        pad = "  " * depth
        if isinstance(tree, dict):
            for key, value in tree.items():
                written = self.rng.choice((key, json.dumps(key), f"'{key}'"))
                yield f"{pad}{written}{self.rng.choice((':', ':', ' :'))}"
                yield from self.value(value, depth)
        elif isinstance(tree, list):
            for item in tree:
                yield f"{pad}-"
                yield from self.value(item, depth)
        else:
            yield f"{pad}{self.scalar(tree)}\n"

    def value(self, value, depth: int):
        if isinstance(value, str):
            spelling = self.rng.randrange(8)
            pad = "  " * (depth + 1)
            if spelling == 0 and value:
                yield f" {self.rng.choice(('|', '>-', '|2-' if depth == 0 else '|'))}\n{pad}{value}\n"
            elif spelling == 1 and value:
                yield f"\n{pad}{self.scalar(value)}\n"
            elif spelling == 2:
                yield f" !!str {self.scalar(value)}  # why\n"
            elif spelling == 3:
                why = "# " + "why " * self.rng.choice((1, 30, 600))
                yield f" {why}\n" + f"{pad}# and how\n\n" * self.rng.choice((1, 7, 90)) + f"{pad}{self.scalar(value)}\n"
            else:
                yield f"{self.rng.choice((' ', '   '))}{self.scalar(value)}\n"
        elif self.rng.random() < 0.2:
            yield f" {json.dumps(value)}\n"
        else:
            yield self.rng.choice(("\n", "  # a comment\n", "\n\n"))
            yield from self.block(value, depth + 1)

    def scalar(self, text: str) -> str:
        quoted = (json.dumps(text, ensure_ascii=False), "'" + text.replace("'", "''") + "'")
        return self.rng.choice(quoted if not text or text[0] in "{~$#-" or ": " in text else (*quoted, text))


@pytest.mark.parametrize("seed", range(24))
def test_what_the_gate_lets_go_holds_no_secret(seed, target, values):
    rng = random.Random(seed)
    secret_texts = wrong = 0
    for _ in range(400):
        text = Writer(rng, rng.choice((*SECRETS, values.password(), values.hex(32)))).text()
        one = target(text)
        if one.document is None:
            continue
        holds = any(is_secret(leaf.text, leaf.sense, tag=leaf.node.tag) and not leaf.refers for leaf in one.leaves)
        secret_texts += holds
        wrong += holds and not one.may_be_called_secret
        assert not (holds and not one.may_be_called_secret), text
    assert secret_texts > 50


SPELLINGS = {
    "a quote inside": "password: a'bcdef",
    "a letter after a dollar": "password: $ecretword",
    "a type first": "secret:\n  type: Opaque\n  data:\n    DB: hunter2",
    "a template between": "password:\n{{- if x }}\n  hunter2\n{{- end }}",
    "many comments between": "a:\n  password:\n" + "  # why\n" * 300 + "    hunter2",
    "a long comment": "password: # " + "why " * 900 + "\n  hunter2",
    "a key that goes on": "password of the db: hunter2",
    "letters beyond ASCII": "password_für_db: hunter2",
    "a path in the key": "password/db: hunter2",
    "JSON on many lines": '{\n"password"\n:\n"hunter2"\n}',
    "a long text between": "- name: API_KEY\n  description: |\n" + "    why\n" * 300 + "  default: hunter2",
    "a long text between, on one line": '{"name": "API_KEY", "description": "'
    + "why " * 900
    + '", "value": "hunter2"}',
    "an empty value before": "- name: API_KEY\n  value: ''\n  default: hunter2",
    "a name by an alias": "x: &n API_KEY\ny: {name: *n, value: hunter2}",
    "a key by an alias": "x: &k password\n*k : hunter2",
    "a comment": "# password: hunter2",
    "a map in brackets": '{"x": {\n "password": {\n  "web": "q8Zx1kQmP20vB7nRt"\n }\n}}',
    "a list in brackets": '{"passwords": [\n  "hunter2"\n]}',
    "a map under a template": "secrets: {{- if .x }}\n  DB: hunter2",
    "a made value in a map": "token:\n  description: |\n    why\n  web: q8Zx1kQmP20vB7nRt",
    "a literal in a template": '{{- $password := "q8Zx1kQmP20vB7nRt" }}\na: b',
    "a block in a list": "password:\n  - |\n    a, b",
    "a default with a capital": "- Name: API_KEY\n  Default: hunter2-hunter3",
    "values of a map": '{"password": {\n  "value": [\n    "correct horse"\n  ]\n}}',
    "values of a map, in a list": "password:\n  value:\n  - correct horse",
    "a comment in a list": "password:\n  - # why\n    a, b",
    "a value of a map": "password:\n  value: hunter2",
    "a value of a map on two lines": "password:\n  value: correct\n    horse battery",
    "a list in a map of secrets": "stringData:\n  x:\n  -   'hunter2'",
    "data of a secret": "secret:\n  data:\n    DB: hunter2",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_spelling_gets_past_it(name, target):
    assert target(SPELLINGS[name]).may_be_called_secret


PARSED = (
    "dbPw: xyz1", "pin_code: 123456", "- name: API_KEY\n  value: xyz1", "- value: xyz1\n  name: API_KEY",
    '"password": "xyz1"', "{name: API_KEY, value: xyz1}", "auth:\n- q8Zx1kQmP20vB7nRt", "password:\n  hunter2",
    "password: |\n  hunter2",
    "secrets:\n  DB: hunter2", "stringData:\n  a: b", "a:\n  - --password=hunter2", "a: [--token, hunter2]",
    "a: {password: hunter2}", "password: &a hunter2", "password: *a", "password: !!str hunter2",
    '"p\\u0061ssword": hunter2', "? password\n: hunter2", "c: |\n  [db]\n  password = hunter2",
    'c: "password=hunter2\\n"', "password: # why\n  hunter2",
)  # fmt: skip
SPARED = (
    "kind: Service\nspec: {ports: [{port: 80}]}", "path: /x\nkeys: []\nkey: short", "# ping\nspine: x",
    "password: ''\ntoken:\nsecret: {}\n", "password: {{ .Values.password | quote }}", "auth:\n  enabled: true\n",
    "properties:\n  password:\n    description: The password.\n    type: string", "existingSecret: db",
    "secretKeyRef:\n  name: db\n  key: password\n", "# the password of the user\na: b", "password: ${DB_PASSWORD}",
    "secret:\n  create: true\n  name: ''\n", "auth:\n- x", "imagePullSecrets:\n  - name: pull-q8Zx1kQmP20vB7nRt",
    "secret:\n  secretName: db\n  items:\n    - key: tls.crt\n      path: tls.crt",
    "token:\n  description: |-\n    Names the token.\n  type: object\n  properties:\n    name:\n      type: x",
    'a: {{ printf "%s" .secret }}\n{{- $password := .Values.db.password | default "" }}',
    'checksum/secrets: {{ include (print "/secrets.yaml") . | sha256sum }}',
    '{\n  "token": {\n    "type": "string",\n    "description": "The token."\n  },\n  "keys": [\n    "a"\n  ]\n}',
    "token: ${{ secrets.TOKEN }}", "secretStoreRefs:\n  - name: db\n    kind: SecretStore",
)  # fmt: skip


@pytest.mark.parametrize("text", PARSED)
def test_it_is_parsed(text, target):
    assert target(text).may_be_called_secret


@pytest.mark.parametrize("text", SPARED)
def test_it_is_spared(text, target):
    assert not target(text).may_be_called_secret


def test_every_client_that_takes_a_password_by_an_option_has_its_files_looked_at(failing, values):
    secret = values.password()
    for client in sorted(name.decode() for name in catalog.CLIENTS):
        for option in ("-p", "-a", "-w", "-P", "-c"):
            login = "login " if client in {"docker", "podman", "buildah", "nerdctl", "oras", "crane", "az"} else ""
            joint = "" if client.startswith(("mysql", "mariadb")) else " "
            command = f"command: ['sh', '-c', '{client} {login}-u app {option}{joint}{secret}']"
            if failing({"a.yaml": f"kind: Pod\nspec: {{containers: [{{{command}}}]}}\n"}, "k8s-env-literal"):
                break
        else:
            assert client in {"curl", "smbclient", "etcdctl"}, client  # these take `user:password`
