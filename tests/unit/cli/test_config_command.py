"""`config`: what counts and where it comes from, and whether it can be read."""

from __future__ import annotations

import subprocess

import pytest

SETTINGS = """\
lint:
  fail_on: high
  exclude: [third_party/]
  severity: {SG108: low}
  allow:
  - {rules: [SG101], keys: [token], reason: of the demo, expires: 2999-12-31}
"""


@pytest.fixture
def repo(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def test_defaults(cli, repo):
    shown = cli("config", "show", cwd=repo).stdout.decode()
    assert "lint.fail_on          medium  (default)\n" in shown
    assert "lint.max_bytes        5242880  (default)\n" in shown


def test_every_value_has_its_source(cli, repo):
    (repo / ".secrets-gitops.yaml").write_text(SETTINGS)
    done = cli("config", "show", cwd=repo, env={"SECRETS_GITOPS_MAX_BYTES": "1KiB"})
    rows = [line.split(maxsplit=1) for line in done.stdout.decode().splitlines()]
    shown = dict(rows)
    assert shown["lint.fail_on"] == "high  (.secrets-gitops.yaml:2:3)"
    assert shown["lint.max_bytes"] == "1024  (SECRETS_GITOPS_MAX_BYTES)"
    assert shown["lint.require_sops"] == "auto  (default)"
    assert shown["lint.exclude"] == "third_party/  (.secrets-gitops.yaml)"
    assert shown["lint.severity"] == "SG108=low  (.secrets-gitops.yaml)"
    assert shown["lint.allow"].startswith("rules=SG101 keys=token until 2999-12-31 -- of the demo  (")


def test_another_file(cli, repo):
    (repo / "strict.yaml").write_text("lint: {fail_on: low}\n")
    assert "low  (strict.yaml:1:8)" in cli("config", "show", "--config", "strict.yaml", cwd=repo).stdout.decode()


def test_what_was_checked(cli, repo):
    assert b"nothing to check" in cli("config", "validate", cwd=repo).stdout
    (repo / ".secrets-gitops.yaml").write_text(SETTINGS)
    (repo / ".sops.yaml").write_text("creation_rules: []\n")
    (repo / ".gitleaks.toml").write_text("")
    done = cli("config", "validate", cwd=repo)
    assert done.stdout.decode() == "ok  .secrets-gitops.yaml\nok  .gitleaks.toml\nok  .sops.yaml\n"


def test_rules_of_folders_below_and_the_keys_in_them(cli, repo):
    (repo / "a").mkdir()
    (repo / "a/.sops.yaml").write_text("creation_rules:\n- path_regex: x\n  age: age1nobody\n")
    done = cli("config", "validate", cwd=repo)
    assert (done.returncode, "--> a/.sops.yaml:3:8" in done.stderr.decode()) == (2, True)
    assert "wrong: a/.sops.yaml:3:8: " in cli("doctor", cwd=repo).stdout.decode()
    (repo / "a/.sops.yaml").write_text("creation_rules:\n- path_regex: x\n")
    assert cli("config", "validate", cwd=repo).stdout == b"ok  a/.sops.yaml\n", "`--age` may name the keys"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".secrets-gitops.yaml", "lint: {allow: [{rules: [SG0], reason: x}]}\n"),
        (".secrets-gitops-baseline.json", "{}"),
        (".gitleaks.toml", "["),
        (".sops.yaml", "creation_rules: {}\n"),
    ],
)
def test_what_is_wrong(cli, repo, name, text):
    (repo / name).write_text(text)
    done = cli("config", "validate", cwd=repo)
    assert done.returncode == 2
    assert f"--> {name}" in done.stderr.decode()
