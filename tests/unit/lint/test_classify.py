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
