"""The hook where users run it: under the real pre-commit and prek, installed from a clone, and as a plain git hook.

The frameworks install this repository with pip (or uv), so these tests reach the package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
SHIPPED = ("secrets_gitops", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
PASSWORD = "Kq7!vLm2#Zt9wXb"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {PASSWORD}\n"
CLEAN = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db\ndata:\n  host: db.example.org\n"
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdqlx6p0qpyfr3n"
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
FRAMEWORKS = ("pre-commit", "prek")


@pytest.fixture(scope="session")
def clone(tmp_path_factory):
    """This repository as a hook repository: its path and a revision that holds what is on disk."""
    folder = tmp_path_factory.mktemp("hooks") / "secrets-gitops"
    folder.mkdir()
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "a release")):
        subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return folder, done.stdout.strip()


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """Where the frameworks keep what they installed: once for all tests."""
    return tmp_path_factory.mktemp("framework-homes")


class Repository:
    """A git repository with the hook installed one of three ways."""

    def __init__(self, root: Path, front: str, homes: Path) -> None:
        self.root = root
        self.front = front
        root.mkdir()
        self.environ = dict(
            os.environ,
            PATH=f"{BIN}:{os.environ['PATH']}",
            PRE_COMMIT_HOME=str(homes / "pre-commit"),
            PREK_HOME=str(homes / "prek"),
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.root, env=self.environ, capture_output=True, text=True, timeout=300, check=False
        )
        done.shown = done.stdout + done.stderr
        return done

    def git(self, *arguments: str) -> str:
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.shown
        return done.stdout

    def write(self, path: str, content: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def stage(self, path: str, content: str) -> None:
        self.write(path, content)
        self.git("add", "--", path)

    def commit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("git", "commit", "-q", "-m", "a commit", *arguments)


@pytest.fixture(params=[*FRAMEWORKS, "git install"])
def repo(request, tmp_path, clone, homes):
    """One clean commit, made with the hook in place."""
    made = Repository(tmp_path / "repo", request.param, homes)
    made.git("init", "-q")
    if request.param in FRAMEWORKS:
        if shutil.which(request.param, path=str(BIN)) is None:
            pytest.skip(f"{request.param} is not installed")
        folder, revision = clone
        made.write(
            ".pre-commit-config.yaml",
            f"repos:\n  - repo: {folder}\n    rev: {revision}\n    hooks:\n"
            "      - id: secrets-gitops\n      - id: secrets-gitops-push\n      - id: secrets-gitops-commit-msg\n",
        )
        made.git("add", ".")
        done = made.run(request.param, "install")
    else:
        done = made.run(sys.executable, "-m", "secrets_gitops", "git", "install")
    assert done.returncode == 0, done.shown
    made.stage("apps/config.yaml", CLEAN)
    done = made.commit()
    assert done.returncode == 0, done.shown
    return made


def test_a_plaintext_secret_is_refused_and_the_mended_one_passes(repo):
    repo.stage("apps/secret.yaml", SECRET)
    done = repo.commit()
    assert done.returncode == 1
    assert "apps/secret.yaml:6:3: k8s-secret-plaintext: " in done.shown
    assert (
        "fix: give .sops.yaml (`secrets-gitops init`) a rule for it, then `secrets-gitops encrypt -i apps/secret.yaml`"
        in done.shown
    )
    assert PASSWORD not in done.shown
    repo.stage("apps/secret.yaml", SECRET.replace(PASSWORD, "ref+env://PASSWORD"))
    assert repo.commit().returncode == 0


def test_the_staged_secret_counts_though_the_disk_is_clean(repo):
    repo.stage("apps/secret.yaml", SECRET)
    repo.write("apps/secret.yaml", CLEAN)
    assert repo.commit().returncode == 1
    assert (repo.root / "apps/secret.yaml").read_text() == CLEAN


def test_the_secret_on_disk_does_not_count_though_it_is_kept(repo):
    repo.stage("apps/new.yaml", CLEAN)
    repo.write("apps/new.yaml", SECRET)
    repo.write("untracked.yaml", SECRET)
    done = repo.commit()
    assert done.returncode == 0, done.shown
    assert (repo.root / "apps/new.yaml").read_text() == SECRET


def test_a_changed_rule_file_reports_files_that_are_not_staged(repo):
    repo.stage("secrets/db.yaml", "greeting: hello\n")
    assert repo.commit().returncode == 0
    repo.stage(".sops.yaml", f"creation_rules:\n  - path_regex: ^secrets/.*\n    age: {RECIPIENT}\n")
    done = repo.commit()
    assert done.returncode == 1
    assert "secrets/db.yaml" in done.shown
    assert "sops-not-encrypted" in done.shown


def test_commit_a_and_amend_are_looked_at(repo):
    repo.write("apps/config.yaml", SECRET)
    assert repo.commit("-a").returncode == 1
    assert repo.commit("-a", "--amend").returncode == 1
    repo.write("apps/config.yaml", CLEAN.replace("db.", "db2."))
    done = repo.commit("-a", "--amend")
    assert done.returncode == 0, done.shown


def test_an_incomplete_scan_stops_the_commit(repo):
    repo.stage("big.txt", "word and word\n" * 400_000)
    done = repo.commit()
    assert done.returncode == 1
    assert "big.txt" in done.shown
    assert "incomplete" in done.shown


def test_from_a_subfolder(repo):
    repo.stage("apps/secret.yaml", SECRET)
    command = ["git", "commit", "-m", "x"]
    below = repo.root / "apps"
    done = subprocess.run(command, cwd=below, env=repo.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "apps/secret.yaml:6:3" in done.stdout + done.stderr


def test_a_merge_commit_is_looked_at(repo):
    if repo.front in FRAMEWORKS:
        repo.run(repo.front, "install", "--hook-type", "pre-merge-commit")
    repo.git("checkout", "-q", "-b", "side")
    repo.stage("secret.yaml", SECRET)
    repo.git("commit", "-q", "--no-verify", "-m", "slipped through")
    repo.git("checkout", "-q", "main")
    repo.stage("other.yaml", CLEAN)
    assert repo.commit().returncode == 0
    done = repo.run("git", "merge", "--no-edit", "side")
    assert done.returncode != 0
    assert "secret.yaml:6:3" in done.shown


def test_all_files_means_the_whole_index(repo):
    if repo.front not in FRAMEWORKS:
        assert repo.run(sys.executable, "-I", "-m", "secrets_gitops.hook").returncode == 0
        return
    repo.stage("secret.yaml", SECRET)
    repo.git("commit", "-q", "--no-verify", "-m", "slipped through")
    done = repo.run(repo.front, "run", "--all-files")
    assert done.returncode == 1
    assert "secret.yaml:6:3" in done.shown


def test_a_secret_that_came_and_went_in_a_range_is_found(repo):
    if repo.front not in FRAMEWORKS:
        return
    repo.stage("secret.yaml", SECRET)
    repo.git("commit", "-q", "--no-verify", "-m", "slipped through")
    repo.git("rm", "-q", "secret.yaml")
    assert repo.commit().returncode == 0
    done = repo.run(repo.front, "run", "--from-ref", "HEAD~2", "--to-ref", "HEAD")
    assert done.returncode == 1
    assert "secret.yaml:6:3" in done.shown


def test_a_push_is_refused_for_what_came_and_went_in_it(repo, tmp_path):
    if repo.front in FRAMEWORKS:
        assert repo.run(repo.front, "install", "--hook-type", "pre-push").returncode == 0
    repo.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    done = repo.run("git", "push", "origin", "HEAD")  # a first push: all of history
    assert done.returncode == 0, done.shown
    repo.stage("secret.yaml", SECRET)
    repo.git("commit", "-q", "--no-verify", "-m", "slipped through")
    repo.git("rm", "-q", "secret.yaml")
    repo.git("commit", "-q", "--no-verify", "-m", "gone again")
    done = repo.run("git", "push", "origin", "HEAD")
    assert done.returncode == 1
    assert "secret.yaml:6:3" in done.shown
    done = repo.run("git", "push", "origin", "HEAD:refs/heads/new")  # a new branch
    assert done.returncode == 1
    repo.git("reset", "-q", "--hard", "HEAD~2")
    repo.stage("apps/other.yaml", CLEAN)
    assert repo.commit().returncode == 0
    done = repo.run("git", "push", "origin", "HEAD")
    assert done.returncode == 0, done.shown


def test_a_token_in_the_message_is_refused(repo):
    if repo.front in FRAMEWORKS:
        assert repo.run(repo.front, "install", "--hook-type", "commit-msg").returncode == 0
    repo.stage("apps/other.yaml", CLEAN)
    token = "glpat" + "-" + "Zx81kQmP20vB7nRt5sWq"
    done = repo.run("git", "commit", "-m", f"Use the token {token}")
    assert done.returncode == 1
    assert "provider-token-gitlab" in done.shown
    assert token not in done.shown
    assert repo.run("git", "commit", "-m", "Use the token").returncode == 0
