"""A value of which a template or a variable fills in only a part: the rest stands in the repository."""

from __future__ import annotations

import pytest

MADE = "zyx2retnuh"[::-1]
MIXED = "laretiLterc3S"[::-1]

SECRETS = {
    "values": ("values.yaml", f'db:\n  password: "{{{{ prefix }}}}{MIXED}"\n', "helm-value-secret"),
    "before the span": ("values.yaml", f'password: {MADE}{{{{ "" }}}}\n', "helm-value-secret"),
    "a HelmRelease": (
        "release.yaml",
        f'kind: HelmRelease\nspec:\n  values:\n    password: "{{{{ prefix }}}}{MIXED}"\n',
        "helm-value-secret",
    ),
    "YAML of any kind": ("config/app.yaml", f'password: "{{{{ prefix }}}}{MIXED}"\n', "generic-assignment"),
    "Ansible": ("group_vars/all.yml", f'db_password: "{{{{ prefix }}}}{MIXED}"\n', "ansible-secret"),
    "Compose": (
        "docker-compose.yml",
        f'services:\n  db:\n    environment:\n      DB_PASSWORD: "${{PREFIX}}{MIXED}"\n',
        "compose-ci-env-secret",
    ),
    "dotenv": (".env", f"DB_PASSWORD=${{PREFIX}}{MADE}\n", "dotenv-secret"),
    "Terraform": ("main.tf", f'resource "a" "b" {{\n  password = "${{var.prefix}}{MIXED}"\n}}\n', "terraform-secret"),
    "a Secret": (
        "secret.yaml",
        f'apiVersion: v1\nkind: Secret\nstringData:\n  password: "{{{{ prefix }}}}{MIXED}"\n',
        "k8s-secret-plaintext",
    ),
    "a chart": (
        "templates/secret.yaml",
        f'apiVersion: v1\nkind: Secret\nstringData:\n  password: {MADE}{{{{ "" }}}}\n',
        "helm-template-literal",
    ),
    "a variable of a pod": (
        "pod.yaml",
        f'kind: Pod\nspec:\n  containers:\n  - env:\n    - name: DB_PASSWORD\n      value: "{{{{ x }}}}{MIXED}"\n',
        "k8s-env-literal",
    ),
}


@pytest.mark.parametrize("case", SECRETS)
def test_a_literal_beside_what_is_filled_in(failing, case):
    path, text, rule = SECRETS[case]
    assert [found[2] for found in failing({path: text})] == [rule]


@pytest.mark.parametrize(
    "value",
    [
        "{{ .Release.Name }}-postgresql14", "{{ user }}123", "{{ a }}-{{ b }}", "{{ env }}-oauth2-proxy",
        "vault:secret/data/{{ env }}/mysql8password#password", "secret/{{ env }}/Db2Password", "{{ a }}MariaDbPassword",
        "{{ name }}.rds.eu-west-1.amazonaws.com:5432", "https://{{ host }}/Foo2barbaz", "${ENV}_ORACLE19_PROD",
        "${ENV}_DB2_PASSWORD", "${USER}:${PASSWORD}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["password", "secret", "api_token"])
def test_a_name_or_a_path_that_is_put_together(failing, key, value):
    assert failing({"values.yaml": f'{key}: "{value}"\n', ".env": f"{key}={value}\n"}) == []
