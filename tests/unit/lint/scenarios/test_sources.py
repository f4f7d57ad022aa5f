"""Commits, trees, history, and the staged changes told apart from what was there."""

from __future__ import annotations

import os
import sys

import pytest
from lint_repository import CLEAN, RECIPIENT


class TestCommit:
    def test_its_own_files_only(self, repo, secret):
        repo.commit({"old.yaml": secret()})
        new = repo.commit({"new.yaml": secret(), "clean.yaml": CLEAN})
        repo.commit({"later.yaml": secret()})
        said = repo.lint("--commit", "HEAD~1")
        assert said.failing == [("new.yaml", 6, "k8s-secret-plaintext")]
        assert said.findings[0]["commit"] == new
        assert said.scanned["files"] == 2

    def test_the_first_one(self, repository, secret):
        repo = repository()
        repo.commit({"s.yaml": secret()})
        assert repo.lint("--commit", "HEAD").code == 1

    def test_a_deletion_is_fine(self, repo, secret):
        repo.commit({"s.yaml": secret()})
        repo.remove("s.yaml")
        said = repo.lint("--commit", "HEAD")
        assert (said.code, said.scanned["files"]) == (0, 0)

    def test_a_tag_names_one(self, repo, secret):
        repo.commit({"s.yaml": secret()})
        repo.git("tag", "-a", "v1", "-m", "a release")
        assert repo.lint("--commit", "v1").code == 1

    @pytest.mark.parametrize("option", ["--commit", "--tree", "--history"])
    @pytest.mark.parametrize(
        "revision", ["no-such", "HEAD:app/config.yaml", "--all", "-h", "a b missing", "a blob", "HEAD~9"]
    )
    def test_what_names_none_is_a_usage_error(self, repo, option, revision):
        arguments = ["--history", "--", revision] if option == "--history" else [f"{option}={revision}"]
        assert repo.lint(*arguments).code == 2


class TestTree:
    def test_all_files_of_a_commit_whatever_lies_on_disk(self, repo, secret):
        repo.commit({"a/s.yaml": secret(), "b.yaml": CLEAN})
        repo.remove("a/s.yaml")
        repo.write("untracked.yaml", secret())
        assert repo.lint("--tree", "HEAD").failing == []
        said = repo.lint("--tree", "HEAD~1")
        assert said.failing == [("a/s.yaml", 6, "k8s-secret-plaintext")]
        assert said.scanned["files"] == 3

    def test_the_rules_are_those_of_the_tree(self, repo):
        repo.commit({"secrets/db.yaml": "password: Kq7-vLm2-Zt9w-Xb3\n"})
        rules = f"creation_rules:\n  - path_regex: ^secrets/\n    age: {RECIPIENT}\n"
        repo.commit({".sops.yaml": rules})
        repo.write(".sops.yaml", "creation_rules: []\n")
        assert "sops-not-encrypted" in {rule for *_, rule in repo.lint("--tree", "HEAD").failing}
        assert "sops-not-encrypted" not in {rule for *_, rule in repo.lint("--tree", "HEAD~1").failing}

    def test_a_tree_by_its_id_and_paths_that_limit(self, repo, secret):
        repo.commit({"a/s.yaml": secret(), "b/s.yaml": secret()})
        tree = repo.head("HEAD^{tree}")
        assert [path for path, *_ in repo.lint("--tree", tree, "b").failing] == ["b/s.yaml"]

    def test_in_a_bare_repository(self, repo, remote, secret):
        repo.commit({"s.yaml": secret()})
        repo.git("push", "-q", "origin", "main")
        assert remote.lint("--tree", "main").code == 1
        assert remote.lint("--history").code == 1

    def test_from_a_folder_below(self, repo, secret):
        repo.commit({"a/s.yaml": secret()})
        said = repo.lint("--tree", "HEAD", cwd=repo.root / "a")
        assert said.failing == [("a/s.yaml", 6, "k8s-secret-plaintext")]


