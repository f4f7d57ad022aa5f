"""What a push publishes: every commit of it, and each file of each commit, not the difference of its two ends."""

from __future__ import annotations

import sys

import pytest
from lint_repository import CLEAN, RECIPIENT

ZERO = "0" * 40


def line(repo, local="main", old=None, ref="refs/heads/main"):
    """As git gives it to a pre-push hook."""
    return f"refs/heads/{local} {repo.head(local)} {ref} {old or ZERO}\n"


def test_a_secret_that_one_commit_adds_and_the_next_takes_away_is_found(repo, secret):
    start = repo.head()
    added = repo.commit({"s.yaml": secret()})
    repo.remove("s.yaml")
    said = repo.lint("--pushed-range", f"{start}..HEAD")
    assert (said.code, said.failing) == (1, [("s.yaml", 6, "k8s-secret-plaintext")])
    assert said.findings[0]["commit"] == added
    assert said.findings[0]["introduced"] is True


def test_what_only_lies_in_the_work_tree_or_the_index_is_not_pushed(repo, secret):
    start = repo.head()
    repo.commit({"other.yaml": CLEAN})
    repo.stage("staged.yaml", secret())
    repo.write("untracked.yaml", secret())
    said = repo.lint("--pushed-range", f"{start}..HEAD")
    assert (said.code, said.failing, said.scanned["files"]) == (0, [], 1)


def test_each_file_is_scanned_once_and_a_finding_that_stays_is_told_once(repo, secret):
    start = repo.head()
    manifest = secret()
    first = repo.commit({"s.yaml": manifest})
    repo.commit({"s.yaml": "# moved down\n" + manifest})
    repo.commit({"s.yaml": manifest})
    said = repo.lint("--pushed-range", f"{start}..HEAD")
    assert [(f["path"], f["line"], f["commit"]) for f in said.findings] == [("s.yaml", 6, first)]
    assert said.scanned["files"] == 2


def test_another_value_in_the_same_place_is_another_finding(repo, secret):
    start = repo.head()
    first, second = repo.commit({"s.yaml": secret()}), repo.commit({"s.yaml": secret()})
    said = repo.lint("--pushed-range", f"{start}..")
    assert {f["commit"] for f in said.findings} == {first, second}


@pytest.mark.parametrize("first", ["link", "file"])
@pytest.mark.parametrize("source", ["--pushed-range", "--history"])
def test_the_words_of_a_link_are_scanned_once_more_as_a_file(repo, secret, source, first):
    start, manifest = repo.head(), secret()
    for kind in (first, "file" if first == "link" else "link"):
        (repo.root / "s.yaml").unlink(missing_ok=True)
        if kind == "link":
            (repo.root / "s.yaml").symlink_to(manifest)
        else:
            repo.write("s.yaml", manifest)
        repo.git("add", "s.yaml")
        repo.commit()
    said = repo.lint(source, *([f"{start}.."] if source == "--pushed-range" else []))
    assert said.failing == [("s.yaml", 6, "k8s-secret-plaintext")]


@pytest.mark.parametrize("source", ["--pushed-range", "--history"])
def test_a_placeholder_that_becomes_a_short_password_is_told_in_full(repo, source):
    start = repo.head()
    manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  password: "
    repo.commit({"s.yaml": manifest + "changeme\n"})
    second = repo.commit({"s.yaml": manifest + "Tr0ub4dX9\n"})
    said = repo.lint(source, *([f"{start}.."] if source == "--pushed-range" else []))
    assert said.code == 1
    assert [f["commit"] for f in said.findings if f["severity"] != "info"] == [second]


def test_an_old_finding_in_a_touched_file_fails_and_is_not_called_new(repo, secret):
    repo.commit({"s.yaml": (manifest := secret())})
    start = repo.head()
    repo.commit({"s.yaml": manifest + "  # a remark\n"})
    said = repo.lint("--pushed-range", f"{start}..HEAD")
    assert (said.code, [f["introduced"] for f in said.findings]) == (1, [False])
    assert repo.lint("--pushed-range", f"{start}..HEAD", "--changed-lines-only").code == 0


