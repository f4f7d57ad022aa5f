"""`git install` and the drivers for diff and merge: which files, which commands, and what somebody else had there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.repository import drivers

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    return folder


@pytest.fixture
def install(cli, repo):
    """Run `git install --drivers-only`, or another command of `git`, in the repository."""

    def run(*arguments: str, cwd: Path = repo) -> str:
        done = cli("git", *(arguments or ("install", "--drivers-only")), cwd=cwd)
        assert done.returncode == 0, done.stderr.decode()
        return done.stderr.decode()

    return run


def attributes(repo: Path) -> list[str]:
    lines = (repo / ".gitattributes").read_text().splitlines()
    return [line.split()[0] for line in lines if line.endswith("diff=secrets-gitops merge=secrets-gitops")]


def rules(repo: Path, *expressions: str) -> None:
    listed = "".join(f"- path_regex: '{one}'\n  age: age1{'q' * 58}\n" for one in expressions)
    (repo / ".sops.yaml").write_text(f"creation_rules:\n{listed}")


def test_it_makes_no_hooks_and_a_second_time_changes_nothing(install, repo):
    install()
    before = (repo / ".git" / "config").read_bytes(), (repo / ".gitattributes").read_bytes()
    assert install() == "kept  .gitattributes\nkept  .git/config   the drivers that show and merge them\n"
    assert before == ((repo / ".git" / "config").read_bytes(), (repo / ".gitattributes").read_bytes())
    assert not (repo / ".git" / "hooks" / "pre-commit").exists()


def test_nothing_is_written_in_a_dry_run(install, repo):
    assert "would be made  .gitattributes" in install("install", "--drivers-only", "--dry-run")
    assert not (repo / ".gitattributes").exists()
    assert "secrets-gitops" not in (repo / ".git" / "config").read_text()


def test_the_interpreter_is_named_and_runs_isolated_and_nothing_is_cached(install, repo):
    install()
    for key in ("diff.secrets-gitops.textconv", "merge.secrets-gitops.driver"):
        assert f"{sys.executable} -I -m secrets_gitops git" in git(repo, "config", key)
    assert git(repo, "config", "diff.secrets-gitops.cachetextconv") == "false\n"


@pytest.mark.parametrize(
    ("expressions", "patterns"),
    [
        ((r"\.enc\.yaml$",), ["*.enc.yaml"]),
        ((r"^apps/.*\.yaml$", r".*secret\.json$"), ["/apps/**/*.yaml", "*secret.json"]),
        ((r"secrets/",), ["**/*secrets/**"]),
        ((r"(a|b)\.yaml$",), list(drivers.EVERYTHING)),
        ((r"\.enc\.yaml$", ""), list(drivers.EVERYTHING)),
        ((), list(drivers.EVERYTHING)),
    ],
)
def test_the_files_are_those_of_the_creation_rules(expressions, patterns, install, repo):
    if expressions:
        rules(repo, *expressions)
    install()
    assert attributes(repo) == patterns


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        (r"^apps/.*\.yaml$", "apps/a.yaml"),
        (r"^apps/.*\.yaml$", "apps/b/c/a.yaml"),
        (r"db/.*\.yaml$", "x/mydb/a.yaml"),
        (r"secrets/", "secrets/a/b.txt"),
        (r"\.enc\.yaml$", "deep/down/x.enc.yaml"),
        (r"^a\.env$", "a.env"),
    ],
)
def test_git_finds_what_the_rule_names(expression, path, install, repo):
    rules(repo, expression)
    install()
    assert git(repo, "check-attr", "merge", path) == f"{path}: merge: secrets-gitops\n"


def test_other_rules_somewhere_below_widen_it_to_everything(install, repo):
    rules(repo, r"\.enc\.yaml$")
    (repo / "a").mkdir()
    (repo / "a" / ".sops.yaml").write_text("creation_rules: []\n")
    git(repo, "add", "-A")
    install()
    assert attributes(repo) == list(drivers.EVERYTHING)


def test_lines_of_others_stay_and_win(install, repo):
    theirs = "*.yaml text merge=theirs\r\n"
    (repo / ".gitattributes").write_bytes(theirs.encode())
    install()
    assert git(repo, "check-attr", "merge", "a.yaml", "a.json").splitlines() == [
        "a.yaml: merge: theirs",
        "a.json: merge: secrets-gitops",
    ]
    install("uninstall")
    assert (repo / ".gitattributes").read_bytes() == theirs.encode()


def test_a_link_is_not_followed(cli, repo, tmp_path):
    (tmp_path / "profile").write_text("mine\n")
    (repo / ".gitattributes").symlink_to(tmp_path / "profile")
    for arguments, code in ((("install",), 3), (("uninstall",), 0)):
        assert cli("git", *arguments, cwd=repo).returncode == code
        assert (tmp_path / "profile").read_text() == "mine\n"


def test_a_setting_that_somebody_chose_stays(install, repo):
    git(repo, "config", "diff.secrets-gitops.textconv", "secrets-gitops git textconv --show-values")
    install()
    assert git(repo, "config", "diff.secrets-gitops.textconv") == "secrets-gitops git textconv --show-values\n"


def test_an_older_interpreter_is_replaced(install, repo):
    install()
    driver = git(repo, "config", "merge.secrets-gitops.driver").strip()
    git(repo, "config", "merge.secrets-gitops.driver", driver.replace(sys.executable, "/old/python"))
    assert "set  .git/config" in install()
    assert git(repo, "config", "merge.secrets-gitops.driver").strip() == driver


def test_uninstall_leaves_nothing(install, repo):
    before = (repo / ".git" / "config").read_bytes()
    install()
    install("uninstall")
    assert not (repo / ".gitattributes").exists()
    assert (repo / ".git" / "config").read_bytes() == before
    assert install("uninstall") == "no hook of secrets-gitops is here\n"


def test_in_a_linked_work_tree_the_clone_is_set_up(install, repo):
    (repo / "README").write_text("x\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    git(repo, "worktree", "add", "-q", "../linked")
    install(cwd=repo.parent / "linked")
    assert (repo.parent / "linked" / ".gitattributes").exists()
    assert "secrets_gitops" in git(repo, "config", "merge.secrets-gitops.driver")


def test_who_names_a_hook_gets_that_hook_alone(install, repo):
    install("install", "--hook", "pre-commit")
    assert not (repo / ".gitattributes").exists()


class TestTrouble:
    """The driver never says 1 without markers."""

    def merge(self, cli, repo, *contents: bytes):
        for name, content in zip("OAB", contents, strict=True):
            (repo / name).write_bytes(content)
        return cli("git", "merge", "O", "A", "B", "7", "dir/a.yaml", "%S", "%X", "%Y", cwd=repo)

    def test_what_cannot_be_read_is_129_and_ours_stays(self, cli, repo):
        sealed = b"a: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]\nsops:\n  mac: x\n"
        done = self.merge(cli, repo, sealed, sealed + b"b: {\n", sealed)
        assert done.returncode == 129
        assert (repo / "A").read_bytes() == sealed + b"b: {\n"
        assert b"dir/a.yaml" in done.stderr

    def test_a_missing_file_is_129(self, cli, repo):
        assert cli("git", "merge", "O", "A", "B", cwd=repo).returncode == 129

    def test_text_in_clear_is_merged_by_lines_with_labels(self, cli, repo):
        done = self.merge(cli, repo, b"a: 1\n", b"a: 2\n", b"a: 3\n")
        assert done.returncode == 1
        assert (repo / "A").read_bytes() == b"<<<<<<< ours\na: 2\n=======\na: 3\n>>>>>>> theirs\n"

    def test_a_marker_size_and_labels_are_used(self, cli, repo):
        for name, content in zip("OAB", (b"a: 1\n", b"a: 2\n", b"a: 3\n"), strict=True):
            (repo / name).write_bytes(content)
        cli("git", "merge", "O", "A", "B", "9", "a.yaml", "base", "HEAD", "topic", cwd=repo)
        assert (repo / "A").read_bytes().startswith(b"<<<<<<<<< HEAD\n")


class TestTextconv:
    """What a diff shows never fails."""

    def test_plain_and_broken_files_come_out_as_they_are(self, cli, repo):
        for content in (b"a: 1\n", b"\xff\x00sops", b"sops:\n  mac: x\na: {\n", b""):
            (repo / "a.yaml").write_bytes(content)
            done = cli("git", "textconv", "a.yaml", cwd=repo)
            assert (done.returncode, done.stdout) == (0, content)

    def test_the_key_of_the_fingerprints_is_for_its_owner_alone(self, cli, repo):
        key = cli("keys", "generate", "-o", "key.txt", cwd=repo).stderr.decode().split()[-1]
        (repo / "a.yaml").write_text("a: secret\n")
        environ = {"SOPS_AGE_KEY_FILE": str(repo / "key.txt")}
        cli("encrypt", "-i", "--age", key, "a.yaml", cwd=repo, env=environ)
        first = cli("git", "textconv", "a.yaml", cwd=repo, env=environ).stdout
        assert first == cli("git", "textconv", "a.yaml", cwd=repo, env=environ).stdout
        assert first.startswith(b"a: <str, 6 bytes, ")
        path = repo / ".git" / "secrets-gitops-fingerprints"
        assert path.stat().st_mode & 0o777 == 0o600
        os.unlink(path)
        assert first != cli("git", "textconv", "a.yaml", cwd=repo, env=environ).stdout
        assert b"secret" in cli("git", "textconv", "--show-values", "a.yaml", cwd=repo, env=environ).stdout

    def test_a_file_whose_mac_does_not_fit_says_so(self, cli, repo):
        key = cli("keys", "generate", "-o", "key.txt", cwd=repo).stderr.decode().split()[-1]
        (repo / "a.yaml").write_text("a: 1\nb_unencrypted: 2\n")
        environ = {"SOPS_AGE_KEY_FILE": str(repo / "key.txt")}
        cli("encrypt", "-i", "--age", key, "a.yaml", cwd=repo, env=environ)
        (repo / "a.yaml").write_text((repo / "a.yaml").read_text().replace("b_unencrypted: 2", "b_unencrypted: 3"))
        shown = cli("git", "textconv", "a.yaml", cwd=repo, env=environ).stdout
        assert shown.startswith(b"# not verified: the MAC does not fit")