class TestHistory:
    def test_what_was_deleted_long_ago_is_found_with_the_commit_that_brought_it(self, repo, secret):
        brought = repo.commit({"s.yaml": secret()})
        repo.remove("s.yaml")
        for number in range(3):
            repo.commit({f"{number}.yaml": f"a: {number}\n"})
        said = repo.lint("--history")
        assert (said.code, said.failing) == (1, [("s.yaml", 6, "k8s-secret-plaintext")])
        assert said.findings[0]["commit"] == brought
        assert repo.lint("--history", "HEAD~2..HEAD").code == 0

    def test_a_file_that_moved_is_told_once_under_its_last_name(self, repo, secret):
        brought = repo.commit({"old.yaml": secret()})
        repo.git("mv", "old.yaml", "new.yaml")
        repo.commit()
        said = repo.lint("--history")
        assert [(f["path"], f["commit"]) for f in said.findings] == [("new.yaml", brought)]

    @pytest.mark.parametrize("other", ["example.yaml", "testdata/prod.yaml", "prod.yaml.sample"])
    def test_a_name_under_which_it_counts_less_does_not_hide_the_first(self, repo, values, other):
        repo.commit({"prod.yaml": f"db:\n  password: {values.password()}\n"})
        (repo.root / other).parent.mkdir(exist_ok=True)
        repo.git("mv", "prod.yaml", other)
        repo.commit()
        assert ("prod.yaml", 2, "generic-assignment") in repo.lint("--history").failing

    def test_a_name_of_another_kind_is_another_question(self, repo, values):
        """What would be an example under its last name is none under its first."""
        repo.commit({".env": f"DB_PASSWORD={values.password()}\n"})
        repo.git("mv", ".env", "notes.bin")
        repo.commit()
        assert {path for path, *_ in repo.lint("--history").failing} >= {".env"}

    def test_every_ref_counts_and_each_can_be_asked_alone(self, repo, secret):
        repo.git("checkout", "-q", "-b", "side")
        repo.commit({"s.yaml": secret()})
        repo.git("checkout", "-q", "main")
        assert repo.lint("--history").code == 1
        assert repo.lint("--history", "main").code == 0
        assert repo.lint("--history", "main", "side").code == 1

    def test_stashes_notes_and_tags_of_odd_things_count(self, repo, secret):
        repo.stage("app/config.yaml", secret())
        repo.git("stash", "-q")
        assert repo.lint("--history").code == 1
        repo.git("stash", "drop", "-q")
        assert repo.lint("--history").code == 0
        name = repo.git("hash-object", "-w", "--stdin", input=secret()).stdout.strip()
        repo.git("tag", "odd", name)
        assert repo.lint("--history").failing == [("refs/tags/odd", 6, "k8s-secret-plaintext")]

    def test_an_empty_repository_has_none(self, repository):
        assert repository().lint("--history").code == 0

    def test_what_is_clean_is_read_once_and_what_is_not_stays_found(self, repo, secret, values):
        repo.commit({"s.yaml": secret(), "a.yaml": "a: 1\n"})
        first, second = repo.lint("--history"), repo.lint("--history")
        assert (first.code, second.code) == (1, 1)
        assert first.findings == second.findings
        assert second.scanned["files"] < first.scanned["files"]
        repo.commit({"b.yaml": "b: 1\n"})
        assert repo.lint("--history").code == 1

    def test_other_rules_ask_anew(self, repo, secret):
        repo.commit({"s.yaml": secret()})
        assert repo.lint("--history", "--rule", "private-key").code == 0
        assert repo.lint("--history").code == 1

    def test_other_settings_ask_anew_wherever_they_stand(self, repo, values):
        """In a file that an option, a variable or the settings name, and behind the beginning of an expression."""
        repo.commit({"a.txt": f"ticket zz-{values.hex(12)}\n", ".sops.yaml": "creation_rules:\n- age: age1" + "q" * 58})
        config, long = repo.root / "config.yaml", "|".join(f"never{number}" for number in range(60))
        config.write_text("lint: {require_sops: 'off'}\n")
        assert repo.lint("--history", f"--config={config}").code == 0
        config.write_text("lint: {require_sops: strict}\n")
        assert repo.lint("--history", f"--config={config}").code == 1
        rules = "[[rules]]\nid = 'ticket'\nregex = '{}|{}'\n"
        foreign = repo.root / "rules.toml"
        for last, code in (("yy-[0-9a-f]+", 0), ("zz-[0-9a-f]+", 1)):
            foreign.write_text(rules.format(long, last))
            assert repo.lint("--history", env={"GITLEAKS_CONFIG": str(foreign)}).code == code
        for last, code in (("yy-[0-9a-f]+", 0), ("zz-[0-9a-f]+", 1)):
            repo.commit(
                {"g.toml": rules.format(long, last), ".secrets-gitops.yaml": "lint: {gitleaks_config: g.toml}\n"}
            )
            assert repo.lint("--history").code == code

    def test_what_is_remembered_holds_no_value(self, repo, secret):
        manifest = secret()
        repo.commit({"s.yaml": manifest, "t.yaml": CLEAN})
        repo.lint("--history")
        kept = (repo.root / ".git" / "secrets-gitops-clean").read_bytes()
        assert kept
        for word in ("s.yaml", "t.yaml", "password", manifest.split()[-1], "example"):
            assert word.encode() not in kept

    def test_a_cache_that_cannot_be_used_changes_nothing(self, repo, secret):
        repo.commit({"s.yaml": secret(), "a.yaml": CLEAN})
        (repo.root / ".git" / "secrets-gitops-clean").mkdir()
        assert repo.lint("--history").code == 1

    def test_a_finding_of_the_past_can_be_excused_today(self, repo, secret):
        repo.commit({"s.yaml": secret()})
        repo.remove("s.yaml")
        allow = "{rules: [k8s-secret-plaintext], paths: [s.yaml], reason: rotated}"
        repo.commit({".secrets-gitops.yaml": f"lint:\n  allow:\n    - {allow}\n"})
        assert repo.lint("--history").code == 0

    def test_settings_that_were_broken_once_do_not_stop_it(self, repo):
        repo.commit({".secrets-gitops.yaml": "lint: {fail_on: never}\n"})
        repo.remove(".secrets-gitops.yaml")
        assert repo.lint("--history").code == 0


