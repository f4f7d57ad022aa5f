"""`init` makes what is missing, keeps what is there, and says which."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from secrets_gitops.repository import creation_rules, starter

ALICE = "age1t7qtk3xj3zx7lqhyl7q3zrqtk0pcm3mxdtgdnxtjzk9a6s4ngsls7fvdzq"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


@pytest.fixture
def alice() -> str:
    from secrets_gitops.keys import age

    return age.generate()[1]


def home() -> Path:
    return Path(os.environ["HOME"])


KEYS = ".config/sops/age/keys.txt"
HOOKS = ("pre-commit", "pre-merge-commit", "pre-push", "commit-msg")
ALL = [".sops.yaml", ".secrets-gitops.yaml", *(f".git/hooks/{name}" for name in HOOKS)]


def lines(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    assert done.stdout == b""
    return done.stderr.decode().splitlines()


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".sample")
    }


def test_everything_is_made_and_the_next_command_is_named(cli, repo):
    done = cli("init", cwd=repo)
    assert done.returncode == 0
    said = lines(done)
    assert said[0].startswith(f"made  {home() / KEYS}   your private key: keep a copy in a safe place")
    assert said[1:7] == [f"made  {name}" for name in ALL]
    assert said[7].startswith("next: `secrets-gitops lint`")
    assert len(said) == 8
    assert stat.S_IMODE((home() / KEYS).stat().st_mode) == 0o600
    assert stat.S_IMODE((repo / ".sops.yaml").stat().st_mode) == 0o644


def test_the_private_key_is_in_no_file_of_the_repository(cli, repo):
    done = cli("init", cwd=repo)
    assert b"AGE-SECRET-KEY" in (home() / KEYS).read_bytes()
    assert all(b"AGE-SECRET-KEY" not in content for content in files(repo).values())
    assert b"AGE-SECRET-KEY" not in done.stderr


def test_a_second_time_keeps_everything(cli, repo):
    cli("init", cwd=repo)
    before = files(repo), files(home())
    done = cli("init", cwd=repo)
    assert done.returncode == 0
    public = re.search(r"# public key: (age1\w+)", (home() / KEYS).read_text())
    assert public is not None
    assert lines(done)[:7] == [
        f"kept  {home() / KEYS}   your key {public[1]}",
        *(f"kept  {name}" for name in ALL),
    ]
    assert (files(repo), files(home())) == before


def test_what_is_there_is_never_changed(cli, repo, alice):
    mine = {
        ".sops.yaml": f"creation_rules: [{{age: {alice}}}]  # mine\n",
        ".secrets-gitops.yaml": "clusters: {}  # mine\n",
    }
    for name, text in mine.items():
        (repo / name).write_text(text)
    done = cli("init", cwd=repo)
    assert done.returncode == 0
    assert {name: (repo / name).read_text() for name in mine} == mine
    said = "\n".join(lines(done))
    assert "kept  .sops.yaml\nkept  .secrets-gitops.yaml\nmade  .git/hooks/pre-commit" in said
    assert re.search(r"warning: `age1\w+` is not among the recipients in .sops.yaml", said)


def test_a_dry_run_writes_nothing(cli, repo):
    done = cli("init", "--dry-run", cwd=repo)
    assert done.returncode == 0
    assert [line.split("   ")[0] for line in lines(done)[:7]] == [
        f"would be made  {home() / KEYS}", *(f"would be made  {name}" for name in ALL),
    ]  # fmt: skip
    assert not (home() / ".config").exists()
    assert [name for name in files(repo) if not name.startswith(".git/")] == []
    assert not (repo / ".git/hooks/pre-commit").exists()


def test_recipients_instead_of_a_key_of_ones_own(cli, repo, alice):
    done = cli("init", "--recipient", alice, cwd=repo)
    assert done.returncode == 0
    assert not (home() / KEYS).exists()
    rules = creation_rules.parse((repo / ".sops.yaml").read_bytes(), ".sops.yaml", strict=True)
    assert [key.text for key in rules.rules[0].groups[0]] == [alice]


@pytest.mark.parametrize("recipient", ["age1typo", "alice", ""])
def test_a_recipient_that_is_none_is_refused_before_anything_is_written(cli, repo, recipient):
    before = files(repo)
    done = cli("init", "--recipient", recipient, cwd=repo)
    assert done.returncode in (2, 3)
    assert lines(done)[0].startswith("error: ")
    assert (files(repo), (home() / ".config").exists()) == (before, False)


def test_the_key_at_hand_is_used(cli, repo, tmp_path):
    cli("keys", "generate", "-o", "mine.txt")
    mine = re.search(r"# public key: (age1\w+)", (tmp_path / "mine.txt").read_text())
    assert mine is not None
    done = cli("init", cwd=repo, env={"SOPS_AGE_KEY_FILE": str(tmp_path / "mine.txt")})
    assert done.returncode == 0
    assert not (home() / KEYS).exists()
    assert mine[1] in (repo / ".sops.yaml").read_text()


@pytest.mark.parametrize("broken", ["SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "file"])
def test_a_broken_key_is_told_and_no_other_is_made_beside_it(cli, repo, broken):
    env = {}
    if broken == "file":
        (home() / KEYS).parent.mkdir(parents=True)
        (home() / KEYS).write_text("not a key\n")
    else:
        env[broken] = "nothing good"
    before = files(repo)
    done = cli("init", cwd=repo, env=env)
    assert done.returncode == 2
    assert lines(done)[0].startswith("error: none of the age keys at hand says who its recipient is")
    assert lines(done)[-1] == "hint: name who can read: `secrets-gitops init --recipient age1…`"
    assert files(repo) == before


def test_outside_of_a_repository(cli, tmp_path):
    done = cli("init")
    assert done.returncode == 2
    assert lines(done) == [f"error: `{tmp_path}` is not in a git repository", "hint: make one there with `git init`"]
    assert not (home() / ".config").exists()


def test_a_bare_repository_and_a_git_that_fails_are_told_before_anything_is_written(cli, repo, tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "bare"], check=True)
    done = cli("init", cwd=tmp_path / "bare")
    assert done.returncode == 2
    assert lines(done)[0] == f"error: `{tmp_path}/bare` is a bare repository, which has no files of its own"
    before = files(repo)
    assert cli("init", cwd=repo, env={"PATH": "/nowhere"}).returncode == 3
    assert (files(repo), (home() / ".config").exists()) == (before, False)


def test_a_folder_below_means_its_repository(cli, repo, tmp_path):
    (repo / "apps").mkdir()
    assert cli("init", "repository/apps").returncode == 0
    assert (repo / ".sops.yaml").exists()
    assert not (repo / "apps" / ".sops.yaml").exists()


def test_a_hook_of_somebody_else_stays_and_the_rest_is_made(cli, repo):
    (repo / ".git/hooks").mkdir(exist_ok=True)
    (repo / ".git/hooks/pre-commit").write_text("#!/bin/sh\n")
    done = cli("init", cwd=repo)
    assert done.returncode == 0
    said = lines(done)
    assert "made  .git/hooks/pre-merge-commit" in said
    assert "warning: the hook `pre-commit` is not ours and stays as it is, so nothing is refused yet" in said
    assert "hint: `secrets-gitops git install --chain` runs it after ours" in said
    assert (repo / ".git/hooks/pre-commit").read_text() == "#!/bin/sh\n"
    (repo / ".pre-commit-config.yaml").write_text("repos: []\n")
    assert "hint: add the hook `secrets-gitops` to .pre-commit-config.yaml" in lines(cli("init", cwd=repo))


@pytest.mark.parametrize("name", [".sops.yaml", ".secrets-gitops.yaml"])
def test_broken_rules_or_settings_are_told_before_anything_is_written(cli, repo, name):
    (repo / name).write_text("a: [\n")
    before = files(repo)
    done = cli("init", cwd=repo)
    assert done.returncode == 2
    assert lines(done)[1].strip().startswith(f"--> {name}:")
    assert (files(repo), (home() / ".config").exists()) == (before, False)


def test_the_ending_that_sops_ignores_is_told(cli, repo):
    (repo / ".sops.yml").write_text("creation_rules: []\n")
    assert "warning: .sops.yml is read by nobody; the name is .sops.yaml" in lines(cli("init", cwd=repo))


class TestStarterRules:
    @pytest.mark.parametrize(
        ("path", "selector"),
        [
            ("secret.yaml", "data"),
            ("apps/db/secret.yaml", "data"),
            ("apps/db/secrets.yml", "data"),
            ("apps/db/db.secret.yaml", "data"),
            ("apps/db/db-secret.enc.yaml", "data"),
            ("apps/db/secret.enc.json", "data"),
            ("apps/db/values.enc.yaml", "all"),
            ("values-prod.enc.yaml", "all"),
            ("config.enc.json", "all"),
            ("apps/db/external-secret.yaml", None),
            ("apps/db/sealed-secret.yaml", None),
            ("apps/db/secretstore.yaml", None),
            ("apps/db/secret-store.yaml", None),
            ("apps/secrets/external-secret.yaml", None),
            ("apps/db/values.yaml", None),
            ("apps/db/client_secret.json", None),
            ("kustomization.yaml", None),
            (".sops.yaml", None),
            (".secrets-gitops.yaml", None),
            ("secret.yaml.bak", None),
        ],
    )
    def test_which_files_and_which_of_their_values(self, path, selector):
        rules = creation_rules.parse(starter.creation_rules([ALICE]).encode(), ".sops.yaml", strict=True)
        rule = rules.rule_for(path)
        found = None if rule is None else "data" if rule.selector is not None else "all"
        assert found == selector

    def test_several_recipients_stand_in_one_place(self):
        text = starter.creation_rules(["age1one", "age1two"])
        assert text.count("age1one") == 1
        rules = creation_rules.parse(text.encode(), ".sops.yaml", strict=True)
        assert rules.warnings == ()
        assert [[key.text for key in rule.groups[0]] for rule in rules.rules] == [["age1one", "age1two"]] * 2

    def test_the_real_sops_takes_the_same_rules(self, program, repo, cli):
        sops = program("sops")
        cli("init", cwd=repo)
        plain = "kind: Secret\nmetadata:\n    name: a\nstringData:\n    password: x\n"
        for name in ("secret.yaml", "values.enc.yaml", "other.yaml"):
            (repo / name).write_text(plain)
        codes = [
            subprocess.run([sops, "encrypt", "-i", name], cwd=repo, capture_output=True, check=False).returncode
            for name in ("secret.yaml", "values.enc.yaml", "other.yaml")
        ]
        assert codes[:2] == [0, 0]
        assert codes[2] != 0
        assert "kind: Secret\n" in (repo / "secret.yaml").read_text()
        assert "password: ENC[" in (repo / "secret.yaml").read_text()
        assert "kind: ENC[" in (repo / "values.enc.yaml").read_text()


class TestADirtyRepository:
    """What is committed goes into a baseline, what is staged or new does not, and what is critical never."""

    BASELINE = ".secrets-gitops-baseline.json"

    def secret(self, repo: Path, name: str) -> None:
        value = os.urandom(20).hex()
        (repo / name).write_text(f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  a: {value}\n")

    def git(self, repo: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=repo, check=True, capture_output=True)

    @pytest.fixture
    def dirty(self, repo):
        self.secret(repo, "committed.yaml")
        self.secret(repo, "changed.yaml")
        self.git(repo, "add", ".")
        self.git(repo, "commit", "-qm", "as it was")
        self.secret(repo, "changed.yaml")
        self.secret(repo, "staged.yaml")
        self.git(repo, "add", ".")
        self.secret(repo, "new.yaml")
        return repo

    def test_only_what_is_committed(self, cli, dirty):
        assert cli("init", cwd=dirty).returncode == 0
        text = (dirty / self.BASELINE).read_text()
        assert "committed.yaml" in text
        assert not re.search("changed.yaml|staged.yaml|new.yaml", text)
        assert '"state": "to_rotate"' in text

    def test_the_next_command_shows_what_is_in_it(self, cli, dirty):
        said = lines(cli("init", cwd=dirty))[-1]
        assert said.startswith("next: `secrets-gitops lint --baseline none` says")
        found = cli("lint", "--baseline", "none", cwd=dirty).stdout.decode()
        assert "committed.yaml:" in found and "  fix: " in found

    def test_a_dry_run_says_so_and_writes_nothing(self, cli, dirty):
        done = cli("init", "--dry-run", cwd=dirty)
        assert f"would be made  {self.BASELINE}   1 finding" in done.stderr.decode()
        assert not (dirty / self.BASELINE).exists()

    def test_a_critical_finding_is_said(self, cli, dirty):
        from secrets_gitops.keys import age

        (dirty / "key.txt").write_bytes(age.generate()[0].reveal() + b"\n")
        self.git(dirty, "add", "key.txt")
        self.git(dirty, "commit", "-qm", "a key")
        said = cli("init", cwd=dirty).stderr.decode()
        assert re.search(r"warning: key.txt:1: .*; this is critical and goes into no baseline", said)
        assert "key.txt" not in (dirty / self.BASELINE).read_text()

    def test_a_baseline_that_is_there_stays(self, cli, dirty):
        (dirty / self.BASELINE).write_text("")
        assert f"kept  {self.BASELINE}" in cli("init", cwd=dirty).stderr.decode()
        assert (dirty / self.BASELINE).read_text() == ""

    def test_a_clean_repository_gets_none(self, cli, repo):
        cli("init", cwd=repo)
        assert not (repo / self.BASELINE).exists()
