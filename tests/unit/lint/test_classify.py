"""The kind of a file: one for each, by its name first."""

from __future__ import annotations

import pytest

from secrets_gitops.lint.classify import kind_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".env", "dotenv"), ("app/prod.env", "dotenv"), (".env.production", "dotenv"), (".env.example", "sample"),
        ("config.yaml.dist", "sample"), ("a/x.tfvars", "terraform"), ("x.tfvars.json", "terraform"),
        ("terraform.tfstate.backup", "tfstate"), ("group_vars/all.yml", "ansible"),
        ("roles/db/vars/main.yml", "ansible"),
        ("hosts.ini", "inventory"), ("inventory/prod/hosts", "inventory"), ("home/.netrc", "credentials"),
        (".aws/credentials", "credentials"), ("nginx.htpasswd", "credentials"), ("vpn/wg0.conf", "credentials"),
        ("docker-compose.prod.yml", "compose"), (".github/workflows/ci.yaml", "ci"), (".gitlab-ci.yml", "ci"),
        ("Dockerfile.build", "dockerfile"), ("run.sh", "shell"), ("README.md", "docs"), ("main.go", "source"),
        ("template.go", "source"), ("values.yaml", "yaml"), ("realm.json", "json"), ("app.properties", "ini"),
        ("pom.xml", "xml"), ("logo.svg", "noise"), ("NOTICE", "text"), ("clusters/test/secret.yaml", "yaml"),
    ],
)  # fmt: skip
def test_by_name(path, kind):
    assert kind_of(path, b"") == kind


@pytest.mark.parametrize(
    ("path", "data", "kind"),
    [
        ("ci/build.yaml", b"on: push\njobs:\n  a:\n    runs-on: x\n", "ci"),
        ("site/all.yaml", b"- name: web\n  hosts: all\n", "ansible"),
        ("run", b"#!/usr/bin/env bash\n", "shell"),
        ("run", b"#!/usr/bin/python3\n", "source"),
        ("x.conf", b"\n[Interface]\nPrivateKey = a\n", "credentials"),
        ("state.json", b'{"terraform_version": "1", "resources": []}', "tfstate"),
        ("jobs.yaml", b"kind: CronJob\nspec: {}\n", "yaml"),
    ],
)
def test_by_content(path, data, kind):
    assert kind_of(path, data) == kind


def test_a_template_and_a_copy_are_what_they_are_made_into_and_of():
    for name, kind in (
        ("app.yaml.j2", "yaml"), ("values.yaml.gotmpl", "yaml"), ("group_vars/all.yml.j2", "ansible"),
        ("prod.tfvars.tpl", "terraform"), ("Dockerfile.tmpl", "dockerfile"), (".env.tpl", "dotenv"),
        ("app.properties.erb", "ini"), ("userdata.sh.tftpl", "shell"), ("main.go.tmpl", "source"),
        ("app.yaml.bak", "yaml"), ("app.yaml.j2~", "yaml"), ("App.YAML.J2", "yaml"), ("\u0130.yaml.tpl", "yaml"),
    ):  # fmt: skip
        assert kind_of(name, b"") == kind, name
    assert kind_of("userdata.tpl", b"#!/bin/bash\n") == "shell"
    assert kind_of(".env.example", b"") == "sample"
    assert kind_of(".env.example.tpl", b"") == "sample"


def test_a_password_in_a_template_is_found(failing, values):
    secret = values.password()
    files = {
        "app.yaml.j2": f"db:\n  user: {{{{ user }}}}\n  password: {secret}\n",
        "prod.tfvars.tpl": f'password = "{secret}"\n',
        "app.conf.tpl": f"password = {secret}\n",
        "Dockerfile.tpl": f"FROM a\nENV DB_PASSWORD={secret}\n",
    }
    assert {path for path, *_ in failing(files)} == set(files)
    assert failing({path: text.replace(secret, "{{ password }}") for path, text in files.items()}) == []