class TestIntroduced:
    """Staged changes: what is new, and what was there."""

    def test_what_head_has_is_not_new_and_fails_all_the_same(self, repo, secret):
        repo.commit({"s.yaml": (manifest := secret())})
        repo.stage("s.yaml", "# a remark\n" + manifest)
        said = repo.lint("--staged")
        assert (said.code, [f["introduced"] for f in said.findings]) == (1, [False])
        assert repo.lint("--staged", "--changed-lines-only").code == 0

    def test_a_line_beside_it_does_not_hide_a_new_one(self, repo, secret, values):
        repo.commit({"s.yaml": (manifest := secret())})
        repo.stage("s.yaml", manifest + f"  token: {values.password()}\n")
        said = repo.lint("--staged", "--changed-lines-only")
        assert (said.code, said.failing) == (1, [("s.yaml", 7, "k8s-secret-plaintext")])

    def test_another_short_value_in_its_place_is_new(self, repo, secret):
        manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  password: kw7%s\n"
        repo.commit({"s.yaml": manifest % "q"})
        repo.stage("s.yaml", manifest % "x")
        said = repo.lint("--staged", "--changed-lines-only")
        assert (said.code, [f["introduced"] for f in said.findings]) == (1, [True])

    def test_a_value_that_comes_to_stand_in_a_secret_is_new_though_its_line_is_old(self, repo, values):
        body = f"metadata: {{name: a}}\nstringData:\n  greeting: {values.password()}\n"
        repo.commit({"s.yaml": "apiVersion: v1\nkind: Widget\n" + body})
        repo.stage("s.yaml", "apiVersion: v1\nkind: Secret\n" + body)
        assert repo.lint("--staged", "--changed-lines-only").code == 1

    def test_a_renamed_file_keeps_what_it_had(self, repo, secret):
        repo.commit({"s.yaml": (manifest := secret())})
        repo.git("mv", "s.yaml", "t.yaml")
        said = repo.lint("--staged")
        assert (said.code, [f["introduced"] for f in said.findings]) == (1, [False])
        assert repo.lint("--staged", "--changed-lines-only").code == 0
        repo.stage("t.yaml", manifest + "  pin: Zq8-rT2-xW9v-k4\n")
        assert repo.lint("--staged", "--changed-lines-only").failing == [("t.yaml", 7, "k8s-secret-plaintext")]

    def test_an_old_finding_that_a_merge_brings(self, repo, secret):
        repo.git("checkout", "-q", "-b", "side")
        repo.commit({"s.yaml": secret()})
        repo.git("checkout", "-q", "main")
        repo.commit({"b.yaml": CLEAN})
        repo.git("merge", "-q", "--no-commit", "--no-ff", "side")
        said = repo.lint("--staged")
        assert (said.code, [f["introduced"] for f in said.findings]) == (1, [False])
        assert repo.lint("--staged", "--changed-lines-only").code == 0

    def test_what_was_excused_and_is_no_longer_is_new(self, repo, secret):
        above, _, value = secret().rstrip("\n").rpartition("\n")
        repo.commit({"s.yaml": f"{above}\n  # secrets-gitops:allow k8s-secret-plaintext -- a test\n{value}\n"})
        repo.stage("s.yaml", f"{above}\n{value}\n")
        assert repo.lint("--staged", "--changed-lines-only").code == 1

    def test_the_first_commit_is_all_new(self, repository, secret):
        repo = repository()
        repo.stage("s.yaml", secret())
        said = repo.lint("--staged", "--changed-lines-only")
        assert (said.code, [f["introduced"] for f in said.findings]) == (1, [True])