def test_the_creation_rules_are_those_of_the_commit(repo):
    """A file that had to be encrypted when it came is found although the rule is gone by the end of the push."""
    start = repo.head()
    repo.commit({".sops.yaml": f"creation_rules:\n  - path_regex: ^secrets/\n    age: {RECIPIENT}\n"})
    repo.commit({"secrets/db.yaml": "password: Kq7-vLm2-Zt9w-Xb3\n"})
    repo.remove(".sops.yaml")
    said = repo.lint("--pushed-range", f"{start}..HEAD")
    assert said.code == 1
    assert ("secrets/db.yaml", "sops-not-encrypted") in {(path, rule) for path, _, rule in said.failing}


def test_a_rule_that_comes_with_the_push_asks_files_that_were_there_before(repo):
    start = repo.commit({"secrets/db.yaml": "greeting: hello\n"})
    tip = repo.commit({".sops.yaml": f"creation_rules:\n  - path_regex: ^secrets/\n    age: {RECIPIENT}\n"})
    said = repo.lint("--pushed-range", f"{start}..HEAD")
    assert [(f["path"], f["rule"], f["commit"]) for f in said.findings] == [
        ("secrets/db.yaml", "sops-not-encrypted", tip)
    ]


def test_a_file_that_a_kustomization_turns_into_a_secret_is_judged_in_its_commit(repo, values):
    repo.commit({"k/kustomization.yaml": "secretGenerator:\n- name: db\n  envs: [db.env]\n", "k/db.env": "A=1\n"})
    start = repo.head()
    repo.commit({"k/db.env": f"WORD={values.password()}\n"})
    repo.commit({"k/db.env": "A=1\n"})
    said = repo.lint("--pushed-range", f"{start}..HEAD")
    assert ("k/kustomization.yaml", "kustomize-secret-file") in {(path, rule) for path, _, rule in said.failing}


