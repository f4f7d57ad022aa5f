"""What is staged: odd changes, odd files, and the files beside them, in the index and not on the disk."""

from __future__ import annotations

import os
import subprocess

import pytest
from lint_repository import CLEAN, HOOK, RECIPIENT

RULES = f"creation_rules:\n  - path_regex: ^secrets/\n    age: {RECIPIENT}\n"
PLAIN = "password: Kq7-vLm2-Zt9w-Xb3\n"
GENERATOR = "secretGenerator:\n- name: db\n  envs: [db.env]\n"


class TestKindsOfChange:
    def test_half_a_file_by_add_p(self, repo, secret):
        """The clean hunk is staged, the one with the secret is not; then the other way round."""
        lines = "".join(f"# {number}\n" for number in range(30))
        start = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  a: ref+env://A\n"
        repo.commit({"s.yaml": start + lines})
        body = secret().splitlines()[-1]
        repo.write("s.yaml", start.replace("name: a", "name: b") + lines + body + "\n")
        repo.git("add", "-p", input="y\nn\n")
        assert repo.lint("--staged").code == 0
        repo.git("reset", "-q")
        repo.git("add", "-p", input="n\ny\n")
        assert repo.lint("--staged").failing == [("s.yaml", 36, "k8s-secret-plaintext")]

    def test_a_file_that_becomes_a_link_and_a_link_that_becomes_a_file(self, repo, secret):
        repo.commit({"s.yaml": secret()})
        (repo.root / "s.yaml").unlink()
        (repo.root / "s.yaml").symlink_to("app/config.yaml")
        repo.git("add", "s.yaml")
        said = repo.lint("--staged")
        assert (said.code, said.scanned["files"]) == (0, 1)
        repo.commit()
        (repo.root / "s.yaml").unlink()
        repo.stage("s.yaml", secret())
        assert repo.lint("--staged").code == 1

    def test_a_token_as_the_target_of_a_link(self, repo, values):
        (repo.root / "link").symlink_to("glpat" + "-" + "Zx81kQmP20vB7nRt5sWq")
        repo.git("add", "link")
        assert repo.lint("--staged").failing == [("link", 1, "provider-token-gitlab")]

    def test_a_submodule_is_no_file(self, repo, repository, secret):
        other = repository("other")
        head = other.commit({"s.yaml": secret()})
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},modules/other")
        said = repo.lint("--staged")
        assert (said.code, said.scanned["files"]) == (0, 0)
        repo.commit()
        assert repo.lint("--tree", "HEAD").code == 0
        newer = other.commit({"t.yaml": secret()})
        repo.git("update-index", "--cacheinfo", f"160000,{newer},modules/other")
        assert repo.lint("--staged").code == 0
        start = repo.head()
        repo.commit()
        assert repo.lint("--pushed-range", f"{start}..HEAD").code == 0
        repo.git("rm", "-q", "--cached", "modules/other")
        repo.stage("modules/other", secret())
        assert repo.lint("--staged").code == 1

    def test_a_file_that_is_named_as_a_revision(self, repo, secret):
        repo.commit({"HEAD": CLEAN})
        repo.stage("s.yaml", secret())
        said = repo.lint("--staged")
        assert (said.code, said.failing) == (1, [("s.yaml", 6, "k8s-secret-plaintext")])
        repo.commit()
        repo.git("mv", "s.yaml", "moved.yaml")
        assert [finding["introduced"] for finding in repo.lint("--staged").findings] == [False]

    def test_a_file_that_is_only_intended_to_be_added(self, repo, secret):
        repo.write("s.yaml", secret())
        repo.git("add", "-N", "s.yaml")
        assert repo.lint("--staged").code == 0
        repo.git("add", "s.yaml")
        assert repo.lint("--staged").code == 1

    def test_hiding_a_file_from_git_status_does_not_hide_it(self, repo, secret):
        repo.stage("app/config.yaml", secret())
        repo.git("update-index", "--assume-unchanged", "app/config.yaml")
        assert repo.lint("--staged").code == 1
        repo.git("update-index", "--no-assume-unchanged", "--skip-worktree", "app/config.yaml")
        assert repo.lint("--staged").code == 1

    def test_another_index(self, repo, secret, tmp_path):
        environ = {"GIT_INDEX_FILE": str(tmp_path / "index")}
        repo.git("read-tree", "HEAD", env=environ)
        repo.write("s.yaml", secret())
        repo.git("add", "s.yaml", env=environ)
        assert repo.lint("--staged", env=environ).code == 1
        assert repo.lint("--staged").code == 0

    def test_an_octopus_merge(self, repo, secret):
        for name in ("one", "two", "three"):
            repo.git("checkout", "-q", "-b", name, "main")
            repo.commit({f"{name}.yaml": secret() if name == "two" else CLEAN})
        repo.git("checkout", "-q", "main")
        start = repo.head()
        repo.git("merge", "-q", "--no-edit", "one", "two", "three")
        assert repo.lint("--commit", "HEAD").failing == []
        said = repo.lint("--pushed-range", f"{start}..HEAD")
        assert said.failing == [("two.yaml", 6, "k8s-secret-plaintext")]
        assert said.findings[0]["commit"] == repo.head("two")

    def test_during_a_rebase_and_a_cherry_pick(self, repo, secret):
        repo.git("checkout", "-q", "-b", "side")
        repo.commit({"s.yaml": secret(), "app/config.yaml": "a: 1\n"})
        repo.git("checkout", "-q", "main")
        repo.commit({"app/config.yaml": "a: 2\n"})
        for command in ("cherry-pick", "rebase"):
            arguments = ("side",) if command == "cherry-pick" else ("main", "side")
            assert repo.git(command, *arguments, check=False).returncode != 0
            assert repo.lint("--staged").code == 3, "there is a conflict"
            repo.stage("app/config.yaml", "a: 3\n")
            assert repo.lint("--staged").failing == [("s.yaml", 6, "k8s-secret-plaintext")]
            repo.git(command, "--abort")