class TestOneSource:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("--staged", "--history"), ("--tree", "HEAD", "--commit", "HEAD"), ("--stdin", "--path", "a", "--staged"),
            ("--pushed-range=a..b", "--pre-receive"), ("--stdin",), ("--path", "a"), ("--stdin", "--path", "a", "b"),
            ("--pre-receive", "a"), ("--changed-lines-only",), ("--changed-lines-only", "--tree", "HEAD"),
        ],
    )  # fmt: skip
    def test_at_a_time(self, repo, arguments):
        assert repo.lint(*arguments, stdin="").code == 2


class TestMessage:
    @pytest.fixture
    def token(self, values):
        return "glpat" + "-" + values.password(20).replace("_", "x").replace("-", "y")

    def said(self, repo, message, **env):
        repo.write(".git/COMMIT_EDITMSG", message)
        return repo.hook("--commit-msg", ".git/COMMIT_EDITMSG", env={"GIT_EDITOR": "vi", **env})

    def test_a_token_stops_the_commit(self, repo, token):
        done = self.said(repo, f"Fix the login\n\nwith {token}\n")
        assert done.returncode == 1
        assert ".git/COMMIT_EDITMSG:3:" in done.stdout
        assert "  fix: write the message without it\n" in done.stdout
        assert token not in done.stdout + done.stderr

    def test_a_private_key_stops_it(self, repo, values):
        import base64

        body = base64.encodebytes(b"\x30\x82\x04\xa4" + values.bytes(300)).decode()
        kind = "PRIVATE KEY-----"
        assert self.said(repo, f"x\n\n-----BEGIN {kind}\n{body}-----END {kind}\n").returncode == 1

    @pytest.mark.parametrize(
        "message",
        ["Add the password field\n", "Rotate db credentials\n\nSee https://example.org/a?b=c\n", "", "x: y\n"],
    )
    def test_words_are_fine(self, repo, message):
        done = self.said(repo, message)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_what_git_takes_out_does_not_count(self, repo, token):
        assert self.said(repo, f"x\n# {token}\n").returncode == 0
        scissors = "# ------------------------ >8 ------------------------\n# Do not modify\n"
        assert self.said(repo, f"x\n{scissors}diff --git a b\n+{token}\n").returncode == 0

    def test_what_git_keeps_counts(self, repo, token):
        assert self.said(repo, f"x\n# {token}\n", GIT_EDITOR=":").returncode == 1
        scissors = "# ------------------------ >8 ------------------------\n"
        assert self.said(repo, f"x\n{scissors}{token}\n").returncode == 1
        repo.git("config", "commit.cleanup", "whitespace")
        assert self.said(repo, f"x\n# {token}\n").returncode == 1

    def test_another_comment_character(self, repo, token):
        repo.git("config", "core.commentChar", ";")
        assert self.said(repo, f"x\n; {token}\n").returncode == 0
        assert self.said(repo, f"x\n# {token}\n").returncode == 1

    def test_git_runs_it(self, repo, token):
        install = f"{sys.executable} -m secrets_gitops git install --hook commit-msg"
        repo.git("-c", f"alias.x=!{install}", "x")
        assert repo.git("commit", "--allow-empty", "-m", f"use {token}", check=False).returncode == 1
        assert repo.git("commit", "--allow-empty", "-m", f"x\n\n# {token}", check=False).returncode == 1
        editor = {"GIT_EDITOR": f"printf 'x\\n# {token}\\n' >"}
        assert repo.git("commit", "--allow-empty", check=False, env=editor).returncode == 0

    def test_a_message_that_is_not_there_is_incomplete(self, repo):
        assert repo.hook("--commit-msg", "no-such").returncode == 3

    def test_in_a_second_work_tree(self, repo, token, tmp_path):
        repo.git("worktree", "add", "-q", str(tmp_path / "second"))
        message = tmp_path / "message"
        message.write_text(f"use {token}\n")
        assert repo.hook("--commit-msg", os.fspath(message)).returncode == 1
        message.write_text(f"the database has\npassword: {token}\nhttps://app:{token}@db.internal/\n")
        assert repo.hook("--commit-msg", os.fspath(message)).returncode == 1

    def test_a_comment_character_that_nobody_knows(self, repo, token):
        repo.git("config", "core.commentChar", "auto")
        assert self.said(repo, f"x\n# {token}\n").returncode == 1
        scissors = "; ------------------------ >8 ------------------------\n; Do not modify\n"
        assert self.said(repo, f"x\n{scissors}diff --git a b\n+{token}\n").returncode == 0


