"""Repositories that are odd, broken, incomplete or hostile: a true answer, or a reason and exit 3."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from lint_repository import CLEAN, Repository

MODES = (("--staged",), ("--tree", "HEAD"), ("--commit", "HEAD"), ("--pushed-range", "HEAD~1..HEAD"), ("--history",))


@pytest.fixture
def dirty(repo, secret):
    """A repository whose last commit, index and work tree hold a secret."""
    repo.commit({"s.yaml": secret()})
    repo.stage("t.yaml", secret())
    return repo


def every(test):
    return pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode[0])(test)


@every
def test_without_git_nothing_is_clean(dirty, mode, tmp_path):
    said = dirty.lint(*mode, env={"PATH": str(tmp_path)})
    assert said.code == 3
    assert "install git" in said.stderr


@every
def test_a_repository_that_git_does_not_trust(dirty, mode):
    said = dirty.lint(*mode, env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert said.code == 3
    assert "safe.directory" in said.stderr


@every
def test_with_git_dir_set(dirty, mode, tmp_path):
    """As git sets it for its hooks, and for who works from elsewhere."""
    environ = {"GIT_DIR": ".git"}
    assert dirty.lint(*mode, env=environ).code == 1
    environ = {"GIT_DIR": str(dirty.root / ".git"), "GIT_WORK_TREE": str(dirty.root)}
    assert dirty.lint(*mode, env=environ, cwd=tmp_path).code == 1


@every
def test_a_second_work_tree(dirty, mode, tmp_path):
    dirty.git("worktree", "add", "-q", str(tmp_path / "second"))
    (tmp_path / "second" / "u.yaml").write_text((dirty.root / "t.yaml").read_text())
    subprocess.run(["git", "add", "."], cwd=tmp_path / "second", check=True)
    assert dirty.lint(*mode, cwd=tmp_path / "second").code == 1


@every
def test_sha_256(repository, mode, secret):
    repo = repository("sha256", "--object-format=sha256")
    repo.commit({"a.yaml": CLEAN})
    repo.commit({"s.yaml": secret()})
    repo.stage("t.yaml", secret())
    said = repo.lint(*mode)
    assert (said.code, len(said.failing)) == (1, 1)
    repo.git("rm", "-qf", "t.yaml")
    repo.git("add", "-N", "a.yaml")
    assert repo.lint("--staged").code == 0


@pytest.mark.parametrize("what", ["blob", "tree", "commit"])
@every
def test_a_missing_object_is_an_incomplete_scan(dirty, mode, what):
    name = {"blob": "HEAD:s.yaml", "tree": "HEAD^{tree}", "commit": "HEAD~1"}[what]
    if mode == ("--staged",):
        name = ":t.yaml"
    if what == "commit" and mode[0] in ("--staged", "--tree"):
        what = "tree"  # they do not read that commit
        name = "HEAD^{tree}"
    if what == "tree" and mode == ("--staged",):
        name = "HEAD^{tree}"
    head = dirty.head(name)
    (dirty.root / ".git" / "objects" / head[:2] / head[2:]).unlink()
    said = dirty.lint(*mode)
    assert said.code in ((2, 3) if what == "commit" else (3,))
    assert said.stderr or said.incomplete


@every
def test_a_corrupt_object_is_an_incomplete_scan(dirty, mode):
    head = dirty.head(":t.yaml" if mode == ("--staged",) else "HEAD:s.yaml")
    path = dirty.root / ".git" / "objects" / head[:2] / head[2:]
    path.chmod(0o600)
    path.write_bytes(b"garbage")
    assert dirty.lint(*mode).code == 3


def test_a_corrupt_index(dirty):
    (dirty.root / ".git" / "index").write_bytes(b"DIRC" + b"\0" * 40)
    said = dirty.lint("--staged")
    assert said.code == 3
    assert "index" in said.stderr


class TestShallow:
    @pytest.fixture
    def clone(self, repo, secret, tmp_path):
        """With the last of three commits; the first brought a secret, which the second took away."""
        repo.commit({"s.yaml": secret()})
        repo.remove("s.yaml")
        repo.commit({"b.yaml": CLEAN})
        made = Repository(tmp_path / "clone")
        made.git("remote", "add", "origin", f"file://{repo.root}")
        made.git("fetch", "-q", "--depth=1", "origin", "main")
        made.git("reset", "-q", "--hard", "FETCH_HEAD")
        return made

    def test_history_is_incomplete_and_says_how_to_complete_it(self, clone):
        said = clone.lint("--history")
        assert said.code == 3
        assert "shallow" in said.stderr
        assert "--unshallow" in said.stderr
        clone.git("fetch", "-q", "--unshallow", "origin")
        assert clone.lint("--history").code == 1

    def test_what_its_first_commit_brought_cannot_be_told(self, clone):
        said = clone.lint("--commit", "HEAD")
        assert said.code == 3
        assert "--unshallow" in said.stderr

    def test_a_range_that_begins_before_it(self, clone, repo):
        said = clone.lint("--pushed-range", f"{repo.head('HEAD~2')}..HEAD")
        assert said.code == 2
        assert "shallow" in said.stderr
        assert clone.lint("--pushed-range", "HEAD").code == 0, "the remote has it"
        clone.git("update-ref", "-d", "refs/remotes/origin/main")
        assert clone.lint("--pushed-range", "HEAD").code == 3

    def test_what_is_new_in_it_can_be_pushed(self, clone, secret):
        start = clone.head()
        clone.commit({"c.yaml": CLEAN})
        assert clone.lint("--pushed-range", f"{start}..HEAD").code == 0
        clone.commit({"s.yaml": secret()})
        assert clone.lint("--pushed-range", f"{start}..HEAD").code == 1


class TestPartial:
    @pytest.fixture
    def clone(self, repo, secret, tmp_path):
        """Without blobs, and without a check-out."""
        repo.commit({"s.yaml": secret()})
        repo.git("config", "uploadpack.allowFilter", "true")
        target = tmp_path / "clone"
        command = ["git", "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.root}", str(target)]
        subprocess.run(command, check=True)
        made = Repository.__new__(Repository)
        made.root = target
        return made

    @pytest.mark.parametrize(
        "mode", [("--tree", "HEAD"), ("--commit", "HEAD"), ("--history",)], ids=lambda mode: mode[0]
    )
    def test_missing_blobs_are_an_incomplete_scan_and_nothing_is_fetched(self, clone, mode):
        before = sorted((clone.root / ".git" / "objects" / "pack").iterdir())
        said = clone.lint(*mode)
        assert said.code == 3
        assert "--refetch" in said.stderr
        assert sorted((clone.root / ".git" / "objects" / "pack").iterdir()) == before


class TestBare:
    def test_there_are_no_files_to_look_at(self, remote):
        for arguments in ((), ("--staged",), (".",), ("objects",)):
            said = remote.lint(*arguments)
            assert said.code == 2, arguments
            assert "bare" in said.stderr

    def test_a_folder_that_is_no_repository(self, repo, tmp_path):
        folder = tmp_path / "empty"
        folder.mkdir()
        assert repo.lint("--staged", cwd=folder).code == 2
        assert repo.lint("--tree", "HEAD", cwd=folder).code == 3


class TestHostile:
    """A repository that somebody else made: nothing of it runs, nothing in it is written, nothing outside is read."""

    @every
    def test_nothing_that_it_configures_is_run(self, dirty, mode, tmp_path):
        ran = tmp_path / "ran"
        script = tmp_path / "script"
        script.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
        script.chmod(0o755)
        for name in (
            "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external", "filter.x.clean",
            "filter.x.smudge", "filter.x.process", "diff.x.textconv", "diff.x.command", "gpg.program", "core.askPass",
            "alias.log", "alias.diff-index", "uploadpack.packObjectsHook", "credential.helper", "pager.log",
        ):  # fmt: skip
            dirty.git("config", name, str(script))
        for name, value in (
            ("log.showSignature", "true"), ("diff.renames", "copies"), ("log.showRoot", "false"),
            ("diff.noprefix", "true"), ("diff.orderFile", "/nonexistent"), ("diff.relative", "true"),
            ("log.follow", "true"), ("color.ui", "always"),
            ("core.quotePath", "false"), ("log.date", "raw"), ("format.pretty", "oneline"), ("diff.submodule", "log"),
            ("log.diffMerges", "off"), ("log.decorate", "full"), ("diff.wordRegex", "."), ("core.abbrev", "4"),
        ):  # fmt: skip
            dirty.git("config", name, value)
        for name in ("pre-commit", "post-index-change", "fsmonitor-watchman", "reference-transaction"):
            hook = dirty.root / ".git" / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(script.read_text())
            hook.chmod(0o755)
        dirty.write(".git/info/attributes", "* filter=x diff=x\n")
        environ = {"GIT_EXTERNAL_DIFF": str(script), "GIT_PAGER": str(script)}
        said = dirty.lint(*mode, env=environ)
        assert (said.code, [f["rule"] for f in said.findings]) == (1, ["k8s-secret-plaintext"])
        if mode[0] in ("--staged", "--commit", "--pushed-range"):
            assert dirty.lint(*mode, "--changed-lines-only", env=environ).code == 1
        assert not ran.exists()

    @every
    def test_nothing_is_written(self, dirty, mode):
        def state():
            paths = sorted(path for path in dirty.root.rglob("*") if path.is_file())
            return {path: path.read_bytes() for path in paths if path.name != "secrets-gitops-clean"}

        os.utime(dirty.root / "s.yaml")  # the index would be refreshed by who takes its lock
        before = state()
        dirty.lint(*mode)
        assert state() == before

    def test_objects_of_others_do_not_stand_for_its_own(self, dirty, secret):
        """`git replace` shows a clean file where a secret is published."""
        clean = dirty.git("hash-object", "-w", "--stdin", input=CLEAN).stdout.strip()
        dirty.git("replace", dirty.head("HEAD:s.yaml"), clean)
        assert dirty.lint("--tree", "HEAD").code == 1
        assert dirty.lint("--history").code == 1

    def test_links_that_lead_out_are_not_followed(self, repo, secret, tmp_path):
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "s.yaml").write_text(secret())
        (repo.root / "folder").symlink_to(outside)
        (repo.root / "file.yaml").symlink_to(outside / "s.yaml")
        (repo.root / "k").mkdir()
        repo.write(
            "k/kustomization.yaml", "secretGenerator:\n- name: a\n  files: [../folder/s.yaml, ../../outside/s.yaml]\n"
        )
        assert repo.lint().failing == []
        repo.git("add", ".")
        assert repo.lint("--staged").failing == []
        repo.commit()
        assert repo.lint("--tree", "HEAD").failing == []
        assert repo.lint("--history").failing == []

    def test_a_tree_with_names_that_no_checkout_allows(self, repo, secret):
        blob = repo.git("hash-object", "-w", "--stdin", input=secret()).stdout.strip()
        inner = bytes.fromhex(repo.git("mktree", input=f"100644 blob {blob}\ts.yaml\n").stdout.strip())
        body = b"40000 ..\0" + inner + b"40000 .git\0" + inner
        tree = subprocess.run(
            ["git", "hash-object", "-w", "-t", "tree", "--literally", "--stdin"], cwd=repo.root, input=body,
            capture_output=True, check=True,
        ).stdout.decode().strip()  # fmt: skip
        said = repo.lint("--tree", tree)
        assert said.code in (1, 3)
        assert not Path(repo.root, "..", "s.yaml").exists()