class TestAsAHook:
    def test_a_push_is_stopped(self, repo, remote, secret):
        old = repo.head()
        repo.commit({"s.yaml": secret()})
        repo.remove("s.yaml")
        done = repo.hook("--pushed-range", "origin", str(remote.root), stdin=line(repo, old=old))
        assert done.returncode == 1
        assert done.stdout.startswith("s.yaml:6:3: k8s-secret-plaintext: ")

    def test_a_clean_push_is_not_talked_about(self, repo, remote):
        old = repo.head()
        repo.commit({"b.yaml": CLEAN})
        done = repo.hook("--pushed-range", "origin", str(remote.root), stdin=line(repo, old=old))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_a_new_branch_is_scanned_from_where_it_left_what_is_published(self, repo, remote, secret):
        repo.commit({"old.yaml": secret()})
        repo.git("push", "-q", "--no-verify", "origin", "main")
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit({"new.yaml": CLEAN})
        update = line(repo, "topic", ref="refs/heads/topic")
        assert repo.hook("--pushed-range", "origin", "url", stdin=update).returncode == 0
        repo.commit({"s.yaml": secret()})
        done = repo.hook("--pushed-range", "origin", "url", stdin=line(repo, "topic", ref="refs/heads/topic"))
        assert done.returncode == 1
        assert "old.yaml" not in done.stdout

    def test_all_of_it_goes_to_a_remote_that_has_nothing(self, repo, remote, secret):
        repo.commit({"old.yaml": secret()})
        repo.git("push", "-q", "--no-verify", "origin", "main")
        repo.git("remote", "add", "other", "/nowhere")
        assert repo.hook("--pushed-range", "other", "/nowhere", stdin=line(repo)).returncode == 1
        assert repo.hook("--pushed-range", "https://example.org/*?[", "x", stdin=line(repo)).returncode == 1

    def test_a_force_push_is_scanned_from_the_common_past(self, repo, remote, secret):
        repo.commit({"a.yaml": CLEAN})
        repo.git("push", "-q", "origin", "main")
        old = repo.head()
        repo.git("reset", "-q", "--hard", "HEAD~1")
        repo.commit({"s.yaml": secret()})
        assert repo.hook("--pushed-range", "origin", "url", stdin=line(repo, old=old)).returncode == 1

    def test_the_other_side_may_have_what_we_never_saw(self, repo, remote, secret):
        old = "1" * 40
        assert repo.hook("--pushed-range", "origin", "url", stdin=line(repo, old=old)).returncode == 0
        repo.commit({"s.yaml": secret()})
        assert repo.hook("--pushed-range", "origin", "url", stdin=line(repo, old=old)).returncode == 1

    def test_a_deletion_brings_nothing(self, repo, remote):
        stdin = f"(delete) {ZERO} refs/heads/main {repo.head()}\n"
        assert repo.hook("--pushed-range", "origin", "url", stdin=stdin).returncode == 0

    def test_one_bad_ref_of_several_is_enough(self, repo, remote, secret):
        stdin = line(repo) + f"(delete) {ZERO} refs/heads/gone {repo.head()}\n"
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit({"s.yaml": secret()})
        stdin += line(repo, "topic", ref="refs/heads/topic")
        assert repo.hook("--pushed-range", "origin", "url", stdin=stdin).returncode == 1

    def test_the_message_of_a_tag_that_a_tag_names(self, repo, remote):
        repo.git("tag", "-a", "inner", "-m", "see https://bob:Xk29dLLq8@db.example.com/x")
        repo.git("tag", "-a", "outer", "-m", "around it", "inner")
        stdin = f"refs/tags/outer {repo.head('outer')} refs/tags/outer {ZERO}\n"
        repo.git("tag", "-d", "inner")
        done = repo.hook("--pushed-range", "origin", "url", stdin=stdin)
        assert (done.returncode, "commit message:1:5: url-credential" in done.stdout) == (1, True)

    def test_a_tag_brings_what_it_names(self, repo, remote, secret):
        repo.git("checkout", "-q", "--detach")
        repo.commit({"s.yaml": secret()})
        repo.git("tag", "-a", "v1", "-m", "a release")
        repo.git("checkout", "-q", "main")
        stdin = f"refs/tags/v1 {repo.head('v1')} refs/tags/v1 {ZERO}\n"
        assert repo.hook("--pushed-range", "origin", "url", stdin=stdin).returncode == 1

    @pytest.mark.parametrize("kind", ["tree", "file"])
    def test_a_tag_may_name_a_tree_or_a_file(self, repo, remote, secret, kind):
        repo.commit({"s.yaml": secret()})
        repo.git("tag", "odd", "HEAD:s.yaml" if kind == "file" else "HEAD^{tree}")
        repo.git("reset", "-q", "--hard", "HEAD~1")
        stdin = f"refs/tags/odd {repo.head('odd')} refs/tags/odd {ZERO}\n"
        done = repo.hook("--pushed-range", "origin", "url", stdin=stdin)
        assert done.returncode == 1
        assert done.stdout.startswith("refs/tags/odd:6:3: " if kind == "file" else "s.yaml:6:3: ")

    @pytest.mark.parametrize("name", ["caf\udce9", "a\u2028b", "a\x1cb"])
    def test_the_name_of_a_ref_may_be_anything(self, repo, remote, secret, name):
        update = f"refs/heads/main {repo.head()} refs/heads/{name} {ZERO}\n"
        assert repo.hook("--pushed-range", "origin", "url", stdin=update).returncode == 0
        repo.commit({"s.yaml": secret()})
        update = f"refs/heads/main {repo.head()} refs/heads/{name} {ZERO}\n"
        assert repo.hook("--pushed-range", "origin", "url", stdin=update).returncode == 1
        assert repo.lint("--pre-receive", stdin=f"{ZERO} {repo.head()} refs/heads/{name}\n").code == 0, "it is here"

    def test_nothing_to_push_is_fine(self, repo, remote, secret):
        repo.commit({"s.yaml": secret()})
        assert repo.hook("--pushed-range", "origin", "url").returncode == 0

    def test_told_nothing_at_all_it_scans_what_no_remote_has(self, repo, remote, secret):
        assert repo.hook("--pushed-range").returncode == 0
        repo.commit({"s.yaml": secret()})
        assert repo.hook("--pushed-range").returncode == 1
        assert repo.lint("--pushed-range").code == 1

    @pytest.mark.parametrize("stdin", ["nonsense\n", "a b c d\n", f"refs/heads/main {ZERO}\n"])
    def test_lines_that_are_none_are_refused(self, repo, remote, stdin):
        assert repo.hook("--pushed-range", "origin", "url", stdin=stdin).returncode == 2

    def test_an_object_that_is_not_there_is_an_incomplete_scan(self, repo, remote):
        stdin = f"refs/heads/main {'1' * 40} refs/heads/main {ZERO}\n"
        done = repo.hook("--pushed-range", "origin", "url", stdin=stdin)
        assert done.returncode == 3
        assert "missing" in done.stderr

    def test_git_runs_it(self, repo, remote, secret):
        """With the real `git push`, and a hook as `git install` writes it."""
        install = [sys.executable, "-m", "secrets_gitops", "git", "install"]
        assert repo.git("-c", "alias.x=!" + " ".join(install), "x", check=False).returncode == 0
        repo.commit({"s.yaml": secret()})
        done = repo.git("push", "origin", "main", check=False)
        assert done.returncode == 1
        assert "s.yaml:6:3: k8s-secret-plaintext" in done.stdout + done.stderr
        repo.git("reset", "-q", "--hard", "HEAD~1")
        repo.commit({"fine.yaml": CLEAN})
        assert repo.git("push", "origin", "main", check=False).returncode == 0