class TestPublishedMessages:
    """What a push publishes are messages too; nobody may have had the hook that looks at them."""

    @pytest.fixture
    def token(self, values):
        return "glpat" + "-" + values.password(20).replace("_", "x").replace("-", "y")

    def test_of_commits_in_every_source_of_commits(self, repo, token):
        start = repo.head()
        commit = repo.commit(message=f"Log in with {token}")
        for arguments in (("--commit", "HEAD"), ("--pushed-range", f"{start}..HEAD"), ("--history",)):
            said = repo.lint(*arguments)
            assert (said.code, said.failing) == (1, [("commit message", 1, "provider-token-gitlab")]), arguments
            assert said.findings[0]["commit"] == commit
            assert "git rebase -i" in said.findings[0]["fix"]
            assert token not in str(said)
        assert repo.lint("--tree", "HEAD").code == 0

    def test_of_a_merge_and_of_a_tag(self, repo, token):
        repo.git("tag", "-a", "v1", "-m", f"released with {token}")
        stdin = f"refs/tags/v1 {repo.head('v1')} refs/tags/v1 {'0' * 40}\n"
        assert repo.hook("--pushed-range", "origin", "url", stdin=stdin).returncode == 1
        assert repo.lint("--history").code == 1

    def test_rules_are_chosen_there_too(self, repo, token):
        repo.commit(message=f"Log in with {token}")
        assert repo.lint("--commit", "HEAD", "--rule", "private-key").code == 0
        assert repo.lint("--commit", "HEAD", "--disable", "provider-token-gitlab").code == 0
        assert repo.lint("--commit", "HEAD", "--rule", "provider-token").code == 1

    def test_words_are_fine(self, repo):
        repo.commit(message="Rotate the password: see https://example.org/a-very-long-path/of-words?x=y\n\nkey: value")
        assert repo.lint("--commit", "HEAD").code == 0
