"""`git install`: our hook where git looks for it, beside or before others', never in their place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from secrets_gitops.repository import hooks

OURS = "written by `secrets-gitops git install`"


def git(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=dict(os.environ, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "README").write_text("hello\n")
    git(folder, "add", "README")
    return folder


@pytest.fixture
def install(cli, repo):
    """Run `git install` in the repository; returns exit code and what it said."""

    def run(*arguments: str, cwd: Path = repo) -> tuple[int, str]:
        done = cli("git", "install", *arguments, cwd=cwd)
        assert done.stdout == b""
        return done.returncode, done.stderr.decode()

    return run


def hook(repo: Path, name: str = "pre-commit") -> Path:
    return repo / ".git" / "hooks" / name


def write_hook(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_the_hooks_are_made_and_git_runs_them(install, repo):
    code, said = install()
    assert code == 0
    assert said.splitlines()[:4] == [f"made  .git/hooks/{name}" for name in hooks.NAMES]
    done = git(repo, "commit", "--message", "clean")
    assert done.returncode == 0, done.stderr


def test_a_plaintext_secret_is_refused(install, repo):
    install()
    (repo / "secret.yaml").write_text("kind: Secret\napiVersion: v1\nstringData:\n  password: k8f-Dw2-pQ9x\n")
    git(repo, "add", "secret.yaml")
    done = git(repo, "commit", "--message", "a secret")
    assert done.returncode == 1
    assert "secret.yaml:4:" in done.stderr
    assert "k8f-Dw2" not in done.stderr + done.stdout


def test_a_secret_that_a_merge_brings_is_refused(install, repo):
    git(repo, "commit", "--quiet", "--message", "first")
    git(repo, "switch", "--quiet", "--create", "side")
    (repo / "secret.yaml").write_text("kind: Secret\napiVersion: v1\nstringData:\n  password: k8f-Dw2-pQ9x\n")
    git(repo, "add", "secret.yaml")
    git(repo, "commit", "--quiet", "--message", "a secret")
    git(repo, "switch", "--quiet", "-")
    install()
    done = git(repo, "merge", "--no-ff", "--no-edit", "side")
    assert done.returncode != 0
    assert "secret.yaml:4:" in done.stderr + done.stdout


def test_one_hook_alone(install, repo):
    assert install("--hook", "pre-merge-commit") == (0, "made  .git/hooks/pre-merge-commit\n")
    assert not hook(repo).exists()


def test_a_second_time_keeps_and_an_older_one_is_renewed(install, repo):
    install()
    code, said = install()
    assert code == 0
    assert said.splitlines()[:4] == [f"kept  .git/hooks/{name}" for name in hooks.NAMES]
    hook(repo).write_text(hook(repo).read_text().replace(sys.executable, "/old/python"))
    assert install()[1].splitlines()[0] == "renewed  .git/hooks/pre-commit"
    assert "/old/python" not in hook(repo).read_text()
    assert os.access(hook(repo), os.X_OK)


def test_one_that_git_would_pass_over_is_made_executable(install, repo):
    install()
    hook(repo).chmod(0o644)
    assert install()[1].splitlines()[0] == "renewed  .git/hooks/pre-commit"
    assert os.access(hook(repo), os.X_OK)


def test_a_dry_run_writes_nothing(install, repo):
    code, said = install("--dry-run")
    assert (code, said.splitlines()[0]) == (0, "would be made  .git/hooks/pre-commit")
    assert not hook(repo).exists()


@pytest.mark.parametrize("kind", ["file", "not executable", "link", "dangling link", "folder"])
def test_a_hook_of_somebody_else_is_not_overwritten(install, repo, kind):
    if "link" in kind:
        hook(repo).parent.mkdir(exist_ok=True)
        os.symlink("/bin/true" if kind == "link" else "nowhere", hook(repo))
    elif kind == "folder":
        hook(repo).mkdir(parents=True)
    else:
        write_hook(hook(repo), "exit 0")
        hook(repo).chmod(0o755 if kind == "file" else 0o644)
    before = os.lstat(hook(repo))
    code, said = install()
    assert code == 2
    assert said.splitlines()[0] == "error: there is a hook already, and it is not ours"
    assert "hint: `secrets-gitops git install --chain` keeps it and runs it after ours" in said
    assert os.lstat(hook(repo)).st_ino == before.st_ino
    assert not hook(repo, "pre-merge-commit").exists(), "all or nothing"


class TestChain:
    def test_the_old_hook_runs_after_ours(self, install, repo):
        write_hook(hook(repo), 'echo "the old hook: $0 $#"; touch ran')
        code, said = install("--chain")
        assert code == 0
        assert said.splitlines()[0] == (
            "made  .git/hooks/pre-commit   the hook that was there runs after it, as pre-commit.secrets-gitops-chained"
        )
        done = git(repo, "commit", "--message", "clean")
        assert done.returncode == 0
        assert "the old hook: .git/hooks/pre-commit.secrets-gitops-chained 0" in done.stdout + done.stderr
        assert (repo / "ran").exists()

    def test_its_no_is_a_no(self, install, repo):
        write_hook(hook(repo), "exit 7")
        install("--chain")
        assert git(repo, "commit", "--message", "clean").returncode != 0
        assert git(repo, "rev-parse", "HEAD").returncode != 0

    def test_it_does_not_run_after_a_refusal_of_ours(self, install, repo):
        write_hook(hook(repo), "touch ran")
        install("--chain")
        (repo / "s.yaml").write_text("kind: Secret\napiVersion: v1\nstringData:\n  password: k8f-Dw2-pQ9x\n")
        git(repo, "add", "s.yaml")
        assert git(repo, "commit", "--message", "a secret").returncode == 1
        assert not (repo / "ran").exists()

    def test_a_second_time_keeps_the_chain(self, install, repo):
        write_hook(hook(repo), "exit 0")
        install("--chain")
        assert install("--chain")[1].splitlines()[0] == "kept  .git/hooks/pre-commit"
        assert install()[0] == 0

    def test_a_chained_hook_is_not_overwritten_by_another(self, install, repo):
        write_hook(hook(repo), "exit 0")
        install("--chain")
        write_hook(hook(repo), "exit 1")
        code, said = install("--chain")
        assert code == 2
        assert said.startswith("error: there is a chained hook already")
        assert "exit 1" in hook(repo).read_text()

    def test_uninstall_puts_it_back(self, install, cli, repo):
        write_hook(hook(repo), "exit 7")
        install("--chain")
        done = cli("git", "uninstall", cwd=repo)
        removed = done.stderr.decode().splitlines()
        assert removed[:4] == [f"removed  .git/hooks/{name}" for name in hooks.NAMES]
        assert "exit 7" in hook(repo).read_text()
        assert sorted(path.name for path in hook(repo).parent.iterdir() if not path.name.endswith(".sample")) == [
            "pre-commit"
        ]
        assert cli("git", "uninstall", cwd=repo).stderr.decode() == "no hook of secrets-gitops is here\n"
        assert "exit 7" in hook(repo).read_text()


class TestPlaces:
    def test_core_hooks_path(self, install, repo):
        git(repo, "config", "core.hooksPath", ".githooks")
        code, said = install()
        assert code == 0
        assert said.splitlines()[0] == "made  .githooks/pre-commit"
        assert "warning: `core.hooksPath` leads out of git's own folder" in said
        assert not hook(repo).exists()
        assert git(repo, "commit", "--message", "clean").returncode == 0

    def test_hooks_that_are_switched_off(self, install, repo):
        git(repo, "config", "core.hooksPath", "/dev/null")
        code, said = install()
        assert code == 3
        assert said.startswith("error: cannot make the folder of the hooks: ")
        assert "hint: `git config core.hooksPath` says where git looks for hooks" in said

    def test_a_work_tree_shares_the_hooks_of_its_clone(self, install, repo, tmp_path):
        git(repo, "commit", "--quiet", "--message", "first")
        git(repo, "worktree", "add", "--quiet", str(tmp_path / "other"))
        code, said = install(cwd=tmp_path / "other")
        assert (code, said.splitlines()[0]) == (0, "made  ../repository/.git/hooks/pre-commit")
        (tmp_path / "other" / "s.yaml").write_text("kind: Secret\napiVersion: v1\nstringData: {p: k8f-Dw2-pQ9x}\n")
        git(tmp_path / "other", "add", "s.yaml")
        assert git(tmp_path / "other", "commit", "--message", "a secret").returncode == 1

    def test_from_a_folder_below(self, install, repo):
        (repo / "a").mkdir()
        code, said = install(cwd=repo / "a")
        assert code == 0
        assert said.splitlines()[:5] == [
            *(f"made  ../.git/hooks/{name}" for name in hooks.NAMES),
            "made  ../.gitattributes   names the files; commit it",
        ]

    def test_outside_of_a_repository(self, install, tmp_path):
        code, said = install(cwd=tmp_path)
        assert code == 2
        assert said == f"error: `{tmp_path}` is not in a git repository\nhint: make one there with `git init`\n"


class TestTheScript:
    def test_a_module_in_the_repository_does_not_take_our_place(self, install, repo, tmp_path):
        install()
        trap = f"open({str(tmp_path / 'trapped')!r}, 'w')\n"
        for name in ("secrets_gitops/__init__.py", "secrets_gitops/hook.py", "sitecustomize.py", "re.py"):
            (repo / name).parent.mkdir(exist_ok=True)
            (repo / name).write_text(trap)
        done = git(repo, "commit", "--message", "clean", PYTHONPATH=str(repo), PYTHONSTARTUP=str(repo / "re.py"))
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "trapped").exists()

    def test_an_interpreter_that_is_gone_fails_the_commit_and_says_so(self, install, repo):
        install()
        hook(repo).write_text(hook(repo).read_text().replace(sys.executable, "/old/python"))
        done = git(repo, "commit", "--message", "clean")
        assert done.returncode != 0
        assert "secrets-gitops: /old/python is gone, so nothing was checked" in done.stderr
        assert "hint: run `secrets-gitops git install` once more" in done.stderr

    def test_an_interpreter_without_us_fails_the_commit_and_says_so(self, install, repo, tmp_path):
        install()
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
        bare = str(tmp_path / "bare" / "bin" / "python")
        hook(repo).write_text(hook(repo).read_text().replace(sys.executable, bare))
        done = git(repo, "commit", "--message", "clean")
        assert done.returncode != 0
        assert "secrets-gitops: No module named 'secrets_gitops', so nothing was checked" in done.stderr
        assert "Traceback" not in done.stderr

    def test_an_interpreter_in_a_folder_with_an_odd_name(self, repo, tmp_path, monkeypatch):
        odd = tmp_path / 'it\'s a "$HOME" `x` \\ folder'
        odd.mkdir()
        (odd / "python").write_text('#!/bin/sh\necho "started: $1" >&2\n')
        (odd / "python").chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(odd / "python"))
        write_hook(hook(repo), "")
        hook(repo).write_bytes(hooks.script("pre-commit"))
        done = git(repo, "commit", "--message", "clean")
        assert (done.returncode, "started: -I" in done.stderr) == (0, True)


def test_the_pre_commit_framework_takes_our_manifest():
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(root / ".pre-commit-hooks.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
