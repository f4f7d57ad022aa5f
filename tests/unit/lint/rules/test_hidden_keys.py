"""Keys that are secrets themselves: what is found beside them must not tell them."""

from __future__ import annotations

import pytest
from recipes import Maker

from secrets_gitops.lint.finding import Finding
from secrets_gitops.lint.hidden_keys import HIDDEN, hide, hide_in_reason


def shown(findings) -> str:
    return "".join(repr(f._replace(path="")) for f in findings)


def test_a_token_as_a_key_of_a_secret(scan, values):
    token = Maker(1).make("ghp_{crc62:30}")
    text = f"kind: Secret\nmetadata: {{name: db}}\nstringData:\n  {token}: {values.password()}\n"
    report = scan({"a.yaml": text}, "k8s-secret-plaintext")
    (found,) = report.findings
    assert (found.key, found.pointer) == (HIDDEN, f"/stringData/{HIDDEN}")
    assert token[4:12] not in shown(report.findings)


def test_a_password_in_an_address_as_a_key(scan, values):
    secret = values.password()
    text = f'{{"kind": "Secret", "stringData": {{"db://app:{secret}@db/": "{values.password()}"}}}}'
    report = scan({"a.json": text})
    assert report.findings
    assert secret not in shown(report.findings)


def test_a_random_key(scan, values):
    secret = values.password(24).replace("-", "x").replace("_", "y")
    report = scan({"a.yaml": f"kind: Secret\nstringData:\n  {secret}: {values.password()}\n"})
    assert report.findings
    assert secret not in shown(report.findings)


@pytest.mark.parametrize(
    "key",
    [
        "password", "postgresReplicationPassword", "AWS_SECRET_ACCESS_KEY", "elasticsearch-exporter-password",
        "kubectl.kubernetes.io/last-applied-configuration", "spring.datasource.hikari.password",
        "client_certificate_2024",
        "KEYCLOAK_ADMIN_PASSWORD_FILE", ".dockerconfigjson",
    ],
)  # fmt: skip
def test_a_name_stays(key):
    made = Finding(
        "k8s-secret-plaintext", "high", "a.yaml", 1, 1, 1, 9, f"`{key}` is plaintext", key=key, pointer=f"/data/{key}"
    )
    assert hide(made) == made


def test_the_command_keeps_the_real_path():
    token = Maker(2).make("ghp_{crc62:30}")
    made = Finding(
        "private-key",
        "high",
        f"{token}.yaml",
        1,
        1,
        1,
        9,
        f"under `{token}`",
        key=token,
        fix=f"encrypt -i {token}.yaml",
    )
    assert hide(made).fix == f"encrypt -i {token}.yaml"
    assert token not in hide(made).message


def test_a_secret_in_a_reason(scan, values):
    secret = values.password(24).replace("-", "x").replace("_", "y")
    line = f"  a: {values.password()} # secrets-gitops:allow k8s-secret-plaintext -- was {secret} before\n"
    (excused,) = scan({"a.yaml": f"kind: Secret\nstringData:\n{line}"}).suppressed
    assert hide_in_reason(excused).justification == f"was {HIDDEN} before"
    assert hide_in_reason(excused._replace(justification="of the demo")).justification == "of the demo"
