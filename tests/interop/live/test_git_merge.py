"""The merge driver in a real repository: whatever git does with it, the real sops opens what comes out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.documents import conflicts
from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

YAML = """\
# head
user: admin
password: one   # who
deep:
  # about a
  a: 1
  b: two
hosts:
- x
- yy
- z
text: |
  line
  more
"""
JSON = '{\n\t"user": "admin",\n\t"password": "one",\n\t"deep": {\n\t\t"a": 1,\n\t\t"b": "two"\n\t}\n}\n'
DOTENV = "# head\nUSER=admin\nPASSWORD=one\nMORE=2\n"
INI = "[web]\nuser = admin\npassword = one\n\n[db]\nport = 5432\n"


class Repository:
    """A clone with a rule, keys for two people and the drivers."""

    def __init__(self, path: Path, program) -> None:
        self.path = path
        self.sops_program = program("sops")
        self.keys = [age.generate(), age.generate()]
        (path.parent / "key.txt").write_bytes(self.keys[0][0].reveal() + b"\n")
        (path.parent / "other.txt").write_bytes(self.keys[1][0].reveal() + b"\n")
        path.mkdir()
        self.git("init", "-q")
        self.rule(0)
        self.ours("git", "install", "--drivers-only")
        self.git("add", "-A")
        self.git("commit", "-qm", "rules")

    def rule(self, *which: int) -> None:
        recipients = ",".join(self.keys[at][1] for at in which)
        (self.path / ".sops.yaml").write_text(json.dumps({"creation_rules": [{"age": recipients}]}))

    def run(self, *command: str, code: int | None = 0, stdin: bytes = b"", key: str | None = "key.txt", **env: str):
        environ = dict(os.environ, SOPS_DISABLE_VERSION_CHECK="true", **env)
        if key is not None:
            environ["SOPS_AGE_KEY_FILE"] = str(self.path.parent / key)
        done = subprocess.run(command, cwd=self.path, env=environ, input=stdin, capture_output=True, check=False)
        said = (done.stdout + done.stderr).decode()
        assert code is None or done.returncode == code, said
        self.said = said
        return done.stdout

    def git(self, *arguments: str, code: int | None = 0, **options):
        return self.run("git", *arguments, code=code, **options)

    def ours(self, *arguments: str, code: int | None = 0, **options):
        return self.run(sys.executable, "-m", "secrets_gitops", *arguments, code=code, **options)

    def sops(self, *arguments: str, code: int | None = 0, **options):
        return self.run(self.sops_program, *arguments, code=code, **options)

    def add(self, name: str, text: str) -> None:
        """Encrypt a file, with our layout, and commit it."""
        (self.path / name).write_bytes(text.encode())
        self.ours("encrypt", "-i", name)
        self.git("add", "-A")
        self.git("commit", "-qm", name)

    def branch(self, name: str) -> None:
        self.git("switch", "-q", "-C", name, "main")

    def change(self, name: str, *replacements: tuple[str, str]) -> None:
        """Change a file as an editor would, with ours, and commit it."""
        text = self.ours("decrypt", name).decode()
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        (self.path.parent / "wanted").write_bytes(text.encode())
        self.ours("edit", name, EDITOR=f"cp {self.path.parent / 'wanted'}")
        self.git("commit", "-qam", "change")

    def opens(self, name: str, key: str = "key.txt") -> str:
        """The plaintext as the real sops prints it; it checks the MAC."""
        return self.sops("decrypt", name, key=key).decode()

    def text(self, name: str) -> str:
        return (self.path / name).read_bytes().decode()


@pytest.fixture
def repo(tmp_path: Path, program) -> Repository:
    return Repository(tmp_path / "repository", program)


def lines(text: str) -> set[str]:
    return set(text.splitlines())


def diverge(repo: Repository, name: str, ours: list[tuple[str, str]], theirs: list[tuple[str, str]]) -> None:
    """Change the file on the branch `side` and then on `main`, where we stand afterwards."""
    repo.branch("side")
    repo.change(name, *theirs)
    repo.git("switch", "-q", "main")
    repo.change(name, *ours)


@pytest.mark.parametrize(
    ("name", "text", "ours", "theirs"),
    [
        ("a.yaml", YAML, ("admin", "root"), ("one", "two")),
        ("a.yaml", YAML, ("a: 1", "a: 2"), ("b: two", "b: two\n  # new\n  c: three")),
        ("a.yaml", YAML, ("- x", "- w\n- x"), ("- z", "- zz")),
        ("a.yaml", YAML, ("line\n", "line\n  between\n"), ("deep:\n  # about a\n  a: 1\n  b: two\n", "")),
        ("a.yaml", YAML.replace("\n", "\r\n"), ("admin", "root"), ("one", "two")),
        ("a.yaml", YAML + "---\nsecond: 1\nother: 2\n", ("second: 1", "second: 3"), ("other: 2", "other: 4")),
        ("a.yaml", "\ufeff" + YAML, ("admin", "root"), ("one", "two")),
        ("a.json", JSON, ("admin", "root"), ('"two"', '"three",\n\t\t"c": null')),
        ("a.env", DOTENV, ("admin", "root"), ("MORE=2", "MORE=3\nNEW=x")),
        ("a.ini", INI, ("admin", "root"), ("5432", "5433")),
    ],
)
def test_changes_of_different_keys_merge(repo: Repository, name, text, ours, theirs) -> None:
    repo.add(name, text)
    diverge(repo, name, [ours], [theirs])
    before = repo.text(name)
    repo.git("merge", "side", "-m", "merged")
    wanted = repo.ours("decrypt", name).decode()
    newline = "\r\n" if "\r\n" in text else "\n"
    for new in (ours[1], theirs[1]):
        assert new.replace("\n", newline) in wanted or not new
    repo.ours("verify", name)
    repo.opens(name)
    changed = lines(before) ^ lines(repo.text(name))
    assert len(changed) <= 4 + 2 * (theirs[1].count("\n") + 1 + theirs[0].count("\n")) + 2 * (text.count("---") * 2)
    if newline == "\r\n":
        assert "\n" not in repo.text(name).replace("\r\n", "")


def test_values_that_nobody_changed_keep_their_envelopes_and_theirs_keep_theirs(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    diverge(repo, "a.yaml", [("admin", "root")], [("one", "two")])
    ours, theirs = repo.text("a.yaml"), repo.git("show", "side:a.yaml").decode()
    repo.git("merge", "side", "-m", "merged")
    merged = repo.text("a.yaml")
    assert {line.split(":")[0].strip() for line in lines(ours) ^ lines(merged)} <= {"password", "lastmodified", "mac"}
    line = next(line for line in theirs.splitlines() if line.startswith("password:"))
    assert line in merged.splitlines()


@pytest.mark.parametrize("ours_rotates", [True, False])
def test_who_rotated_gives_the_data_key(repo: Repository, ours_rotates: bool) -> None:
    repo.add("a.yaml", YAML)
    repo.branch("side")
    repo.sops("rotate", "-i", "a.yaml") if not ours_rotates else repo.change("a.yaml", ("one", "two"))
    repo.git("commit", "-qam", "side", code=None)
    rotated = repo.git("show", "side:a.yaml").decode()
    repo.git("switch", "-q", "main")
    repo.sops("rotate", "-i", "a.yaml") if ours_rotates else repo.change("a.yaml", ("one", "two"))
    repo.git("commit", "-qam", "main", code=None)
    rotated = repo.text("a.yaml") if ours_rotates else rotated
    repo.git("merge", "side", "-m", "merged")
    assert "password: two" in repo.opens("a.yaml")
    armour = re.search(r"FILE-----(.*?)-----END", rotated, re.DOTALL)
    assert armour is not None
    assert "".join(armour[1].split()) in "".join(repo.text("a.yaml").split())


def test_recipients_that_one_side_changed_win(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    repo.branch("side")
    repo.rule(0, 1)
    repo.sops("updatekeys", "-y", "a.yaml")
    repo.git("commit", "-qam", "let her in")
    repo.git("switch", "-q", "main")
    repo.change("a.yaml", ("one", "two"))
    repo.git("merge", "side", "-m", "merged")
    assert "password: two" in repo.opens("a.yaml", key="other.txt")


def test_recipients_that_both_changed_are_a_conflict_and_never_a_union(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    repo.branch("side")
    repo.rule(0, 1)
    repo.sops("updatekeys", "-y", "a.yaml")
    repo.git("commit", "-qam", "let her in")
    repo.git("switch", "-q", "main")
    third = age.generate()[1]
    repo.sops("rotate", "-i", "--add-age", third, "a.yaml")
    repo.git("commit", "-qam", "let him in")
    repo.git("merge", "side", code=1)
    assert "both sides changed who can read it" in repo.said
    sides = conflicts.split(repo.text("a.yaml"))
    assert sides is not None
    for side, inside, outside in ((sides.ours, third, repo.keys[1][1]), (sides.theirs, repo.keys[1][1], third)):
        assert inside in side
        assert outside not in side
        (repo.path / "side.yaml").write_text(side)
        repo.opens("side.yaml")


def conflict(repo: Repository) -> conflicts.Sides:
    repo.add("a.yaml", YAML)
    diverge(repo, "a.yaml", [("one", "secret-of-ours"), ("a: 1", "a: 2")], [("one", "secret-of-theirs"), ("- x\n", "")])
    repo.git("merge", "side", code=1)
    sides = conflicts.split(repo.text("a.yaml"))
    assert sides is not None
    return sides


def test_a_conflict_is_encrypted_and_each_side_of_it_is_a_whole_file(repo: Repository) -> None:
    sides = conflict(repo)
    assert "conflict in `password`" in repo.said
    for hidden in ("secret-of", "a: 2", "two"):
        assert hidden not in repo.text("a.yaml")
    for text, value in ((sides.ours, "secret-of-ours"), (sides.theirs, "secret-of-theirs")):
        (repo.path / "side.yaml").write_text(text)
        plain = repo.opens("side.yaml")
        assert f"password: {value}" in plain
        assert "a: 2" in plain
        assert "- x" not in plain


def test_a_conflict_does_not_pass(repo: Repository) -> None:
    conflict(repo)
    repo.ours("verify", "a.yaml", code=1)
    repo.ours("lint", code=1)
    assert "sops-unmerged" in repo.said
    repo.ours("decrypt", "a.yaml", code=3)
    for name in ("a.bin", "a.env"):
        (repo.path / name).write_bytes((repo.path / "a.yaml").read_bytes())
        repo.ours("encrypt", "-i", name, code=3)
        assert "a merge is not finished" in repo.said
        (repo.path / name).unlink()
    repo.ours("git", "install", "--hook", "pre-commit")
    repo.git("add", "a.yaml")
    repo.git("commit", "-m", "unresolved", code=1)


def test_edit_shows_both_sides_and_seals_what_was_chosen(repo: Repository) -> None:
    sides = conflict(repo)
    keep = repo.path.parent / "keep.py"
    keep.write_text(
        "import re, sys\ntext = open(sys.argv[1]).read()\n"
        "assert 'secret-of-ours' in text and 'secret-of-theirs' in text\n"
        "text = re.sub(r'<<<<<<<.*?=======\\n(.*?)>>>>>>> theirs\\n', r'\\1', text, flags=re.S)\n"
        "open(sys.argv[1], 'w').write(text)\n"
    )
    repo.ours("edit", "a.yaml", EDITOR=f"{sys.executable} {keep}")
    assert "password: secret-of-theirs" in repo.opens("a.yaml")
    line = next(line for line in sides.theirs.splitlines() if line.startswith("password:"))
    assert line in repo.text("a.yaml").splitlines()


def test_edit_that_leaves_the_markers_writes_nothing(repo: Repository) -> None:
    conflict(repo)
    before = repo.text("a.yaml")
    repo.ours("edit", "a.yaml", code=3, EDITOR="true")
    assert repo.text("a.yaml") == before


def test_set_and_unset_decide_a_conflict(repo: Repository) -> None:
    conflict(repo)
    repo.ours("set", "a.yaml", "deep.b", stdin=b"three")
    assert "1 conflict left" in repo.said
    assert conflicts.split(repo.text("a.yaml")) is not None
    repo.ours("set", "a.yaml", "password", stdin=b"both")
    assert "password: both" in repo.opens("a.yaml")
    repo.git("reset", "-q", "--hard")
    repo.git("merge", "side", code=1)
    repo.ours("unset", "a.yaml", "password")
    assert "password" not in repo.opens("a.yaml")


def test_the_lines_of_one_side_are_a_valid_resolution(repo: Repository) -> None:
    sides = conflict(repo)
    (repo.path / "a.yaml").write_text(sides.theirs)
    repo.ours("verify", "a.yaml")


def test_a_key_that_one_side_removed_and_the_other_changed_is_a_conflict(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    diverge(repo, "a.yaml", [("user: admin\n", "")], [("admin", "root")])
    repo.git("merge", "side", code=1)
    assert "conflict in `user`" in repo.said


@pytest.mark.parametrize("name", ["a.json", "a.env", "a.ini", "a.bin"])
def test_conflicts_in_other_formats(repo: Repository, name) -> None:
    text = {"a.json": JSON, "a.env": DOTENV, "a.ini": INI, "a.bin": "one\nmore\n"}[name]
    repo.git("config", "core.attributesFile", str(repo.path.parent / "attributes"))
    (repo.path.parent / "attributes").write_text("*.bin merge=secrets-gitops\n")
    repo.add(name, text)
    diverge(repo, name, [("one", "ours-1")], [("one", "theirs-1")])
    repo.git("merge", "side", code=1)
    sides = conflicts.split(repo.text(name))
    assert sides is not None
    for side, value in ((sides.ours, "ours-1"), (sides.theirs, "theirs-1")):
        (repo.path / f"side.{name}").write_text(side)
        assert value in repo.opens(f"side.{name}")


def test_without_a_key_the_envelopes_merge_and_both_blocks_are_kept(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    diverge(repo, "a.yaml", [("admin", "root")], [("one", "two")])
    macs = [re.search("mac: (.*)", repo.git("show", f"{name}:a.yaml").decode())[1] for name in ("main", "side")]
    repo.git("merge", "side", code=1, key=None)
    assert "merged without a key" in repo.said
    text = repo.text("a.yaml")
    assert all(mac in text for mac in macs)
    assert text.count("<<<<<<<") == 1
    assert text.index("<<<<<<<") > text.index("password:")
    repo.ours("verify", "a.yaml", code=1)
    # By hand to one block: the MAC does not fit, and `edit --ignore-mac` makes a new one.
    kept = conflicts.split(text)
    assert kept is not None
    (repo.path / "a.yaml").write_text(kept.ours)
    repo.ours("verify", "a.yaml", code=1)
    repo.ours("edit", "--ignore-mac", "a.yaml", EDITOR="true")
    plain = repo.opens("a.yaml")
    assert "user: root" in plain
    assert "password: two" in plain
    # With a key: git merges once more.
    repo.git("checkout", "--merge", "--", "a.yaml")
    assert repo.opens("a.yaml").replace("    ", "  ") == plain.replace("    ", "  ")


@pytest.mark.parametrize(
    ("name", "text", "theirs"),
    [
        ("a.json", JSON, ('"two"', '"three"')),
        ("a.env", DOTENV, ("MORE=2", "MORE=3\nNEW=4")),
        ("a.ini", INI, ("5432", "5433")),
        ("a.yaml", YAML + "---\nsecond: 1\n", ("second: 1", "second: 2")),
    ],
)
def test_without_a_key_in_every_format_each_side_opens_but_for_its_mac(repo: Repository, name, text, theirs) -> None:
    repo.add(name, text)
    diverge(repo, name, [("admin", "root")], [theirs])
    repo.git("merge", "side", code=1, key=None)
    sides = conflicts.split(repo.text(name))
    assert sides is not None
    for side in (sides.ours, sides.theirs):
        (repo.path / f"side.{name}").write_text(side)
        repo.sops("decrypt", f"side.{name}", code=51)
        plain = repo.sops("decrypt", "--ignore-mac", f"side.{name}").decode()
        assert "root" in plain
        assert theirs[1].split("\n")[0].strip('"') in plain
    repo.git("checkout", "--merge", "--", name)
    repo.ours("verify", name)


def test_without_a_key_and_after_a_rotation_nothing_is_mixed(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    repo.branch("side")
    repo.sops("rotate", "-i", "a.yaml")
    repo.git("commit", "-qam", "rotated")
    repo.git("switch", "-q", "main")
    repo.change("a.yaml", ("one", "two"))
    repo.git("merge", "side", code=1, key=None)
    sides = conflicts.split(repo.text("a.yaml"))
    assert sides is not None
    assert sides.ours == repo.git("show", "main:a.yaml").decode()
    assert sides.theirs == repo.git("show", "side:a.yaml").decode()


def test_rebase_cherry_pick_revert_and_stash(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    diverge(repo, "a.yaml", [("admin", "root")], [("one", "two")])
    repo.git("branch", "picked")
    repo.git("switch", "-q", "side")
    repo.git("rebase", "-q", "main")
    assert "user: root" in repo.opens("a.yaml")
    assert "password: two" in repo.opens("a.yaml")
    repo.git("switch", "-q", "picked")
    repo.git("cherry-pick", "side")
    assert "password: two" in repo.opens("a.yaml")
    repo.git("revert", "--no-edit", "HEAD~1")
    assert "user: admin" in repo.opens("a.yaml")
    assert "password: two" in repo.opens("a.yaml")
    repo.ours("set", "a.yaml", "deep.b", stdin=b"stashed")
    repo.git("stash", "-q")
    repo.change("a.yaml", ("a: 1", "a: 5"))
    repo.git("stash", "pop")
    assert "b: stashed" in repo.opens("a.yaml")
    assert "a: 5" in repo.opens("a.yaml")


def test_an_octopus_of_different_files_merges_and_of_one_file_is_refused_by_git(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    repo.add("b.yaml", YAML)
    for name, file in (("one", "a.yaml"), ("two", "b.yaml"), ("three", "a.yaml")):
        repo.branch(name)
        repo.change(file, ("one", f"of-{name}"))
    repo.git("switch", "-q", "main")
    repo.git("merge", "one", "two", "-m", "octopus")
    assert "of-one" in repo.opens("a.yaml")
    assert "of-two" in repo.opens("b.yaml")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("merge", "one", "three", "-m", "octopus", code=None)
    repo.git("status", "--porcelain")
    text = repo.text("a.yaml")
    assert "<<<<<<<" in text or text == repo.git("show", "HEAD:a.yaml").decode()


def test_a_criss_cross_merge(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    diverge(repo, "a.yaml", [("admin", "root")], [("one", "two")])
    repo.git("branch", "before")
    repo.git("merge", "-q", "side", "-m", "main takes side")
    repo.git("switch", "-q", "side")
    repo.git("merge", "-q", "before", "-m", "side takes main")
    repo.change("a.yaml", ("a: 1", "a: 7"))
    repo.git("switch", "-q", "main")
    repo.change("a.yaml", ("b: two", "b: nine"))
    repo.git("merge", "side", "-m", "crossed")
    plain = repo.opens("a.yaml")
    for part in ("user: root", "password: two", "a: 7", "b: nine"):
        assert part in plain


def test_both_sides_add_the_file(repo: Repository) -> None:
    repo.branch("side")
    repo.add("a.yaml", "a: 1\nb: 2\n")
    repo.git("switch", "-q", "main")
    repo.add("a.yaml", "a: 1\nc: 3\n")
    repo.git("merge", "side", "-m", "both")
    assert lines(repo.opens("a.yaml")) == {"a: 1", "b: 2", "c: 3"}


def test_one_side_encrypted_what_the_other_changed_in_clear(repo: Repository) -> None:
    (repo.path / "a.yaml").write_text("a: 1\nb: 2\n")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "in clear")
    repo.branch("side")
    (repo.path / "a.yaml").write_text("a: 1\nb: 3\n")
    repo.git("commit", "-qam", "changed")
    repo.git("switch", "-q", "main")
    repo.ours("encrypt", "-i", "a.yaml")
    repo.git("commit", "-qam", "encrypted")
    repo.git("merge", "side", "-m", "both")
    assert "b: 3" not in repo.text("a.yaml")
    assert lines(repo.opens("a.yaml")) == {"a: 1", "b: 3"}


def test_files_that_are_not_encrypted_merge_by_lines(repo: Repository) -> None:
    (repo.path / "plain.yaml").write_text("a: 1\nb: 2\nc: 3\nd: 4\n")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "in clear")
    repo.branch("side")
    (repo.path / "plain.yaml").write_text("a: 9\nb: 2\nc: 3\nd: 4\n")
    repo.git("commit", "-qam", "side")
    repo.git("switch", "-q", "main")
    (repo.path / "plain.yaml").write_text("a: 1\nb: 2\nc: 3\nd: 8\n")
    repo.git("commit", "-qam", "main")
    repo.git("merge", "side", "-m", "merged")
    assert repo.text("plain.yaml") == "a: 9\nb: 2\nc: 3\nd: 8\n"


def test_a_side_that_was_tampered_with_is_not_sealed_anew(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    repo.branch("side")
    text = repo.text("a.yaml")
    x, y = [line for line in text.splitlines() if line.strip().startswith("- ENC")][:2]
    (repo.path / "a.yaml").write_text(text.replace(x, "@").replace(y, x).replace("@", y))
    repo.git("commit", "-qam", "swapped")
    repo.git("switch", "-q", "main")
    repo.change("a.yaml", ("one", "two"))
    repo.git("merge", "side", "-m", "merged", code=None)
    assert "MAC does not fit" in repo.said
    repo.ours("verify", "a.yaml", code=1)


def test_when_the_interpreter_is_gone_git_merges_ciphertext_by_lines_into_a_conflict(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    driver = repo.git("config", "merge.secrets-gitops.driver").decode().strip()
    repo.git("config", "merge.secrets-gitops.driver", driver.replace(sys.executable, "/nowhere/python"))
    diverge(repo, "a.yaml", [("admin", "root")], [("one", "two")])
    repo.git("merge", "side", code=1)
    assert "merged by lines" in repo.said
    assert conflicts.split(repo.text("a.yaml")) is not None


def test_a_merge_in_a_linked_work_tree(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    diverge(repo, "a.yaml", [("admin", "root")], [("one", "two")])
    repo.git("worktree", "add", "-q", "../linked", "-b", "linked")
    main, repo.path = repo.path, repo.path.parent / "linked"
    repo.git("merge", "side", "-m", "merged")
    assert "password: two" in repo.opens("a.yaml")
    repo.path = main


def test_the_diff_shows_that_a_value_changed_and_not_what_it_is(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    repo.change("a.yaml", ("one", "another"))
    shown = repo.git("log", "-p", "-1").decode()
    removed = [line for line in shown.splitlines() if line.startswith("-") and not line.startswith("---")]
    added = [line for line in shown.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert [line[1:].split(":")[0] for line in removed + added] == ["password", "password"]
    assert "7 bytes" in added[0]
    assert "another" not in shown
    assert not repo.git("for-each-ref", "refs/notes")


def test_a_rotation_shows_as_another_data_key_and_not_as_other_values(repo: Repository) -> None:
    repo.add("a.yaml", "a: 1\nb: two\n")
    repo.sops("rotate", "-i", "a.yaml")
    shown = repo.git("diff").decode()
    changed = [line for line in shown.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    assert [line[1:].split(":")[0].strip() for line in changed] == ["data key", "data key"]


def test_without_a_key_the_diff_shows_ciphertext(repo: Repository) -> None:
    repo.add("a.yaml", YAML)
    repo.change("a.yaml", ("one", "another"))
    shown = repo.git("log", "-p", "-1", key=None).decode()
    assert "+password: ENC[" in shown