class TestUnderAFramework:
    def test_a_range(self, repo, secret):
        start = repo.head()
        repo.commit({"s.yaml": secret()})
        repo.remove("s.yaml")
        environ = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": start, "PRE_COMMIT_TO_REF": "HEAD"}
        assert repo.hook("--pushed-range", env=environ).returncode == 1
        assert repo.hook(env=environ).returncode == 1

    def test_no_beginning_means_all_that_is_not_published(self, repo, remote, secret):
        repo.commit({"s.yaml": secret()})
        repo.remove("s.yaml")
        environ = {"PRE_COMMIT": "1", "PRE_COMMIT_REMOTE_NAME": "origin", "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/main"}
        assert repo.hook("--pushed-range", env=environ).returncode == 1
        repo.git("push", "-q", "--no-verify", "origin", "main")
        assert repo.hook("--pushed-range", env=environ).returncode == 0

    def test_a_beginning_that_is_not_there_is_said(self, repo):
        environ = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "1" * 40, "PRE_COMMIT_TO_REF": "HEAD"}
        done = repo.hook("--pushed-range", env=environ)
        assert done.returncode == 2
        assert "--unshallow" in done.stderr

    def test_an_empty_range_means_all_that_its_end_holds(self, repo, secret):
        repo.commit({"s.yaml": secret()})
        environ = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "HEAD", "PRE_COMMIT_TO_REF": "HEAD"}
        assert repo.hook(env=environ).returncode == 1


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        "typed", ["no-such..HEAD", "HEAD..no-such", "..HEAD", "--all..HEAD", "-x", "HEAD\n..HEAD", "HEAD:app..HEAD"]
    )
    def test_no_revision_is_a_usage_error(self, repo, typed):
        assert repo.lint(f"--pushed-range={typed}").code == 2

    def test_an_end_alone_means_what_no_remote_has(self, repo, remote, secret):
        repo.commit({"s.yaml": secret()})
        assert repo.lint("--pushed-range", "main").code == 1
        assert repo.lint("--pushed-range", "main~1").code == 0

    def test_paths_limit_the_report_and_nothing_else(self, repo, secret):
        start = repo.head()
        repo.commit({"a/s.yaml": secret(), "b/s.yaml": secret(), "a/big.txt": "word and word\n" * 400_000})
        said = repo.lint("--pushed-range", f"{start}..HEAD", "b")
        assert [path for path, *_ in said.failing] == ["b/s.yaml"]
        assert (said.code, len(said.incomplete)) == (3, 1)


def test_a_merge_brings_only_what_no_parent_has(repo, secret):
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"side.yaml": secret()})
    repo.git("checkout", "-q", "main")
    start = repo.commit({"other.yaml": CLEAN})
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.stage("evil.yaml", secret())
    merge = repo.commit()
    said = repo.lint("--commit", merge)
    assert said.failing == [("evil.yaml", 6, "k8s-secret-plaintext")]
    said = repo.lint("--pushed-range", f"{start}..HEAD")
    assert [path for path, *_ in said.failing] == ["evil.yaml", "side.yaml"]


def test_an_old_finding_of_one_parent_is_not_new_in_a_merge(repo, secret):
    lines = "".join(f"# {number}\n" for number in range(30))
    repo.commit({"s.yaml": lines + secret()})
    body = (repo.root / "s.yaml").read_text()
    for branch, edit in (
        ("one", ("# 0\n", "# zero\n")),
        ("two", ("# 29\n", "# last\n")),
        ("three", ("# 15\n", "# x\n")),
    ):
        repo.git("checkout", "-q", "-B", branch, "main")
        repo.commit({"s.yaml": body.replace(*edit)})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-edit", "one", "two", "three")
    said = repo.lint("--commit", "HEAD")
    assert [(f["path"], f["introduced"]) for f in said.findings] == [("s.yaml", False)]
    assert repo.lint("--commit", "HEAD", "--changed-lines-only").code == 0
