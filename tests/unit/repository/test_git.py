"""Where a repository begins, and git's own words when it fails."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from secrets_gitops.errors import FileError, ScanIncomplete
from secrets_gitops.repository import git
from secrets_gitops.repository.objects import Objects


class TestRootOf:
    def test_the_nearest_folder_above(self, repository):
        outer = repository("outer")
        inner = repository("outer/a/inner")
        outer.write("a/b/file", "1")
        root = str(outer.root)
        assert git.root_of(root) == root
        assert git.root_of(f"{root}/a/b/file") == root
        assert git.root_of(f"{root}/a/b/not there/yet") == root
        assert git.root_of(f"{root}/a/inner/x") == str(inner.root)

    def test_none(self, tmp_path):
        assert git.root_of(str(tmp_path)) is None

    def test_a_folder_that_only_looks_like_one(self, tmp_path):
        (tmp_path / ".git").mkdir()
        assert git.root_of(str(tmp_path)) is None

    def test_a_bare_repository_has_no_work_tree(self, repository):
        bare = repository("bare", "--bare")
        assert git.root_of(str(bare.root)) is None

    def test_work_trees_and_submodules(self, repo, tmp_path):
        repo.commit({"a": "1"})
        repo.git("worktree", "add", "--quiet", str(tmp_path / "other"))
        assert git.root_of(str(tmp_path / "other" / "a")) == str(tmp_path / "other")

    def test_through_a_link(self, repo, tmp_path):
        repo.write("a/b", "1")
        os.symlink(repo.root / "a", tmp_path / "link")
        assert git.root_of(str(tmp_path / "link" / "b")) == str(repo.root)

    def test_git_dir_decides(self, repo, tmp_path, monkeypatch):
        (tmp_path / "home" / "a").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "home")
        monkeypatch.setenv("GIT_DIR", "../repository/.git")
        assert git.root_of("a/file") == str(tmp_path / "home")
        monkeypatch.setenv("GIT_WORK_TREE", "a")
        assert git.root_of("a/file") == str(tmp_path / "home" / "a")
        assert git.root_of(str(repo.root)) == str(repo.root)

    def test_a_broken_git_dir_is_left_to_git_to_report(self, repo, monkeypatch):
        monkeypatch.setenv("GIT_DIR", "nowhere")
        assert git.root_of(str(repo.root)) == str(repo.root)
        with pytest.raises(FileError, match="git ls-files: not a git repository"):
            git.run(("ls-files",), str(repo.root))


class TestRun:
    def test_output_larger_than_a_pipe(self, repo):
        repo.write("a", b"x" * 1_000_000)
        repo.git("add", "a")
        assert git.run(("cat-file", "blob", ":a"), str(repo.root)) == b"x" * 1_000_000

    def test_complaints_larger_than_a_pipe(self, repo, tmp_path, monkeypatch):
        (tmp_path / "bin").mkdir()
        shim = tmp_path / "bin" / "git"
        shim.write_text(f"#!{sys.executable}\nimport sys\nsys.stderr.write('noise\\n' * 100_000)\nprint('done')\n")
        shim.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        assert git.run(("anything",), str(repo.root)) == b"done\n"

    def test_the_reason_is_gits_own(self, repo):
        with pytest.raises(FileError, match=r"^git cat-file: Not a valid object name nothing$"):
            git.run(("cat-file", "blob", "nothing"), str(repo.root))

    def test_yes_no_and_failed(self, repo):
        root = str(repo.root)
        assert not git.says_yes(("rev-parse", "--quiet", "--verify", "HEAD"), root)
        repo.commit({"a": "1"})
        assert git.says_yes(("rev-parse", "--quiet", "--verify", "HEAD"), root)
        with pytest.raises(FileError):
            git.says_yes(("rev-parse", "--verify", "nothing"), root)

    def test_a_machine_without_git(self, repo, monkeypatch):
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(FileError, match="cannot run git: no such file or directory") as caught:
            git.run(("ls-files",), str(repo.root))
        assert caught.value.hints == ("install git, or put it on PATH",)

    def test_no_descriptor_is_left_open(self, repo, monkeypatch):
        before = os.listdir("/dev/fd")
        git.run(("rev-parse", "--git-dir"), str(repo.root))
        with pytest.raises(FileError):
            git.run(("cat-file", "blob", "nothing"), str(repo.root))
        objects = Objects(str(repo.root))
        with pytest.raises(ScanIncomplete):
            objects.blob("0" * 40)
        objects.close()
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(FileError):
            git.run(("rev-parse", "--git-dir"), str(repo.root))
        assert os.listdir("/dev/fd") == before

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
    def test_a_repository_of_somebody_else_is_never_taken_for_clean(self, repo):
        repo.commit({"a": "1"})
        os.chown(repo.root, 1234, 1234)
        os.chown(repo.root / ".git", 1234, 1234)
        with pytest.raises(FileError, match="dubious ownership") as caught:
            git.run(("ls-files",), str(repo.root))
        assert "git config --global --add safe.directory" in caught.value.hints[0]


class TestObjects:
    def test_an_object_that_is_no_blob(self, repo):
        repo.commit({"a": "1"})
        objects = Objects(str(repo.root))
        with pytest.raises(ScanIncomplete, match="is a commit, not a blob"):
            objects.blob(repo.git("rev-parse", "HEAD"))
        assert objects.blob(repo.git("rev-parse", "HEAD:a")) == b"1"
        objects.close()

    def test_what_is_read_ahead_is_what_is_read(self, repo):
        """In any order, more than fits, large, the same twice, missing, and what was not announced."""
        large = b"x" * 300_000
        contents = {f"f{at}": f"content {at}".encode() for at in range(120)} | {"large": large, "empty": b""}
        repo.commit({name: data.decode() for name, data in contents.items()})
        ids = dict(line.split() for line in repo.git("ls-files", "--format=%(path) %(objectname)").splitlines())
        objects = Objects(str(repo.root))
        names = [*ids, "f1", "large"]
        objects.ahead([ids["large"], "0" * 40, *(ids[name] for name in names)])
        for name in reversed(names):
            assert objects.blob(ids[name], 1 << 20) == contents[name]
        objects.ahead(["0" * 40, ids["f1"], ids["large"]])
        with pytest.raises(ScanIncomplete):
            objects.blob("0" * 40)
        with pytest.raises(FileError):
            objects.blob(ids["large"], 1000)
        with pytest.raises(FileError):
            objects.blob(ids["f1"], 3)
        assert objects.blob(ids["f1"], 1 << 20) == contents["f1"]
        objects.close()

    def test_a_damaged_object_spoils_no_other_that_is_read_ahead(self, repo):
        repo.commit({"a": "1", "b": "2", "c": "3"})
        blob = repo.git("rev-parse", "HEAD:b")
        path = repo.root / ".git" / "objects" / blob[:2] / blob[2:]
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:5])
        objects = Objects(str(repo.root))
        first, last = repo.git("rev-parse", "HEAD:a"), repo.git("rev-parse", "HEAD:c")
        objects.ahead([first, blob, last])
        assert objects.blob(first) == b"1"
        with pytest.raises(ScanIncomplete):
            objects.blob(blob)
        assert objects.blob(last) == b"3"
        objects.close()

    def test_git_that_dies_leaves_the_scan_incomplete(self, repo):
        repo.commit({"a": "1"})
        blob = repo.git("rev-parse", "HEAD:a")
        path = repo.root / ".git" / "objects" / blob[:2] / blob[2:]
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:5])
        objects = Objects(str(repo.root))
        with pytest.raises(ScanIncomplete):
            objects.blob(blob)
        objects.close()


class TestHooksFolder:
    def test_the_usual_place_also_of_a_work_tree(self, repo, tmp_path):
        repo.commit({"a": "1"})
        repo.git("worktree", "add", "--quiet", str(tmp_path / "other"))
        assert git.hooks_folder(str(repo.root)) == str(repo.root / ".git" / "hooks")
        assert git.hooks_folder(str(tmp_path / "other")) == str(repo.root / ".git" / "hooks")

    def test_where_the_settings_say(self, repo, tmp_path):
        repo.git("config", "core.hooksPath", ".githooks")
        assert git.hooks_folder(str(repo.root)) == str(repo.root / ".githooks")
        repo.git("config", "core.hooksPath", "~/hooks")
        assert git.hooks_folder(str(repo.root)) == os.path.expanduser("~/hooks")


def test_what_the_hook_imports_for_a_snapshot_stays_small():
    """`import subprocess` alone would cost half a bare interpreter at every commit."""
    code = (
        "import sys; before = set(sys.modules); import secrets_gitops.repository.snapshot;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    heavy = {"subprocess", "pathlib", "dataclasses", "logging", "click", "yaml", "cryptography", "tempfile", "signal"}
    assert not heavy & set(done.stdout.split())
