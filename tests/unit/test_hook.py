"""The hook on real git repositories: what is staged counts, and nothing unscanned passes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lint_repository import CLEAN, HOOK, RECIPIENT, Repository

PASSWORD = "correct-Horse7-battery"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {PASSWORD}\n"


@pytest.fixture
def repo(tmp_path):
    return Repository(tmp_path / "repo")


@pytest.fixture
def committed(repo):
    """With one clean commit."""
    repo.stage("app/config.yaml", CLEAN)
    repo.commit()
    return repo


# --- what is staged counts


def test_a_plaintext_secret_is_refused_with_file_line_key_and_remedy(committed):
    committed.stage("app/secret.yaml", SECRET)
    done = committed.hook()
    assert done.returncode == 1
    assert done.stdout.startswith("app/secret.yaml:6:3: k8s-secret-plaintext: ")
    assert "password" in done.stdout
    assert "  fix: give .sops.yaml (`secrets-gitops init`) a rule for it, then `" in done.stdout
    assert "`git add` it again" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_who_commits_in_a_folder_below_is_told_where_the_paths_begin(committed):
    committed.stage("app/secret.yaml", SECRET)
    said = committed.hook(env={"GIT_PREFIX": "app/"}).stderr
    assert f"paths are relative to {committed.root}, those in the commands too\n" in said
    assert "paths are relative" not in committed.hook().stderr


def test_what_is_excused_is_counted_and_not_told_among_what_is_refused(committed):
    allowed = SECRET.rstrip() + "  # secrets-gitops:allow k8s-secret-plaintext -- of the demo\n"
    committed.stage("app/secret.yaml", allowed + f"  token: {PASSWORD}-2\n")
    done = committed.hook()
    assert (done.returncode, done.stdout.count("k8s-secret-plaintext:")) == (1, 1)
    assert "of the demo" not in done.stdout + done.stderr
    assert "1 finding in 1 file; 1 allowed;" in done.stderr


def test_a_clean_commit_is_not_talked_about(committed):
    committed.stage("app/other.yaml", CLEAN)
    done = committed.hook()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_nothing_staged_is_fine(committed):
    done = committed.hook()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_first_commit_is_looked_at(repo):
    repo.stage("secret.yaml", SECRET)
    assert repo.hook().returncode == 1


def test_a_key_appended_to_a_committed_secret_is_found(committed):
    sealed = SECRET.replace(PASSWORD, "ref+env://PASSWORD")
    committed.stage("s.yaml", sealed)
    assert committed.hook().returncode == 0
    committed.commit()
    committed.stage("s.yaml", sealed + "  token: Zq8!rT2#xW9v\n")
    done = committed.hook()
    assert done.returncode == 1
    assert done.stdout.startswith("s.yaml:7:3: ")


def test_what_is_staged_counts_when_the_disk_is_clean(committed):
    committed.stage("s.yaml", SECRET)
    committed.write("s.yaml", CLEAN)
    assert committed.hook().returncode == 1
    committed.root.joinpath("s.yaml").unlink()
    assert committed.hook().returncode == 1


def test_what_is_only_on_disk_does_not_count(committed):
    committed.stage("s.yaml", CLEAN)
    committed.write("s.yaml", SECRET)
    committed.write("untracked.yaml", SECRET)
    assert committed.hook().returncode == 0


def test_a_renamed_secret_is_looked_at(committed):
    committed.stage("a/s.yaml", SECRET)
    committed.git("commit", "-q", "-m", "slipped through")
    committed.git("mv", "a/s.yaml", "b.yaml")
    done = committed.hook()
    assert done.returncode == 1
    assert done.stdout.startswith("b.yaml:6:3: ")


def test_deleting_a_secret_is_fine(committed):
    committed.stage("s.yaml", SECRET)
    committed.commit()
    committed.git("rm", "-q", "s.yaml")
    assert committed.hook().returncode == 0


def test_a_change_of_mode_alone_is_looked_at_and_fine(committed):
    committed.git("update-index", "--chmod=+x", "app/config.yaml")
    assert committed.hook().returncode == 0


def test_a_link_to_a_secret_outside_is_no_secret(committed, tmp_path):
    tmp_path.joinpath("outside.yaml").write_text(SECRET)
    committed.root.joinpath("link.yaml").symlink_to(tmp_path / "outside.yaml")
    committed.git("add", "link.yaml")
    assert committed.hook().returncode == 0


@pytest.mark.parametrize("arguments", [("-a",), ("-a", "--amend"), ("app/config.yaml",)])
def test_the_temporary_index_of_commit_is_read(committed, arguments):
    """`git commit -a`, `--amend` and `git commit PATH` name another index in GIT_INDEX_FILE."""
    committed.install()
    committed.write("app/config.yaml", SECRET)
    done = committed.git("commit", "-m", "x", *arguments, check=False)
    assert done.returncode == 1
    assert "app/config.yaml:6:3: k8s-secret-plaintext" in done.stderr
    committed.write("app/config.yaml", CLEAN.replace("db.example", "db2.example"))
    assert committed.git("commit", "-m", "x", *arguments, check=False).returncode == 0


def test_a_commit_from_a_folder_below_is_looked_at(committed):
    committed.install()
    committed.stage("app/s.yaml", SECRET)
    done = subprocess.run(
        ["git", "commit", "-m", "x"], cwd=committed.root / "app", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "app/s.yaml:6:3" in done.stderr


def test_a_second_work_tree_is_looked_at(committed, tmp_path):
    committed.install()
    committed.git("worktree", "add", "-q", str(tmp_path / "second"))
    (tmp_path / "second" / "s.yaml").write_text(SECRET)
    subprocess.run(["git", "add", "."], cwd=tmp_path / "second", check=True)
    done = subprocess.run(["git", "commit", "-m", "x"], cwd=tmp_path / "second", capture_output=True, check=False)
    assert done.returncode == 1


def test_a_merge_is_looked_at(committed):
    committed.git("checkout", "-q", "-b", "side")
    committed.stage("s.yaml", SECRET)
    committed.commit()
    committed.git("checkout", "-q", "main")
    committed.stage("other.yaml", CLEAN)
    committed.commit()
    committed.git("merge", "-q", "--no-commit", "--no-ff", "side")
    assert committed.hook().returncode == 1


def test_an_unresolved_conflict_is_an_incomplete_scan(committed):
    for branch, host in (("side", "one"), ("main", "two")):
        committed.git("checkout", "-q", "-B", branch)
        committed.stage("app/config.yaml", CLEAN.replace("db.example.org", host))
        committed.commit() if branch == "side" else committed.git("commit", "-q", "-m", "x")
        if branch == "side":
            committed.git("checkout", "-q", "-B", "main", "HEAD~1")
    assert committed.git("merge", "-q", "side", check=False).returncode == 1
    done = committed.hook()
    assert done.returncode == 3
    assert "conflict" in done.stderr


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"with space.yaml", "with space.yaml:6:3"),
        (b"line\nbreak.yaml", r"line\x0abreak.yaml:6:3"),
        (b"caf\xe9.yaml", r"caf\xe9.yaml:6:3"),
        (b"-dash.yaml", "-dash.yaml:6:3"),
        (b'quote"d\t.yaml', r'quote"d\x09.yaml:6:3'),
        (b":(top)x.yaml", ":(top)x.yaml:6:3"),
        ("é日本.yaml".encode(), "é日本.yaml:6:3"),
    ],
)
def test_an_odd_name_is_scanned_and_shown_safely(committed, name, shown):
    path = os.fsencode(committed.root) + b"/" + name
    Path(os.fsdecode(path)).write_text(SECRET)
    committed.git("--literal-pathspecs", "add", "--", os.fsdecode(name))
    done = committed.hook()
    assert done.returncode == 1
    assert done.stdout.startswith(shown)


def test_a_deleted_rule_file_reports_files_that_are_not_staged(committed):
    committed.stage(".sops.yaml", f"creation_rules:\n  - path_regex: ^x\\.yaml$\n    age: {RECIPIENT}\n")
    committed.stage("secrets/db.yaml", "password: hunter2-and-more\n")
    committed.commit()
    committed.stage(".sops.yaml", f"creation_rules:\n  - path_regex: secrets/.*\n    age: {RECIPIENT}\n")
    done = committed.hook()
    assert done.returncode == 1
    assert "secrets/db.yaml" in done.stdout
    assert "sops-not-encrypted" in done.stdout


# --- nothing unscanned passes


def test_a_file_too_large_is_an_incomplete_scan(committed):
    committed.stage("big.txt", b"word and word\n" * 400_000)
    done = committed.hook()
    assert done.returncode == 3
    assert "big.txt" in done.stderr
    assert "incomplete" in done.stderr


def test_a_missing_object_is_an_incomplete_scan(committed):
    committed.stage("s.yaml", SECRET)
    name = committed.git("rev-parse", ":s.yaml").stdout.strip()
    (committed.root / ".git" / "objects" / name[:2] / name[2:]).unlink()
    done = committed.hook()
    assert done.returncode == 3
    assert "missing" in done.stderr


def test_incomplete_wins_over_findings_and_both_are_shown(committed):
    committed.stage("s.yaml", SECRET)
    committed.stage("big.txt", b"word and word\n" * 400_000)
    done = committed.hook()
    assert done.returncode == 3
    assert "s.yaml:6:3" in done.stdout
    assert "big.txt" in done.stderr


def test_a_corrupt_index_is_an_error(committed):
    committed.write(".git/index", b"DIRC" + b"\0" * 40)
    done = committed.hook()
    assert done.returncode == 3
    assert done.stderr.startswith("error: ")


def test_no_repository_is_a_usage_error(tmp_path, repo):
    done = repo.hook(cwd=tmp_path)
    assert done.returncode == 2
    assert "no git repository" in done.stderr


def test_without_git_nothing_passes(committed, tmp_path):
    committed.stage("s.yaml", SECRET)
    done = committed.hook(env={"PATH": str(tmp_path)})
    assert done.returncode == 3
    assert "install git" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    ["--staged", "file.yaml", "--no-verify", "-h", "--commit-msg", "--commit-msg a b", "--pushed-range a b c"],
)
def test_arguments_that_it_does_not_take_are_refused(repo, arguments):
    done = repo.hook(*arguments.split())
    assert done.returncode == 2
    assert f"does not take `{arguments.split()[-1]}`" in done.stderr


def test_the_version_is_told(repo):
    from secrets_gitops import __version__

    done = repo.hook("--version")
    assert (done.returncode, done.stdout) == (0, f"secrets-gitops-hook {__version__}\n")


def test_a_bug_stops_the_commit_and_says_only_its_type_and_place(committed):
    committed.stage("s.yaml", SECRET)
    broken = (
        "import sys, secrets_gitops.lint.scanner as s\n"
        "def broken(*a, **k): raise ZeroDivisionError('the value is hunter2')\n"
        "s.Target = broken\n"
        "from secrets_gitops.hook import main; main()"
    )
    command = [sys.executable, "-c", broken]
    done = subprocess.run(command, cwd=committed.root, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "ZeroDivisionError at " in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_stops_the_commit(committed):
    """Git is replaced by a program that waits, so that the hook is caught in the middle."""
    tools = committed.root.parent / "tools"
    tools.mkdir()
    os.mkfifo(tools / "started")
    (tools / "git").write_text(f"#!/bin/sh\necho > {tools}/started\nexec sleep 60\n")
    (tools / "git").chmod(0o755)
    process = subprocess.Popen(
        HOOK,
        cwd=committed.root,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}"),
    )
    (tools / "started").read_text()
    os.killpg(process.pid, signal.SIGINT)
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in complaint


def test_a_closed_output_does_not_let_the_commit_pass(committed):
    committed.stage("s.yaml", SECRET)
    process = subprocess.Popen(HOOK, cwd=committed.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    process.communicate(timeout=20)
    assert process.returncode != 0


# --- under a hook framework


def test_pre_commit_on_all_files_means_the_whole_index(committed):
    committed.stage("s.yaml", SECRET)
    committed.commit()
    assert committed.hook().returncode == 0
    done = committed.hook(env={"PRE_COMMIT": "1"})
    assert done.returncode == 1
    assert "s.yaml:6:3" in done.stdout


# --- the same scan as `lint --staged`


@pytest.mark.parametrize("content", [SECRET, CLEAN, SECRET + "  other: Zq8!rT2#xW9v\n", "a: [\n", "b: &a [*a]\n"])
def test_the_hook_says_what_lint_staged_says(committed, content):
    committed.stage("one.yaml", content)
    committed.stage("two/three.yaml", SECRET.replace("password", "token") if content == SECRET else CLEAN)
    hook = committed.hook()
    lint = subprocess.run(
        [sys.executable, "-m", "secrets_gitops", "lint", "--staged"],
        cwd=committed.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (hook.returncode, hook.stdout) == (lint.returncode, lint.stdout)
    if hook.returncode:
        assert hook.stderr.startswith(lint.stderr)