class TestContext:
    def test_staged_encrypted_counts_though_the_disk_is_plain_and_the_reverse(self, repo, values):
        env = f"PASSWORD={values.envelope()}\nsops_version=3.9.0\nsops_mac={values.envelope()}\n"
        plain = f"PASSWORD={values.password()}\n"
        repo.stage("k/db.env", env)
        repo.stage("k/kustomization.yaml", GENERATOR)
        repo.write("k/db.env", plain)
        assert "kustomize-secret-file" not in {rule for *_, rule in repo.lint("--staged").failing}
        repo.stage("k/db.env", plain)
        repo.write("k/db.env", env)
        assert "kustomize-secret-file" in {rule for *_, rule in repo.lint("--staged").failing}

    def test_a_rule_file_that_is_deleted_brings_the_one_above_into_force(self, repo):
        lax = f"creation_rules:\n  - path_regex: nothing-at-all$\n    age: {RECIPIENT}\n"
        repo.commit({".sops.yaml": RULES, "secrets/.sops.yaml": lax, "secrets/db.yaml": PLAIN})
        repo.git("rm", "-q", "secrets/.sops.yaml")
        said = repo.lint("--staged")
        assert ("secrets/db.yaml", "sops-not-encrypted") in {(path, rule) for path, _, rule in said.failing}

    def test_the_nearest_rule_file_counts_and_it_is_the_staged_one(self, repo):
        lax = f"creation_rules:\n  - path_regex: nothing-at-all$\n    age: {RECIPIENT}\n"
        repo.commit({".sops.yaml": RULES})
        repo.stage("secrets/.sops.yaml", lax)
        repo.stage("secrets/db.yaml", "greeting: hello\n")
        repo.write("secrets/.sops.yaml", RULES)
        assert "sops-not-encrypted" not in {rule for *_, rule in repo.lint("--staged").failing}

    def test_paths_limit_the_report_and_the_rule_file_is_read_all_the_same(self, repo):
        repo.stage(".sops.yaml", RULES)
        repo.stage("secrets/db.yaml", PLAIN)
        repo.stage("secrets/other.yaml", PLAIN)
        said = repo.lint("--staged", "secrets/db.yaml")
        assert {path for path, *_ in said.failing} == {"secrets/db.yaml"}
        assert "sops-not-encrypted" in {rule for *_, rule in said.failing}

    def test_broken_rules_are_exit_2(self, repo, secret):
        repo.stage(".sops.yaml", "creation_rules: 7\n")
        repo.stage("s.yaml", secret())
        said = repo.lint("--staged")
        assert said.code == 2
        assert ("s.yaml", 6, "k8s-secret-plaintext") in said.failing


