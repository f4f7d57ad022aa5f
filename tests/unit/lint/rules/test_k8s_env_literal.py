"""`k8s-env-literal`: environment and arguments of containers, wherever pods are described."""

# ruff: noqa: E501  a manifest on one line is read faster than one in pieces

from __future__ import annotations

import pytest

RULE = "k8s-env-literal"

POD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"

POSITIVES = {
    "a container": lambda v: (f"{POD}      containers:\n      - name: a\n        env:\n        - name: DB_PASSWORD\n          value: {v}\n", [11]),
    "the value first": lambda v: (f"{POD}      containers:\n      - env:\n        - value: {v}\n          name: API_TOKEN\n", [9]),
    "flow style": lambda v: (f"{POD}      containers:\n      - env: [{{name: API_TOKEN, value: {v}}}]\n", [8]),
    "an init container": lambda v: (f"{POD}      initContainers:\n      - env:\n        - {{name: API_KEY, value: {v}}}\n", [9]),
    "an ephemeral container": lambda v: (f"kind: Pod\nspec:\n  ephemeralContainers:\n  - env: [{{name: API_KEY, value: {v}}}]\n", [4]),
    "JSON": lambda v: ('{"kind": "Pod", "spec": {"containers": [{"env": [\n{"name": "A_SECRET", "value": "' + v + '"}]}]}}', [2]),
    "Knative": lambda v: (f"apiVersion: serving.knative.dev/v1\nkind: Service\nspec:\n  template:\n    spec:\n      containers:\n      - env: [{{name: A_TOKEN, value: {v}}}]\n", [7]),
    "Argo Workflows": lambda v: (f"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n  templates:\n  - container:\n      env:\n      - {{name: A_TOKEN, value: {v}}}\n", [7]),
    "Tekton": lambda v: (f"apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n  - env:\n    - {{name: A_TOKEN, value: {v}}}\n", [6]),
    "values of a chart": lambda v: (f"kind: HelmRelease\nspec:\n  values:\n    extraEnv:\n    - {{name: A_TOKEN, value: {v}}}\n", [5]),
    "a weak password": lambda v: ("kind: Pod\nspec:\n  containers:\n  - env:\n    - {name: DB_PASSWORD, value: hunter2}\n", [5]),
    "JSON in a value": lambda v: (f"kind: Pod\nspec:\n  containers:\n  - env:\n    - name: CONFIG\n      value: '{{\"password\": \"{v}\"}}'\n", [6]),
    "flags in a value": lambda v: ("kind: Pod\nspec:\n  containers:\n  - env:\n    - {name: EXTRA_ARGS, value: --db.user=app --db.password=tiger-lily}\n", [5]),
    "an argument": lambda v: (f"kind: Pod\nspec:\n  containers:\n  - args:\n    - --port=80\n    - --password={v}\n", [6]),
    "the argument after": lambda v: (f"kind: Pod\nspec:\n  containers:\n  - args: [run,\n      --token,\n      {v}]\n", [6]),
    "a command and its arguments": lambda v: (f"kind: Pod\nspec:\n  containers:\n  - command: [mysql]\n    args:\n    - -uroot\n    - -p{v}\n", [7]),
    "a script": lambda v: (f"kind: Pod\nspec:\n  containers:\n  - command: [sh, -c]\n    args:\n    - |\n      set -e\n      curl -u admin:{v} https://api\n", [8]),
    "a command as one text": lambda v: (f"kind: Pod\nspec:\n  containers:\n  - command: [sh, -c, 'PGPASSWORD={v} psql -h db']\n", [4]),
    "a probe": lambda v: (f"kind: Pod\nspec:\n  containers:\n  - livenessProbe: {{exec: {{command: [redis-cli, -a, {v}, ping]}}}}\n", [4]),
    "a broken file": lambda v: (f"kind: Pod\nspec:\n  bad: a: b: [\n  containers:\n  - env:\n    - name: DB_PASSWORD\n      value: {v}\n", [7]),
    "among templates": lambda v: (f"kind: Pod\nspec:\n  {{{{- if .Values.x }}}}\n  containers:\n  - env:\n    - name: DB_PASSWORD\n      value: {v}\n  {{{{- end }}}}\n", [7]),
}  # fmt: skip


