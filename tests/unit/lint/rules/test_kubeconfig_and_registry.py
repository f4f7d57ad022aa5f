"""`kubeconfig-credentials` and `dockerconfig-auth`: files of clients that log in."""

from __future__ import annotations

import base64
import json

import pytest

CONFIG = "apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


KUBECONFIGS = {
    "a token": lambda v: f"{CONFIG}    token: {v}\n",
    "a password": lambda v: f"{CONFIG}    username: admin\n    password: {v}\n",
    "a key": lambda v: f"{CONFIG}    client-key-data: {b64('no key, but bytes ' + v)}\n",
    "an auth provider": lambda v: f"{CONFIG}    auth-provider:\n      config:\n        refresh-token: {v}\n",
    "a plugin's environment": lambda v: (
        f"{CONFIG}    exec:\n      env:\n      - {{name: AWS_SECRET_KEY, value: {v}}}\n"
    ),
    "in a ConfigMap": lambda v: (
        "kind: ConfigMap\ndata:\n  kubeconfig: |\n"
        + "".join(f"    {line}\n" for line in f"{CONFIG}    token: {v}".split("\n"))
    ),
}


@pytest.mark.parametrize("name", KUBECONFIGS)
def test_the_credentials_of_a_user_are_critical(name, scan, values):
    found = scan({"kubeconfig.yaml": KUBECONFIGS[name](values.password())}, "kubeconfig-credentials").findings
    assert [one.severity for one in found] == ["critical"]
    assert "rotate" in found[0].fix


@pytest.mark.parametrize(
    "user",
    [
        "    exec:\n      command: aws\n      args: [eks, get-token]\n",
        "    tokenFile: /var/run/token\n    client-key: /certs/key.pem\n",
        f"    client-certificate-data: {b64('-----BEGIN CERTIFICATE-----')}\n",
        "    token: REDACTED\n    password: DATA+OMITTED\n",
        "    client-key-data: DATA+OMITTED\n",
        "    token: '{{ .token }}'\n",
        "    token: ${TOKEN}\n",
    ],
)
def test_what_fetches_or_names_credentials_is_none(user, failing):
    assert failing({"kubeconfig.yaml": CONFIG + user}, "kubeconfig-credentials") == []


def test_another_config_is_no_kubeconfig(failing):
    text = "apiVersion: example.org/v1\nkind: Config\nusers: [{name: a, user: {name: token}}]\n"
    assert failing({"a.yaml": text}, "kubeconfig-credentials") == []


REGISTRIES = {
    ".docker/config.json": lambda v: {"auths": {"r.example": {"auth": b64(f"ci:{v}")}}},
    "config.json": lambda v: {"auths": {"r.example": {"username": "ci", "password": v}}},
    ".dockerconfigjson": lambda v: {"auths": {"r.example": {"identitytoken": v}}},
    ".dockercfg": lambda v: {"https://r.example": {"auth": b64(f"ci:{v}"), "email": "a@b"}},
    "values.yaml": lambda v: {"pull": json.dumps({"auths": {"r.example": {"auth": b64(f"ci:{v}")}}})},
}


@pytest.mark.parametrize("path", REGISTRIES)
def test_a_login_for_a_registry_is_found(path, scan, values):
    text = json.dumps(REGISTRIES[path](values.password()))
    found = scan({path: text}, "dockerconfig-auth").findings
    assert [one.severity for one in found] == ["high"]
    assert "r.example" in found[0].message


@pytest.mark.parametrize(
    "config",
    [
        {"auths": {}, "credsStore": "desktop"},
        {"auths": {"r.example": {}}, "credHelpers": {"r.example": "ecr-login"}},
        {"auths": {"r.example": {"auth": ""}}},
        {"auths": {"r.example": {"auth": b64("user:changeme")}}},
        {"auths": {"r.example": {"auth": "<base64>"}}},
        {"auths": {"r.example": {"username": "x", "password": "${PASSWORD}"}}},
    ],
)
def test_a_configuration_without_a_login_is_none(config, failing):
    assert failing({"config.json": json.dumps(config)}, "dockerconfig-auth") == []


@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
def test_logins_in_base64_wherever_they_stand(indent, failing, values):
    def text(password: str) -> str:
        login = base64.b64encode(f"bot:{password}".encode()).decode()
        config = json.dumps({"auths": {"registry.example.org": {"auth": login}}}, indent=indent)
        return f"dockerconfig: {base64.b64encode(config.encode()).decode()}\n"

    found = failing({"values.yaml": text(values.password())}, "dockerconfig-auth")
    assert [(line, rule) for _, line, rule, _ in found] == [(1, "dockerconfig-auth")]
    assert failing({"values.yaml": text("changeme")}) == []
