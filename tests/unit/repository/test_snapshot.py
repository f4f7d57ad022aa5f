"""What a scan sees: the index as it would be committed, or the work tree as it lies on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.errors import FileError, ScanIncomplete
from secrets_gitops.repository.index import Index
from secrets_gitops.repository.snapshot import EXECUTABLE, FILE, LINK, follow
from secrets_gitops.repository.work_tree import WorkTree

if TYPE_CHECKING:
    from pathlib import Path


def changes(root: Path) -> dict[str, str]:
    """Path → status of what is staged."""
    return {change.path: change.status for change in Index(str(root)).changes()}


class TestIndex:
    def test_before_the_first_commit_all_of_the_index_is_staged(self, repo):
        repo.write("a/secret.yaml", "x: 1\n")
        repo.git("add", ".")
        repo.write("new.yaml", "not staged")
        index = Index(str(repo.root))
        assert changes(repo.root) == {"a/secret.yaml": "A"}
        assert index.read("a/secret.yaml") == b"x: 1\n"
        assert list(index.paths()) == ["a/secret.yaml"]

    def test_nothing_staged_in_an_empty_repository(self, repo):
        assert changes(repo.root) == {}

    def test_what_is_staged_counts_not_what_lies_on_disk(self, repo):
        repo.commit({"a": "old"})
        repo.write("a", "staged")
        repo.git("add", "a")
        repo.write("a", "cleaned")
        index = Index(str(repo.root))
        assert index.read("a") == b"staged"
        assert changes(repo.root) == {"a": "M"}

    def test_a_change_on_disk_alone_is_not_staged(self, repo):
        repo.commit({"a": "old"})
        repo.write("a", "dirty")
        assert changes(repo.root) == {}
        assert Index(str(repo.root)).read("a") == b"old"

    def test_half_a_file_added_is_read_as_it_was_added(self, repo):
        repo.commit({"a": "1\n2\n3\n4\n5\n6\n7\n8\n9\n"})
        repo.write("a", "one\n2\n3\n4\n5\n6\n7\n8\nnine\n")
        subprocess.run(["git", "-C", repo.root, "add", "-p"], input=b"s\ny\nn\n", capture_output=True, check=True)
        assert Index(str(repo.root)).read("a") == b"one\n2\n3\n4\n5\n6\n7\n8\n9\n"

    @pytest.mark.parametrize("edit", ["", "more\n"], ids=["as it was", "with an edit"])
    def test_a_renamed_file_went_and_came(self, repo, edit):
        repo.commit({"old": "line\n" * 20})
        repo.git("mv", "old", "new")
        repo.write("new", "line\n" * 20 + edit)
        repo.git("add", "new")
        assert changes(repo.root) == {"old": "D", "new": "A"}

    def test_a_change_of_the_mode_alone_lists_the_file(self, repo):
        repo.commit({"run.sh": "echo\n"})
        os.chmod(repo.root / "run.sh", 0o755)
        repo.git("add", ".")
        index = Index(str(repo.root))
        assert [(change.status, change.mode) for change in index.changes()] == [("M", EXECUTABLE)]
        assert index.mode("run.sh") == EXECUTABLE

    def test_a_deleted_file_is_listed_and_gone(self, repo):
        repo.commit({".sops.yaml": "creation_rules: []\n", "a": "1"})
        repo.git("rm", "--quiet", "--cached", ".sops.yaml")
        index = Index(str(repo.root))
        assert [tuple(change) for change in index.changes()] == [(".sops.yaml", "D", 0, "")]
        assert not index.exists(".sops.yaml")
        with pytest.raises(FileError, match="no such file in the index"):
            index.read(".sops.yaml")

    def test_a_symbolic_link_is_read_as_the_path_it_names(self, repo, tmp_path):
        (tmp_path / "outside").write_text("secret")
        os.symlink("../outside", repo.root / "link")
        repo.git("add", "link")
        index = Index(str(repo.root))
        assert (index.read("link"), index.mode("link")) == (b"../outside", LINK)

    def test_a_file_that_became_a_link_changed_its_type(self, repo):
        repo.commit({"a": "1"})
        (repo.root / "a").unlink()
        os.symlink("b", repo.root / "a")
        repo.git("add", "a")
        assert changes(repo.root) == {"a": "T"}

    def test_a_submodule_is_no_file(self, repository, repo):
        library = repository("library")
        library.commit({"x": "1"})
        repo.commit({"a": "1", "b": "1"})
        repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.root), "library")
        index = Index(str(repo.root))
        assert changes(repo.root) == {".gitmodules": "A"}
        assert not index.exists("library")
        repo.commit()
        library.commit({"x": "2"})
        repo.git("-C", "library", "-c", "protocol.file.allow=always", "pull", "--quiet")
        repo.git("add", "library")
        assert changes(repo.root) == {}

    def test_a_file_that_a_submodule_replaces_is_deleted(self, repository, repo):
        library = repository("library")
        library.commit({"x": "1"})
        repo.commit({"a": "1"})
        repo.git("rm", "--quiet", "a")
        repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.root), "a")
        assert changes(repo.root) == {"a": "D", ".gitmodules": "A"}

    def test_intent_to_add_stages_nothing(self, repo):
        repo.commit({"a": "1"})
        repo.write("later", "secret")
        repo.git("add", "--intent-to-add", "later")
        assert changes(repo.root) == {}
        assert Index(str(repo.root)).read("later") == b""

    @pytest.mark.parametrize(
        "name",
        [
            b"with space.yaml",
            b"line\nbreak.yaml",
            b"-leading-dash.yaml",
            b":(glob)*.yaml",
            b'tab\tand "quote".yaml',
            b"latin-\xe9.yaml",
            b"not utf-8 \xff\xfe.yaml",
            "grün/日本.yaml".encode(),
            b"*?[a].yaml",
            b"back\\slash.yaml",
        ],
    )
    @pytest.mark.parametrize("first", [True, False], ids=["first commit", "later commit"])
    def test_any_name_that_git_takes(self, repo, name, first):
        if not first:
            repo.commit({"a": "1"})
        path = os.fsdecode(name)
        repo.write(path, "content")
        repo.git("add", "--all")
        index = Index(str(repo.root))
        assert changes(repo.root) == {path: "A"}
        assert index.read(path) == b"content"
        assert path in index.paths()
        tree = WorkTree(str(repo.root))
        assert path in tree.paths()
        assert tree.read(path) == b"content"

    def test_the_temporary_index_of_commit_all_and_of_amend_is_seen_by_the_hook(self, repo):
        """`git commit -a` and `--amend` name their index in GIT_INDEX_FILE; the hook inherits it."""
        repo.commit({"a": "old", "b": "old"})
        seen = repo.root.parent / "seen"
        code = (
            "from secrets_gitops.repository.index import Index\n"
            "index = Index('.')\n"
            f"open({str(seen)!r}, 'a').write(repr([(c.path, index.read(c.path)) for c in index.changes()]) + '\\n')\n"
        )
        hook = repo.root / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c \"{code}\"\n")
        hook.chmod(0o755)
        repo.write("a", "new a")
        repo.write("b", "new b")
        repo.git("commit", "--quiet", "--message", "only a", "a")
        repo.git("commit", "--quiet", "--all", "--message", "all")
        repo.write("a", "amended")
        repo.git("commit", "--quiet", "--amend", "--all", "--no-edit")
        assert seen.read_text().splitlines() == [
            "[('a', b'new a')]",
            "[('b', b'new b')]",
            "[('a', b'amended')]",
        ]

    def test_a_work_tree_of_its_own_has_its_own_index(self, repo, tmp_path):
        repo.commit({"a": "1"})
        repo.git("worktree", "add", "--quiet", str(tmp_path / "other"))
        (tmp_path / "other" / "b").write_text("2")
        repo.git("-C", str(tmp_path / "other"), "add", "b")
        assert changes(tmp_path / "other") == {"b": "A"}
        assert changes(repo.root) == {}

    def test_git_dir_in_the_environment(self, repo, tmp_path, monkeypatch):
        repo.commit({"a": "1"})
        repo.write("b", "2")
        repo.git("add", "b")
        os.rename(repo.root / ".git", tmp_path / "elsewhere")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("GIT_DIR", "elsewhere")
        monkeypatch.setenv("GIT_WORK_TREE", "repository")
        assert changes(repo.root) == {"b": "A"}

    def test_a_repository_of_sha256(self, repository):
        repo = repository("modern", "--object-format=sha256")
        repo.write("a", "1")
        repo.git("add", "a")
        assert changes(repo.root) == {"a": "A"}
        repo.commit()
        repo.write("a", "2")
        repo.write("empty", "")
        repo.git("add", "--all")
        index = Index(str(repo.root))
        assert changes(repo.root) == {"a": "M", "empty": "A"}
        assert (index.read("a"), index.read("empty")) == (b"2", b"")

    def test_an_object_that_is_missing_leaves_the_scan_incomplete(self, repo):
        repo.write("a", "content that is lost")
        repo.git("add", "a")
        blob = repo.git("rev-parse", ":a")
        (repo.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        with pytest.raises(ScanIncomplete, match=f"object {blob} is missing") as caught:
            Index(str(repo.root)).read("a")
        assert str(caught.value.place) == "a"

    def test_an_answer_about_another_object_is_none(self, repo):
        repo.commit({"a": "1", "b": "2"})
        index = Index(str(repo.root))
        index.objects.begin()
        index.objects._ask(f"{repo.git('rev-parse', ':b')}\n")
        with pytest.raises(ScanIncomplete, match="git answered with object") as caught:
            index.read("a")
        assert str(caught.value.place) == "a"
        index.close()

    def test_a_partial_clone_is_not_fetched_for_a_scan(self, repository, repo, tmp_path):
        repo.commit({"a": "far away"})
        repo.git("config", "uploadpack.allowFilter", "true")
        subprocess.run(
            ["git", "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo.root}", "partial"],
            cwd=tmp_path, check=True,
        )  # fmt: skip
        subprocess.run(["git", "-C", "partial", "read-tree", "HEAD"], cwd=tmp_path, check=True)
        (repo.root / ".git").rename(repo.root / "gone")
        with pytest.raises(ScanIncomplete):
            Index(str(tmp_path / "partial")).read("a")

    def test_a_broken_head_commit_is_an_error_not_an_empty_answer(self, repo):
        repo.commit({"a": "1"})
        head = repo.git("rev-parse", "HEAD")
        (repo.root / ".git" / "objects" / head[:2] / head[2:]).unlink()
        with pytest.raises(FileError, match="git diff-index: "):
            changes(repo.root)

    def test_a_conflict_has_nothing_staged(self, repo):
        repo.commit({"a": "base"})
        repo.git("switch", "--quiet", "--create", "side")
        repo.commit({"a": "side"})
        repo.git("switch", "--quiet", "main")
        repo.commit({"a": "main"})
        with pytest.raises(AssertionError):
            repo.git("merge", "side")
        index = Index(str(repo.root))
        assert changes(repo.root) == {"a": "U"}
        with pytest.raises(ScanIncomplete, match="merge conflict"):
            index.read("a")

    def test_a_replaced_object_is_read_as_it_is_published(self, repo):
        repo.write("a", "secret")
        repo.git("add", "a")
        harmless = repo.root / "b"
        harmless.write_text("harmless")
        repo.git("replace", repo.git("rev-parse", ":a"), repo.git("hash-object", "-w", "b"))
        assert Index(str(repo.root)).read("a") == b"secret"

    def test_a_filter_of_the_repository_is_not_run(self, repo, tmp_path):
        repo.commit({"a": "stored"})
        repo.write(".gitattributes", "a filter=trap\n")
        repo.git("add", ".gitattributes")
        ran = tmp_path / "ran"
        repo.git("config", "filter.trap.smudge", f"touch {ran}")
        repo.git("config", "filter.trap.clean", f"touch {ran}")
        repo.git("config", "core.fsmonitor", f"touch {ran}; false")
        index, tree = Index(str(repo.root)), WorkTree(str(repo.root))
        assert index.read("a") == b"stored"
        assert index.changes()
        assert "a" in tree.paths()
        assert not ran.exists()

    def test_more_than_the_limit_is_refused_and_the_next_read_is_right(self, repo):
        repo.write("big", b"x" * 3_000_000)
        repo.write("small", b"s")
        repo.git("add", "--all")
        index = Index(str(repo.root))
        with pytest.raises(FileError, match="larger than 1000000 bytes") as caught:
            index.read("big", 1_000_000)
        assert str(caught.value.place) == "big"
        assert index.read("small", 1) == b"s"
        assert index.read("big", 3_000_000) == b"x" * 3_000_000

    def test_binary_content_with_anything_in_it(self, repo):
        content = bytes(range(256)) * 700 + b"\n\n missing\n"
        repo.write("binary", content)
        repo.git("add", "--all")
        index = Index(str(repo.root))
        assert index.read("binary") == content
        assert index.read("binary") == content

    def test_folders_are_listed_from_the_index(self, repo):
        repo.write("a/b/c", "1")
        repo.write("a/d", "1")
        repo.git("add", "--all")
        repo.write("a/unknown", "1")
        index = Index(str(repo.root))
        assert index.list("") == ["a"]
        assert index.list("a") == ["b", "d"]
        assert index.list("nowhere") == []
        assert not index.exists("a")
        assert index.mode("a") == 0

    def test_a_folder_without_a_repository(self, tmp_path):
        with pytest.raises(FileError, match="git rev-parse: not a git repository"):
            Index(str(tmp_path)).changes()

    def test_nothing_in_the_repository_is_written(self, repo):
        repo.commit({"a": "1"})
        os.utime(repo.root / "a", (1, 1))  # a stale entry that git would like to refresh
        before = (repo.root / ".git" / "index").read_bytes()
        index = Index(str(repo.root))
        index.changes()
        index.read("a")
        list(WorkTree(str(repo.root)).paths())
        assert (repo.root / ".git" / "index").read_bytes() == before


class TestWorkTree:
    def test_tracked_and_new_files_but_none_that_git_ignores(self, repo):
        repo.commit({"tracked": "1", "ignored but tracked.log": "1"})
        repo.write(".gitignore", "*.log\nsecret/\n")
        repo.write("new/file", "1")
        repo.write("a.log", "1")
        repo.write("secret/b", "1")
        repo.commit({"gone": "1"})
        (repo.root / "gone").unlink()
        repo.write("a.log", "1")
        assert sorted(WorkTree(str(repo.root)).paths()) == [
            ".gitignore", "ignored but tracked.log", "new/file", "tracked",
        ]  # fmt: skip

    def test_neither_submodules_nor_other_repositories(self, repository, repo):
        library = repository("library")
        library.commit({"x": "1"})
        repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.root), "library")
        repository("repository/nested").commit({"y": "1"})
        assert sorted(WorkTree(str(repo.root)).paths()) == [".gitmodules"]

    def test_each_file_of_a_conflict_once(self, repo):
        repo.commit({"a": "base"})
        repo.git("switch", "--quiet", "--create", "side")
        repo.commit({"a": "side"})
        repo.git("switch", "--quiet", "main")
        repo.commit({"a": "main"})
        with pytest.raises(AssertionError):
            repo.git("merge", "side")
        assert list(WorkTree(str(repo.root)).paths()) == ["a"]

    def test_without_git_every_file(self, tmp_path):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "b").write_text("1")
        (tmp_path / "c").write_text("1")
        os.symlink("/etc", tmp_path / "etc")
        os.mkfifo(tmp_path / "pipe")
        assert sorted(WorkTree(str(tmp_path)).paths()) == ["a/b", "c", "etc"]

    def test_a_link_is_not_followed(self, tmp_path):
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_text("secret")
        root = tmp_path / "root"
        root.mkdir()
        os.symlink("../outside", root / "folder")
        os.symlink("../outside/secret", root / "link")
        tree = WorkTree(str(root))
        assert (tree.read("link"), tree.mode("link")) == (b"../outside/secret", LINK)
        assert not tree.exists("folder/secret")
        assert tree.list("folder") == []
        with pytest.raises(FileError, match="no such file"):
            tree.read("folder/secret")

    @pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../outside", "..", ".", "", "a/.."])
    def test_a_path_that_leads_out_is_no_file(self, tmp_path, path):
        (tmp_path / "outside").write_text("secret")
        (tmp_path / "root" / "a").mkdir(parents=True)
        tree = WorkTree(str(tmp_path / "root"))
        assert not tree.exists(path)
        with pytest.raises(FileError, match="no such file"):
            tree.read(path)

    def test_modes(self, tmp_path):
        (tmp_path / "plain").write_text("1")
        (tmp_path / "run").write_text("1")
        (tmp_path / "run").chmod(0o700)
        os.mkfifo(tmp_path / "pipe")
        tree = WorkTree(str(tmp_path))
        assert [tree.mode(name) for name in ("plain", "run", "pipe", "none")] == [FILE, EXECUTABLE, 0, 0]

    def test_more_than_the_limit_is_refused(self, tmp_path):
        (tmp_path / "big").write_bytes(b"x" * 11)
        tree = WorkTree(str(tmp_path))
        assert len(tree.read("big", 11)) == 11
        with pytest.raises(FileError, match="larger than 10 bytes"):
            tree.read("big", 10)

    def test_folders_are_listed_without_gits_own(self, repo):
        repo.write("a/b", "1")
        tree = WorkTree(str(repo.root))
        assert tree.list("") == ["a"]
        assert tree.list("a") == ["b"]
        assert tree.list("none") == []

    def test_a_folder_that_git_could_not_open_leaves_the_scan_incomplete(self, repo, tmp_path, monkeypatch):
        """Git takes it for a success and only warns; root, who runs the tests, can open every folder."""
        (tmp_path / "bin").mkdir()
        shim = tmp_path / "bin" / "git"
        shim.write_text("#!/bin/sh\necho \"warning: could not open directory 'x/': Permission denied\" >&2\n")
        shim.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        with pytest.raises(FileError, match="could not open directory 'x/'"):
            list(WorkTree(str(repo.root)).paths())

    def test_a_file_that_we_are_not_let_look_for_is_listed_and_cannot_be_read(self, repo, monkeypatch):
        """It is tracked in a folder that git ignores, so that git does not open the folder."""
        repo.commit({".gitignore": "hidden/\n", "a": "1"})
        repo.write("hidden/b", "2")
        repo.write("hidden/gone", "3")
        repo.git("add", "-f", "hidden")
        (repo.root / "hidden" / "gone").unlink()
        whole = os.lstat

        def lstat(path, *rest, **named):
            if os.fspath(path).endswith("hidden/b"):
                raise PermissionError(13, "Permission denied")
            return whole(path, *rest, **named)

        monkeypatch.setattr(os, "lstat", lstat)
        tree = WorkTree(str(repo.root))
        assert list(tree.paths()) == [".gitignore", "a", "hidden/b"]
        with pytest.raises(FileError, match="cannot read: permission denied"):
            tree.read("hidden/b")

    def test_a_folder_that_cannot_be_listed(self, tmp_path, monkeypatch):
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "b" / "c").write_text("1")
        tree = WorkTree(str(tmp_path))
        assert list(tree.below("a")) == ["a/b/c"]
        whole = os.scandir

        def scandir(path):
            if path.endswith("a/b"):
                raise PermissionError(13, "Permission denied")
            return whole(path)

        monkeypatch.setattr(os, "scandir", scandir)
        with pytest.raises(ScanIncomplete, match="cannot list: permission denied"):
            list(tree.below("a"))


class TestFollow:
    @pytest.mark.parametrize("kind", [Index, WorkTree])
    def test_links_within_the_root(self, repo, kind):
        repo.write("rules.yaml", "1")
        (repo.root / "a").mkdir()
        os.symlink("../rules.yaml", repo.root / "a" / "one")
        os.symlink("one", repo.root / "a" / "two")
        os.symlink("circle", repo.root / "circle")
        os.symlink("../../outside", repo.root / "a" / "out")
        os.symlink("/etc/passwd", repo.root / "absolute")
        os.symlink("nothing", repo.root / "dangling")
        repo.git("add", "--all")
        snapshot = kind(str(repo.root))
        assert follow(snapshot, "a/two") == "rules.yaml"
        assert follow(snapshot, "rules.yaml") == "rules.yaml"
        for path in ("circle", "a/out", "absolute", "dangling", "none"):
            assert follow(snapshot, path) is None, path
