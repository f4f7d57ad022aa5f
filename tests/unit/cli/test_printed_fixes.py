"""The command that a finding prints, run as it stands in a shell, mends it: the lint is green afterwards."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "Kq7vLm2" + "Zt9wXb4Rf6"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {VALUE}\n"
RULES = (
    "creation_rules:\n- path_regex: secret\n  encrypted_regex: ^(data|stringData)$\n  age: {}\n"
    "- path_regex: values\\.yaml$|\\.txt$\n  age: {}\n"
)


class Repository:
    """A repository with rules and two keys; its lint, and a shell in it."""

    def __init__(self, root: Path, cli) -> None:
        self.root = root
        self.cli = cli
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        keys = [age.generate() for _ in range(2)]
        self.alice, self.bob = (recipient for _, recipient in keys)
        (root / ".git/key").write_bytes(b"\n".join(identity.reveal() for identity, _ in keys))
        programs = root / ".git/programs"
        programs.mkdir()
        program = programs / "secrets-gitops"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m secrets_gitops "$@"\n')
        program.chmod(0o755)
        self.env = {"SOPS_AGE_KEY_FILE": str(root / ".git/key"), "PATH": f"{programs}:{os.environ['PATH']}"}
        self.write(".sops.yaml", RULES.format(self.alice, self.alice))

    def write(self, path: str, text: str) -> None:
        place = os.path.join(os.fsencode(self.root), os.fsencode(path))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(text.encode())

    def findings(self) -> list[dict[str, str]]:
        done = self.cli("lint", "--format", "json", env=self.env)
        assert done.returncode in (0, 1), done.stderr
        found = json.loads(done.stdout)["findings"]
        return [one for one in found if one["severity"] != "info"]

    def shell(self, command: str) -> None:
        """Run it as a person would, who says yes when asked."""
        for asks in ("updatekeys", "lint --fix"):
            command = command.replace(f"secrets-gitops {asks}", f"secrets-gitops {asks} --yes")
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.root, env={**os.environ, **self.env}, capture_output=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        assert VALUE.encode() not in done.stdout + done.stderr

    def mend(self) -> str:
        """Run what the first finding says; when that is a sentence, the command in it."""
        fix = self.findings()[0]["fix"]
        quoted = re.search(r"`([^`]+)`", fix)
        self.shell(fix if fix.startswith("secrets-gitops ") else quoted[1] if quoted else fix)
        return fix


@pytest.fixture
def repo(cli, tmp_path: Path) -> Repository:
    return Repository(tmp_path, cli)


@pytest.mark.parametrize(
    "path",
    [
        "a/secret.yaml", "-secret.yaml", "a b/it's secret.yaml", "$(touch x) secret.yaml", "*secret.yaml",
        "line\nsecret.yaml", "\x1b[31msecret.yaml", "##vso[task] secret.yaml", "back\\x41 'secret.yaml",
        os.fsdecode(b"\xffsecret.yaml"), "\x85secret.yaml", "tab\tsecret.yaml",
    ],
)  # fmt: skip
class TestWhateverTheFileIsCalled:
    def test_it_is_encrypted(self, repo, path):
        repo.write(path, SECRET)
        assert repo.mend().startswith("secrets-gitops encrypt -i ")
        assert repo.findings() == []

    def test_fix_does_the_same(self, repo, path):
        repo.write(path, SECRET)
        repo.shell("secrets-gitops lint --fix")
        assert repo.findings() == []

    def test_the_text_on_a_terminal_names_it_too(self, repo, path):
        repo.write(path, SECRET)
        said = repo.cli("lint", env=repo.env).stdout.decode()
        assert said.isprintable() or set(said) - {"\n"} == {c for c in said if c.isprintable()}
        repo.shell(re.search(r"^  fix: (.*)$", said, re.MULTILINE)[1])
        assert repo.findings() == []


def test_values_of_a_chart_that_a_rule_covers(repo):
    repo.write("values.yaml", f"db:\n  password: {VALUE}\n")
    assert repo.mend() == "secrets-gitops encrypt -i values.yaml"
    assert repo.findings() == []


def test_fix_encrypts_values_of_a_chart_that_a_rule_covers(repo):
    repo.write("values.yaml", f"db:\n  password: {VALUE}\n")
    repo.shell("secrets-gitops lint --fix")
    assert repo.findings() == []


def test_a_file_of_a_generator(repo):
    repo.write("k/creds.txt", VALUE)
    repo.write("k/kustomization.yaml", "secretGenerator:\n- name: db\n  files: [creds.txt]\n")
    assert repo.mend() == "secrets-gitops encrypt -i k/creds.txt"
    assert repo.findings() == []


def test_the_copy_that_kubectl_made(repo):
    copy = json.dumps({"kind": "Secret", "stringData": {"password": VALUE}})
    name = "kubectl.kubernetes.io/last-applied-configuration"
    repo.write("a.yaml", f"kind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    {name}: '{copy}'\n")
    repo.mend()
    assert repo.findings() == []


def test_what_was_left_open(repo):
    repo.write("secret.yaml", SECRET)
    repo.mend()
    text = (repo.root / "secret.yaml").read_text()
    repo.write("secret.yaml", text.replace("stringData:\n", f"stringData:\n  token: {VALUE}\n"))
    repo.mend()
    assert repo.findings() == []


def test_a_recipient_that_left_cannot_read_what_is_written_from_then_on(repo):
    repo.write(".sops.yaml", RULES.format(f"{repo.alice},{repo.bob}", repo.alice))
    repo.write("secret.yaml", SECRET)
    repo.mend()
    before = (repo.root / "secret.yaml").read_text()
    repo.write(".sops.yaml", RULES.format(repo.alice, repo.alice))
    repo.mend()
    after = (repo.root / "secret.yaml").read_text()
    assert repo.findings() == []
    envelopes = [re.search("password: (.*)", text)[1] for text in (before, after)]
    assert envelopes[0] != envelopes[1], "a new data key"


def test_another_selector(repo):
    repo.write("secret.yaml", SECRET)
    repo.mend()
    repo.write(".sops.yaml", RULES.format(repo.alice, repo.alice).replace("^(data|", "^(other|data|"))
    repo.mend()
    assert repo.findings() == []


@pytest.mark.parametrize("path", ["secret.dec.yaml", "a b/#secret.dec.yaml"])
@pytest.mark.parametrize("tracked", [True, False])
def test_a_decrypted_copy(repo, path, tracked):
    repo.write(path.replace(".dec", ""), SECRET)
    repo.mend()
    repo.write(path, "user: admin\n")
    if tracked:
        repo.shell("git add .")
    repo.mend()
    assert repo.findings() == []
    ignored = subprocess.run(["git", "check-ignore", "-q", path], cwd=repo.root, check=False)
    assert ignored.returncode == 0