@pytest.mark.parametrize("name", POSITIVES)
def test_a_secret_is_found_on_the_line_of_its_value(name, failing, values):
    text, lines = POSITIVES[name](values.password())
    path = "a.json" if name == "JSON" else "a.yaml"
    assert [line for _, line, _, _ in failing({path: text}, RULE)] == lines


NEGATIVES = {
    "references": "- {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}",
    "names of things": "- {name: SECRET_NAME, value: db-credentials}\n    - {name: PASSWORD_SECRET_NAME, value: auth}\n    - {name: API_KEY_HEADER, value: X-Api-Key}",
    "paths": "- {name: PASSWORD_FILE, value: /run/secrets/db}\n    - {name: SECRETS_DIR, value: /mnt/secrets}\n    - {name: SSH_KEY_PATH, value: /keys/id}",
    "expansions": "- {name: A_PASSWORD, value: $(B)}\n    - {name: A_TOKEN, value: '${TOKEN}'}\n    - {name: B_TOKEN, value: '{{ .token }}'}",
    "flags": "- {name: JAVA_OPTS, value: '-Xmx1g -Da.password=$(PW) --token-file=/run/token --token-type jwt'}",
    "settings": "- {name: AUTH_ENABLED, value: 'true'}\n    - {name: TOKEN_TTL, value: '3600'}\n    - {name: MAX_TOKENS, value: '4096'}\n    - {name: TOKEN_METHOD, value: client_secret_basic}",
    "addresses": "- {name: TOKEN_URL, value: 'https://idp.example/token'}\n    - {name: AUTH_HOST, value: auth.example}",
    "placeholders": "- {name: DB_PASSWORD, value: changeme}\n    - {name: A_TOKEN, value: <token>}\n    - {name: B_TOKEN, value: ''}",
    "vals": "- {name: DB_PASSWORD, value: 'vault:secret/data/db#password'}",
    "arguments": "- {name: A, value: b}\n    args: [--token=$(A_TOKEN), --token-ttl=15m, --tls-key-file=/certs/tls.key, --password-file, /run/pw]",
    "a schema": "- {name: A, value: b}\n    openAPIV3Schema: {properties: {env: {items: {properties: {password: {default: hunter2}}}}}}",
}  # fmt: skip


@pytest.mark.parametrize("name", NEGATIVES)
def test_what_is_no_secret_is_left_alone(name, failing):
    text = f"kind: Pod\nspec:\n  containers:\n  - env:\n    {NEGATIVES[name]}\n"
    assert failing({"a.yaml": text}) == []


def test_what_a_finding_says(scan, values):
    text = f"{POD}      containers:\n      - env:\n        - {{name: DB_PASSWORD, value: {values.password()}}}\n"
    (found,) = scan({"my apps/a.yaml": text}, RULE).findings
    assert (found.key, found.object, found.severity) == ("DB_PASSWORD", "Deployment/web", "high")
    assert found.pointer == "/spec/template/spec/containers/0/env/0/value"
    assert found.message == "`DB_PASSWORD` of Deployment/web is a plaintext secret in `env`"
    assert "'my apps/a.yaml'" in found.fix and "secretKeyRef" in found.fix


def test_a_token_in_the_environment_is_one_finding(scan, values):
    text = f"kind: Pod\nspec:\n  containers:\n  - env:\n    - {{name: GH_TOKEN, value: glpat-{values.password(20)}}}\n"
    (found,) = [f for f in scan({"a.yaml": text}).findings if f.severity != "info"]
    assert found.rule == "provider-token-gitlab"
    assert RULE in found.also
