"""What a server is about to accept: real pushes into bare repositories with a pre-receive hook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from lint_repository import CLEAN

ZERO = "0" * 40


@pytest.fixture
def server(remote):
    """A maker: put the hook, with these arguments, into the bare repository."""

    def install(*arguments: str, before: str = "") -> None:
        hook = remote.root / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        words = " ".join(arguments)
        hook.write_text(
            f'#!/bin/sh\n{before}\nexec "{sys.executable}" -I -m secrets_gitops lint --pre-receive {words}\n'
        )
        hook.chmod(0o755)
        remote.git("config", "receive.advertisePushOptions", "true")

    install()
    remote.install = install
    return remote


@pytest.fixture
def push(repo, server):
    """A maker: push, and return the exit code and what was said."""

    def run(*arguments: str, **env: str) -> tuple[int, str]:
        done = repo.git("push", *(arguments or ("origin", "main")), check=False, env=env)
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_secret_that_came_and_went_in_the_push_is_refused(repo, server, push, secret):
    """The new objects lie in a quarantine at that time."""
    tip = server.head("main")
    repo.commit({"s.yaml": secret()})
    repo.remove("s.yaml")
    code, said = push()
    assert code == 1
    assert "s.yaml:6:3: k8s-secret-plaintext" in said
    assert server.head("main") == tip


def test_a_clean_push_is_accepted(repo, server, push):
    repo.commit({"b.yaml": CLEAN})
    assert push()[0] == 0
    assert server.head("main") == repo.head()


def test_what_the_server_has_is_not_scanned_again(repo, server, push, secret):
    server.install(before="exit 0")
    repo.commit({"old.yaml": secret()})
    assert push()[0] == 0
    server.install()
    repo.commit({"new.yaml": CLEAN})
    assert push()[0] == 0
    assert push("origin", "main:refs/heads/copy")[0] == 0


def test_new_branches_tags_force_pushes_and_deletions(repo, server, push, secret):
    repo.commit({"b.yaml": CLEAN})
    assert push("origin", "main:refs/heads/topic")[0] == 0
    repo.git("commit", "-q", "--amend", "-m", "another", "--no-verify")
    assert push("-f", "origin", "main:refs/heads/topic")[0] == 0
    repo.commit({"s.yaml": secret()})
    repo.git("tag", "-a", "v1", "-m", "a release")
    assert push("origin", "v1")[0] == 1
    assert push("origin", "main:refs/heads/other")[0] == 1
    assert push("origin", ":refs/heads/topic")[0] == 0


def test_the_first_push_into_an_empty_repository(repository, repo, server, push, secret):
    empty = repository("empty.git", "--bare")
    hook = empty.root / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text((server.root / "hooks" / "pre-receive").read_text())
    hook.chmod(0o755)
    assert push(str(empty.root), "main")[0] == 0
    repo.commit({"s.yaml": secret()})
    assert push(str(empty.root), "main:refs/heads/x")[0] == 1


class TestAPushCannotExcuseItself:
    ALLOW = "lint:\n  allow:\n    - rules: [k8s-secret-plaintext]\n      paths: ['*.yaml']\n      reason: a test\n"

    def test_by_settings(self, repo, server, push, secret):
        repo.commit({".secrets-gitops.yaml": self.ALLOW, "s.yaml": secret()})
        code, said = push()
        assert code == 1
        assert "s.yaml:6:3" in said

    def test_settings_that_the_branch_has_already_count(self, repo, server, push, secret):
        repo.commit({".secrets-gitops.yaml": self.ALLOW})
        assert push()[0] == 0
        repo.commit({"s.yaml": secret()})
        assert push()[0] == 0

    def test_taking_the_settings_away_does_not_help_and_does_not_hurt(self, repo, server, push, secret):
        repo.commit({".secrets-gitops.yaml": "lint:\n  fail_on: low\n"})
        assert push()[0] == 0
        repo.git("rm", "-q", ".secrets-gitops.yaml")
        repo.commit({"s.yaml": secret()})
        assert push()[0] == 1

    def test_by_a_comment(self, repo, server, push, secret):
        excused = secret().rstrip("\n") + "  # secrets-gitops:allow k8s-secret-plaintext -- a test\n"
        repo.commit({"s.yaml": excused})
        assert push()[0] == 1

    def test_by_a_comment_that_stands_there_for_another_value(self, repo, server, push, secret, values):
        """Of a value of several lines all must be there; and lines are those that the comment is found on."""
        comment = "# secrets-gitops:allow k8s-secret-plaintext -- a test"
        head = secret().rpartition("\n  password")[0]
        server.install(before="exit 0")
        repo.commit({"s.yaml": f"{head}\n  key: | {comment}\n    {values.password()}\n  z: true\n"})
        old = f"PASSWORD={values.password()} # secrets-gitops:allow dotenv-secret -- a test"
        repo.commit({"a.env": f"A=1\n{old}\n"})
        assert push()[0] == 0
        server.install()
        repo.commit({"s.yaml": (repo.root / "s.yaml").read_text().replace("z: true", "z: false")})
        assert push()[0] == 0
        repo.commit({"s.yaml": f"{head}\n  key: | {comment}\n    {values.password()}\n  z: false\n"})
        code, said = push()
        assert (code, "s.yaml:6:3: k8s-secret-plaintext" in said) == (1, True)
        repo.git("reset", "-q", "--hard", "HEAD~1")
        new = old.replace("PASSWORD=", "PASSWORD=2")
        repo.commit({"a.env": f"# \f\n{old}\n{new}\n"})
        code, said = push()
        assert (code, "a.env:3:1: dotenv-secret" in said) == (1, True)

    def test_by_a_baseline(self, repo, server, push, secret):
        """It counts from the push after the one that brings it."""
        repo.commit({"s.yaml": secret()})
        command = [sys.executable, "-m", "secrets_gitops", "baseline", "accept", "s.yaml:6", "--reason", "a test"]
        subprocess.run(command, cwd=repo.root, check=True, capture_output=True)
        repo.git("add", ".")
        repo.git("commit", "-q", "--amend", "--no-edit")
        assert repo.lint("--tree", "HEAD").code == 0
        assert push()[0] == 1
        manifest = (repo.root / "s.yaml").read_text()
        repo.git("rm", "-q", "--cached", "s.yaml")
        repo.git("commit", "-q", "--amend", "--no-edit")
        assert push()[0] == 0
        repo.commit({"s.yaml": manifest})
        assert push()[0] == 0
        repo.commit({"s.yaml": secret()})
        assert push()[0] == 1, "another value"

    def test_a_broken_baseline_does_not_come_in(self, repo, server, push):
        repo.commit({".secrets-gitops-baseline.json": "{}\n"})
        assert push()[0] == 1

    def test_settings_of_another_branch_do_not_count(self, repo, server, push, secret):
        repo.commit({".secrets-gitops.yaml": self.ALLOW})
        assert push("origin", "main:refs/heads/lax")[0] == 0
        repo.commit({"s.yaml": secret()})
        assert push("origin", "main:refs/heads/lax")[0] == 0
        assert push("origin", "main:refs/heads/main")[0] == 0, "the commits are on the server by now"
        repo.commit({"t.yaml": secret()})
        assert push("origin", "main:refs/heads/new")[0] == 0, "the default branch has the settings by now"

    def test_broken_settings_do_not_come_in(self, repo, server, push):
        repo.commit({".secrets-gitops.yaml": "lint: {fail_on: never}\n"})
        assert push()[0] == 1


class TestDeadline:
    def test_when_time_is_over_the_push_is_refused(self, repo, server, push):
        server.install("--deadline 1ms")
        repo.commit({"b.yaml": CLEAN})
        code, said = push()
        assert code == 1
        assert "time of 0.001 s is over" in said

    def test_or_passes_when_the_server_says_so(self, repo, server, push):
        server.install("--deadline 1ms --on-deadline pass")
        repo.commit({"b.yaml": CLEAN})
        code, said = push()
        assert code == 0
        assert "not everything was scanned" in said

    def test_with_time_enough_nothing_changes(self, repo, server, push, secret):
        server.install("--deadline 60s --on-deadline pass")
        repo.commit({"s.yaml": secret()})
        assert push()[0] == 1

    @pytest.mark.parametrize("time", ["0", "0s", "4h", "-1s", "soon", ""])
    def test_what_is_no_time_is_refused(self, server, time):
        assert server.lint("--pre-receive", f"--deadline={time}", stdin="").code == 2

    def test_what_was_found_by_then_is_told(self, repo, secret, tmp_path):
        """Git names two commits and then hangs: what the first brought counts although the time is over."""
        start = repo.head()
        repo.commit({"s.yaml": secret()})
        end = repo.commit({"b.yaml": CLEAN})
        repo.git("reset", "-q", "--hard", start)
        tools = tmp_path / "tools"
        tools.mkdir()
        hangs = 'case "$*" in *" log "*) "$REAL" "$@"; exec sleep 600;; *) exec "$REAL" "$@";; esac'
        (tools / "git").write_text(f"#!/bin/sh\n{hangs}\n")
        (tools / "git").chmod(0o755)
        environ = {"PATH": f"{tools}:{os.environ['PATH']}", "REAL": shutil.which("git")}
        arguments = ("--pre-receive", "--deadline", "5s", "--on-deadline")
        stdin = f"{start} {end} refs/heads/x\n"
        said = repo.lint(*arguments, "pass", stdin=stdin, env=environ)
        assert (said.code, said.failing) == (1, [("s.yaml", 6, "k8s-secret-plaintext")])
        assert "not everything was scanned" in said.stderr
        said = repo.lint(*arguments, "fail", stdin=stdin, env=environ)
        assert (said.code, said.failing) == (3, [("s.yaml", 6, "k8s-secret-plaintext")])


class TestSkip:
    OPTION = ("-o", "secrets-gitops.skip=the pipeline is down, ticket 7", "origin", "main")

    def test_off_by_default(self, repo, server, push, secret):
        repo.commit({"s.yaml": secret()})
        code, said = push(*self.OPTION)
        assert code == 1
        assert "does not allow the push option" in said

    def test_allowed_it_passes_and_is_logged(self, repo, server, push, secret):
        server.install("--allow-skip")
        repo.commit({"s.yaml": secret()})
        code, said = push(*self.OPTION)
        assert code == 0
        assert "the pipeline is down, ticket 7" in said
        entry = json.loads((server.root / "secrets-gitops-skips.jsonl").read_text())
        assert entry["reason"] == "the pipeline is down, ticket 7"
        assert [ref["new"] for ref in entry["refs"]] == [repo.head()]

    def test_what_cannot_be_logged_does_not_pass(self, repo, server, push, secret):
        server.install("--allow-skip")
        (server.root / "secrets-gitops-skips.jsonl").mkdir()
        repo.commit({"b.yaml": CLEAN})
        assert push(*self.OPTION)[0] == 1

    @pytest.mark.parametrize("option", ["secrets-gitops.skip", "secrets-gitops.skip=", "secrets-gitops.skip= "])
    def test_without_a_reason_it_does_not_pass(self, repo, server, push, option):
        server.install("--allow-skip")
        repo.commit({"b.yaml": CLEAN})
        assert push("-o", option, "origin", "main")[0] == 1

    def test_other_push_options_change_nothing(self, repo, server, push, secret):
        server.install("--allow-skip")
        repo.commit({"s.yaml": secret()})
        assert push("-o", "ci.skip", "-o", "secrets-gitops.skipped=x", "origin", "main")[0] == 1


def test_gitlab_shows_every_line(repo, server, secret):
    repo.commit({"s.yaml": secret()})
    stdin = f"{repo.head('HEAD~1')} {repo.head()} refs/heads/topic\n"
    environ = {"GL_PROTOCOL": "ssh"}
    repo.git("reset", "-q", "--hard", "HEAD~1")
    done = server_run(repo, stdin, environ)
    assert done.returncode == 1
    lines = (done.stdout + done.stderr).splitlines()
    assert lines
    assert all(line.startswith("GL-HOOK-ERR: ") for line in lines)
    assert any("s.yaml:6:3: k8s-secret-plaintext" in line for line in lines)


def server_run(repo, stdin, environ):
    return subprocess.run(
        [sys.executable, "-m", "secrets_gitops", "lint", "--pre-receive"],
        cwd=repo.root, env=dict(os.environ, **environ), input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_gitlab_shows_what_is_wrong_with_the_hook_itself(server):
    done = server.lint("--deadline=never", "--pre-receive", stdin="", env={"GL_PROTOCOL": "ssh"})
    assert done.stderr.startswith("GL-HOOK-ERR: error: ")


@pytest.mark.parametrize("stdin", ["nonsense\n", "a b c\n", f"{ZERO} refs/heads/main\n", "", "\n"])
def test_lines_that_are_none_are_refused(server, stdin):
    """Also none at all: a hook before ours may have read them, and every push would pass."""
    done = server.lint("--pre-receive", stdin=stdin)
    assert (done.code, "hint: " in done.stderr) == (2, True)


@pytest.mark.parametrize("arguments", [("--deadline", "4s"), ("--on-deadline", "pass"), ("--allow-skip",)])
def test_its_options_go_with_it_alone(server, arguments):
    assert server.lint("--tree", "HEAD", *arguments).code == 2