class TestContents:
    @pytest.mark.parametrize(
        "encode",
        [
            lambda text: text.encode("utf-16"),
            lambda text: text.encode("utf-16-le"),
            lambda text: text.encode("utf-32"),
            lambda text: b"\xef\xbb\xbf" + text.encode(),
            lambda text: text.replace("\n", "\r\n").encode(),
            lambda text: text.encode() + b"# \0\0\0\n",
            lambda text: b"# caf\xe9\n" + text.encode(),
        ],
        ids=["UTF-16", "UTF-16 without a mark", "UTF-32", "BOM", "CRLF", "NUL", "Latin-1"],
    )
    def test_a_secret_in_any_encoding(self, repo, secret, encode):
        repo.git("config", "core.autocrlf", "false")
        repo.stage("s.yaml", encode(secret()))
        said = repo.lint("--staged")
        assert (said.code, {(path, rule) for path, _, rule in said.failing}) == (
            1,
            {("s.yaml", "k8s-secret-plaintext")},
        )

    def test_what_filters_of_the_repository_make_of_it_does_not_count(self, repo, secret):
        """The blob is what gets published: a filter that encrypts is seen at work, one that decrypts is not run."""
        repo.git("config", "filter.x.clean", "echo ciphertext")
        repo.git("config", "filter.x.smudge", "touch ran; cat")
        repo.write(".gitattributes", "*.yaml filter=x\n")
        repo.git("add", ".gitattributes")
        repo.stage("s.yaml", secret())
        assert repo.lint("--staged").code == 0
        assert not (repo.root / "ran").exists()

    @pytest.mark.parametrize("source", ["--staged", "--tree=HEAD", "--pushed-range=HEAD~1..HEAD", "--history"])
    def test_a_secret_too_deep_or_too_large_is_an_incomplete_scan(self, repo, secret, source):
        deep = "".join(f"{' ' * depth}a:\n" for depth in range(501)) + f"{' ' * 501}kind: Secret\n{' ' * 501}data: x\n"
        big = "word and word\n" * 400_000
        for name, content in (("deep.yaml", deep), ("big.txt", big)):
            repo.stage(name, content)
            if source != "--staged":
                repo.commit()
            said = repo.lint(source)
            assert (said.code, {gap["path"] for gap in said.incomplete}) == (3, {name})
            repo.git("rm", "-qf", name) if source == "--staged" else repo.git("reset", "-q", "--hard", "HEAD~1")

    @pytest.mark.parametrize("break_it", ["  b: [\n", "\t- x\n", "  'open\n", "{{ if }}\n  c: ]\n"])
    def test_a_secret_in_broken_yaml(self, repo, secret, break_it):
        repo.stage("s.yaml", secret() + break_it)
        said = repo.lint("--staged")
        assert said.code == 1
        assert ("s.yaml", 6, "k8s-secret-plaintext") in said.failing

    NAMES = (b"with space", b"line\nbreak", b"caf\xe9", b"-dash", b'quote"d\t', b":(top)x", "é日本".encode(), b"a\\b")

    @pytest.mark.parametrize("name", NAMES)
    def test_odd_names_from_commits(self, repo, secret, name):
        """As the index tests have it, for trees, ranges and history."""
        start = repo.head()
        folder = os.fsencode(repo.root) + b"/" + name
        os.mkdir(folder)
        with open(folder + b"/" + name + b".yaml", "w") as file:
            file.write(secret())
        repo.git("add", "--all")
        repo.commit()
        for arguments in (
            ("--tree", "HEAD"),
            ("--pushed-range", f"{start}..HEAD"),
            ("--history",),
            ("--commit", "HEAD"),
        ):
            said = repo.lint(*arguments)
            assert (said.code, len(said.failing)) == (1, 1), arguments


class TestSize:
    def test_two_thousand_staged_files_are_all_read(self, repo, secret):
        for number in range(2000):
            repo.write(f"apps/{number % 50}/{number}.yaml", CLEAN.replace("db", f"db{number}"))
        repo.write("apps/7/secret.yaml", secret())
        repo.git("add", ".")
        said = repo.lint("--staged")
        assert said.failing == [("apps/7/secret.yaml", 6, "k8s-secret-plaintext")]
        assert said.scanned["files"] == 2001

    def test_one_change_in_a_tree_of_ten_thousand_files(self, repo, secret):
        """Made by fast-import, without touching the disk. Only what changed is read."""
        lines = [b"feature done\ncommit refs/heads/main\ncommitter a <a@example.org> 1700000000 +0000\ndata 1\nx\n"]
        for number in range(10_000):
            body = f"kind: ConfigMap\nn: {number}\n".encode()
            lines.append(b"M 100644 inline d%d/%d.yaml\ndata %d\n%s\n" % (number % 97, number, len(body), body))
        lines.append(b"done\n")
        subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=repo.root, input=b"".join(lines), check=True)
        repo.git("read-tree", "HEAD")
        repo.stage("d3/s.yaml", secret())
        said = repo.lint("--staged")
        assert (said.failing, said.scanned["files"]) == ([("d3/s.yaml", 6, "k8s-secret-plaintext")], 1)
        repo.commit()
        assert repo.lint("--commit", "HEAD").scanned["files"] == 1
        said = repo.lint("--tree", "HEAD")
        assert (said.failing, said.scanned["files"]) == ([("d3/s.yaml", 6, "k8s-secret-plaintext")], 10_001)


def test_several_hooks_at_once(repo, secret):
    """A framework may run batches in parallel: no lock is taken, each says the same."""
    repo.stage("s.yaml", secret())
    before = (repo.root / ".git" / "index").read_bytes()
    running = [subprocess.Popen(HOOK, cwd=repo.root, stdout=subprocess.PIPE) for _ in range(4)]
    outputs = {process.communicate(timeout=60)[0] for process in running}
    assert [process.returncode for process in running] == [1] * 4
    assert len(outputs) == 1
    assert (repo.root / ".git" / "index").read_bytes() == before
