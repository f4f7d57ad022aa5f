"""`lint --fix`: what it changes, what it refuses, and that nothing else moves."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.cli.lint_repairs import Repairs
from secrets_gitops.errors import FileError
from secrets_gitops.keys import age
from secrets_gitops.repository import files

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "Kq7vLm2" + "Zt9wXb4Rf6"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {VALUE}\n"


@pytest.fixture
def fix(cli, tmp_path: Path):
    """A maker: write files, run `lint --fix --yes`, and give back its exit code and what it said."""
    identity, recipient = age.generate()
    (tmp_path / ".git").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    key = tmp_path / ".git" / "key"
    key.write_bytes(identity.reveal())
    rules = f"creation_rules:\n- path_regex: \\.env$\n  age: {recipient}\n"
    rules += f"- path_regex: secret\n  encrypted_regex: ^(data|stringData)$\n  age: {recipient}\n"
    (tmp_path / ".sops.yaml").write_text(rules)

    def run(files: dict[str, str], *arguments: str) -> tuple[int, str]:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(text.encode())
        done = cli("lint", "--fix", "--yes", *arguments, env={"SOPS_AGE_KEY_FILE": str(key)})
        said = (done.stdout + done.stderr).decode()
        assert VALUE not in said
        assert "Traceback" not in said
        return done.returncode, said

    run.opened = lambda path: cli("decrypt", path, env={"SOPS_AGE_KEY_FILE": str(key)}).stdout.decode()
    return run


@pytest.mark.parametrize("path", ["a/secret.yaml", "-secret.yaml", "a b/it's secret.yaml", "é/secret.yaml"])
def test_a_covered_file_is_encrypted_whatever_it_is_called(fix, tmp_path, path):
    assert fix({path: SECRET})[0] == 0
    assert VALUE not in (tmp_path / path).read_text()
    assert fix.opened(f"./{path}") == SECRET


def test_what_was_left_open_is_finished(fix, tmp_path):
    fix({"secret.yaml": SECRET})
    text = (tmp_path / "secret.yaml").read_text()
    code, said = fix({"secret.yaml": text.replace("stringData:\n", f"stringData:\n  token: {VALUE}\n")})
    assert (code, "`stringData.token` stood in clear" in said) == (0, True)
    assert VALUE in fix.opened("secret.yaml")


def test_a_file_of_another_mode_and_line_ends_keeps_them(fix, tmp_path):
    (tmp_path / "secret.yaml").touch(0o640)
    fix({"secret.yaml": SECRET.replace("\n", "\r\n")})
    assert (tmp_path / "secret.yaml").stat().st_mode & 0o777 == 0o640
    assert b"kind: Secret\r\n" in (tmp_path / "secret.yaml").read_bytes()


class TestLiterals:
    def kustomization(self, *literals: str, more: str = "") -> str:
        lines = "".join(f"  - {literal}\n" for literal in literals)
        head = f"# ours\nsecretGenerator:\n- name: db\n  type: Opaque # plain\n{more}"
        return f"{head}  literals:\n{lines}resources: [a.yaml]\n"

    def test_they_go_into_an_encrypted_file_and_the_rest_stays(self, fix, tmp_path):
        text = self.kustomization(f"password={VALUE}", "user='shop'", more="  envs: [old.enc.env]\n")
        assert fix({"a/kustomization.yaml": text})[0] == 0
        after = (tmp_path / "a/kustomization.yaml").read_text()
        literals = "".join(text.partition("  literals")[1:]).partition("resources")[0]
        wanted = text.replace(literals, "").replace("[old.enc.env]", '[old.enc.env, "db.enc.env"]')
        assert after == wanted
        assert fix.opened("a/db.enc.env") == f"password={VALUE}\nuser=shop\n"

    def test_each_generator_has_its_own(self, fix, tmp_path):
        one = self.kustomization(f"password={VALUE}").removesuffix("resources: [a.yaml]\n")
        assert fix({"kustomization.yaml": f"{one}- name: web\n  literals: [token={VALUE}]\n"})[0] == 0
        assert fix.opened("web.enc.env") == f"token={VALUE}\n"
        assert (tmp_path / "db.enc.env").exists()

    def test_what_does_not_fit_into_an_env_file_stays_and_is_said(self, fix, tmp_path):
        text = self.kustomization(f"password={VALUE}", "'a=b\\c'")
        code, said = fix({"kustomization.yaml": text, "secret.yaml": SECRET})
        assert (code, "does not fit into an env file" in said) == (3, True)
        assert (tmp_path / "kustomization.yaml").read_text() == text
        assert list(tmp_path.glob("*.env")) == []
        assert fix.opened("secret.yaml") == SECRET

    def test_a_file_that_is_there_is_not_overwritten(self, fix, tmp_path):
        fix({"kustomization.yaml": self.kustomization(f"password={VALUE}"), "db.enc.env": ""})
        assert (tmp_path / "db.enc.env").read_text() == ""
        assert fix.opened("db.sops.env") == f"password={VALUE}\n"

    def test_when_every_name_is_taken_it_says_so(self, fix, tmp_path):
        text = self.kustomization(f"password={VALUE}")
        taken = dict.fromkeys(("db.enc.env", "db.sops.env", "db.secret.env", "db.env"), "")
        code, said = fix({"kustomization.yaml": text, **taken})
        assert (code, "would go into `db.enc.env`, which is taken" in said) == (2, True)
        assert (tmp_path / "kustomization.yaml").read_text() == text

    def test_what_cannot_be_finished_leaves_no_new_file(self, tmp_path, monkeypatch):
        _, recipient = age.generate()
        (tmp_path / ".git").mkdir()
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- path_regex: \\.env$\n  age: {recipient}\n")
        (tmp_path / "kustomization.yaml").write_text(text := self.kustomization(f"password={VALUE}"))
        whole = files.replace

        def replace(path, *arguments, **more):
            if path.endswith(".yaml"):
                raise FileError("the disk is full")
            whole(path, *arguments, **more)

        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(files, "replace", replace)
        with pytest.raises(FileError, match="the disk is full"):
            Repairs(".", "2026-01-01T00:00:00Z").move_literals("kustomization.yaml")
        assert sorted(path.name for path in tmp_path.iterdir()) == [".git", ".sops.yaml", "kustomization.yaml"]
        assert (tmp_path / "kustomization.yaml").read_text() == text

    def test_without_a_rule_for_the_new_file_nothing_is_done(self, fix, tmp_path):
        text = self.kustomization(f"password={VALUE}")
        rules = tmp_path / ".sops.yaml"
        code, said = fix({"kustomization.yaml": text, ".sops.yaml": rules.read_text().replace("env$", "none$")})
        assert (code, "no creation rule encrypts a new file" in said) == (2, True)
        assert (tmp_path / "kustomization.yaml").read_text() == text


def test_copies_go_from_every_document_and_other_annotations_stay(fix, tmp_path):
    name = "kubectl.kubernetes.io/last-applied-configuration"
    copy = f"""    {name}: '{{"kind": "Secret", "stringData": {{"password": "{VALUE}"}}}}'\n"""
    one = "kind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n"
    text = f"{one}    team: shop # ours\n{copy}---\n{one}{copy}data:\n  a: b\n"
    assert fix({"a.yaml": text})[0] == 0
    assert (tmp_path / "a.yaml").read_text() == text.replace(copy, "").replace("  annotations:\ndata", "data")


def test_a_link_in_place_of_the_ignore_file_is_not_followed(fix, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/profile").write_text("mine\n")
    fix({"secret.yaml": SECRET})
    (tmp_path / ".gitignore").symlink_to("outside/profile")
    code, said = fix({"secret.dec.yaml": SECRET}, "--rule", "sops-unencrypted-sibling")
    assert (code, "symbolic link" in said) == (2, True)
    assert (tmp_path / "outside/profile").read_text() == "mine\n"


def test_what_takes_a_decision_is_left_to_people(fix, tmp_path):
    text = f"kind: Deployment\nspec:\n  env:\n  - name: DB_PASSWORD\n    value: {VALUE}\n"
    files = {"app.yaml": text, "other.yaml": SECRET}
    code, said = fix(files)
    assert code == 1
    assert "nothing to mend here without a decision" in said
    assert {path: (tmp_path / path).read_text() for path in files} == files


def test_only_the_paths_and_rules_that_were_named(fix, tmp_path):
    fix({"a/secret.yaml": SECRET, "b/secret.yaml": SECRET}, "a")
    assert (tmp_path / "b/secret.yaml").read_text() == SECRET
    assert "ENC[" in (tmp_path / "a/secret.yaml").read_text()


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 130), (b"y\n", 0)])
def test_a_person_is_asked(fix, tmp_path, answer, code):
    (tmp_path / "secret.yaml").write_text(SECRET)
    master, slave = os.openpty()
    try:
        os.write(master, answer)
        command = [sys.executable, "-m", "secrets_gitops", "lint", "--fix"]
        done = subprocess.run(command, cwd=tmp_path, stdin=slave, capture_output=True, timeout=60, check=False)
    finally:
        os.close(master)
        os.close(slave)
    assert b"will encrypt secret.yaml as its creation rule says\n" in done.stderr
    assert b"change 1 file in the work tree?" in done.stderr
    assert done.returncode == code
    assert ("ENC[" in (tmp_path / "secret.yaml").read_text()) is (code == 0)


def test_from_a_folder_below_the_commands_work_there(fix, cli, tmp_path):
    text = f"secretGenerator:\n- name: db\n  literals: [password={VALUE}]\n"
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/kustomization.yaml").write_text(text)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    said = cli("lint", "--fix", "--yes", cwd=tmp_path / "a/b").stderr.decode()
    commands = [found.split("`")[1] for found in said.splitlines() if "`git add" in found]
    assert len(commands) == 2
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=tmp_path / "a/b", check=True)
    staged = subprocess.run(["git", "diff", "--name-only"], cwd=tmp_path, check=True, capture_output=True).stdout
    assert staged == b"", "nothing is left to add"
