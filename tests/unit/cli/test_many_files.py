"""Commands over several files, folders and the repository; rotate, revoke and inventory, as a user meets them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "a: s3cret one\nb_unencrypted: clear\n"


@pytest.fixture(scope="session")
def keys():
    """Two identities and their recipients."""
    return [age.generate() for _ in range(2)]


@pytest.fixture
def repo(tmp_path: Path, keys) -> Path:
    """A repository with a rule that goes by name and files that fit it."""
    for number, (identity, _) in enumerate(keys):
        (tmp_path / f"key{number}").write_bytes(identity.reveal())
    root = tmp_path / "repo"
    (root / "apps").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    rule(root, keys[0])
    (root / "apps/one.enc.yaml").write_text(PLAIN)
    (root / "apps/two.enc.json").write_text('{\n  "a": "s3cret two"\n}\n')
    (root / "three.enc.env").write_text("a=s3cret three\n")
    (root / "readme.md").write_text("s3cret is not here\n")
    return root


def rule(root: Path, *who) -> None:
    recipients = ",".join(one[1] for one in who)
    (root / ".sops.yaml").write_text(f"creation_rules:\n- path_regex: \\.enc\\.\n  age: {recipients}\n")


@pytest.fixture
def sgo(cli, repo: Path):
    """A maker: run a command in the repository with one of the keys; gives both streams as text."""

    def run(*arguments: str, code: int = 0, key: str = "key0", cwd: Path = repo, stdin: str = "", **env: str):
        variables = {"SOPS_AGE_KEY_FILE": str(repo.parent / key), **env}
        done = cli(*arguments, cwd=cwd, stdin=stdin, env=variables)
        assert done.returncode == code, done.stderr.decode()
        assert b"Traceback" not in done.stderr
        return done.stdout.decode(), done.stderr.decode()

    return run


@pytest.fixture
def sealed(repo: Path, sgo) -> Path:
    sgo("encrypt", "-i", "--all")
    return repo


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.enc.*") if path.is_file()}


class TestEncrypt:
    def test_all_takes_what_a_rule_covers_by_name_and_again_does_nothing(self, sgo, repo: Path):
        _, said = sgo("encrypt", "-i", "--all")
        assert "encrypted apps/one.enc.yaml\n" in said
        assert said.endswith("3 files: 3 encrypted\n")
        assert all(b"s3cret" not in data for data in files_of(repo).values())
        assert (repo / "readme.md").read_text() == "s3cret is not here\n"
        before = files_of(repo)
        assert sgo("encrypt", "-i", "--all")[1] == "3 files: 3 encrypted already\n"
        assert files_of(repo) == before

    def test_a_dry_run_writes_nothing(self, sgo, repo: Path):
        before = files_of(repo)
        said = sgo("encrypt", "-i", "--all", "--dry-run")[1]
        assert "would have encrypted three.enc.env" in said
        assert "dry run" in said
        assert files_of(repo) == before

    def test_a_rule_for_everything_takes_no_file_that_was_not_named(self, sgo, repo: Path, keys):
        (repo / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]}\n")
        said = sgo("encrypt", "-i", "--all")[1]
        assert "3 files were left out: their rule has no `path_regex`" in said
        assert b"s3cret" in files_of(repo)["three.enc.env"]
        assert "2 files: 2 encrypted" in sgo("encrypt", "-i", "apps")[1]

    def test_a_folder_goes_below_the_output_folder_and_a_second_run_keeps_its_envelopes(self, sgo, repo: Path):
        sgo("encrypt", "--output-dir", "out", "apps", "three.enc.env")
        assert (repo / "apps/one.enc.yaml").read_text() == PLAIN
        first = files_of(repo / "out")
        assert set(first) == {"apps/one.enc.yaml", "apps/two.enc.json", "three.enc.env"}
        assert "3 encrypted already" in sgo("encrypt", "--output-dir", "out", "apps", "three.enc.env")[1]
        assert files_of(repo / "out") == first
        (repo / "apps/one.enc.yaml").write_text(PLAIN + "c: s3cret\n")
        sgo("encrypt", "--output-dir", "out", "apps")
        old = first["apps/one.enc.yaml"].decode().splitlines()
        new = (repo / "out/apps/one.enc.yaml").read_text().splitlines()
        kept = [line for line in new if line in old]
        assert [line for line in old if line not in kept and "mac:" not in line and "lastmodified" not in line] == []

    def test_an_error_in_one_file_is_told_and_the_others_are_done(self, sgo, repo: Path):
        (repo / "apps/bad.enc.yaml").write_text("a: [\n")
        said = sgo("encrypt", "-i", "--all", code=3)[1]
        assert "apps/bad.enc.yaml" in said
        assert said.endswith("4 files: 3 encrypted, 1 failed\n")

    def test_of_files_that_were_named_none_is_done_when_one_fails(self, sgo, repo: Path):
        (repo / "apps/bad.enc.yaml").write_text("a: [\n")
        sgo("encrypt", "-i", "three.enc.env", "apps/bad.enc.yaml", code=3)
        assert (repo / "three.enc.env").read_text() == "a=s3cret three\n"

    def test_a_folder_does_not_go_to_one_output(self, sgo):
        assert "do not go to one output" in sgo("encrypt", "apps", code=2)[1]
        assert "`--all` takes every file" in sgo("encrypt", "-i", "--all", "apps", code=2)[1]
        assert "no file was named" in sgo("encrypt", "-i", code=2)[1]


class TestStores:
    @pytest.mark.parametrize(
        ("name", "text", "line"),
        [
            ("flat.yaml", "a: s3cret\n", "\n   lastmodified:"),
            ("nested.yaml", "a:\n  b: s3cret\n", "\n  lastmodified:"),
            ("x.txt", "s3cret\n", '\n "data":'),
        ],
    )
    def test_new_text_is_indented_as_the_rules_say_unless_the_file_shows_it(self, sgo, repo, keys, name, text, line):
        (repo / ".sops.yaml").write_text(
            f"creation_rules: [{{age: {keys[0][1]}}}]\nstores: {{yaml: {{indent: 3}}, json_binary: {{indent: 1}}}}\n"
        )
        (repo / name).write_text(text)
        sgo("encrypt", "-i", name)
        assert line in (repo / name).read_text()
        assert sgo("decrypt", name)[0] == text


class TestDecrypt:
    def test_a_folder_below_another_one_and_again(self, sgo, sealed: Path):
        assert "3 files: 3 decrypted" in sgo("decrypt", "--all", "--output-dir", "../clear")[1]
        clear = sealed.parent / "clear"
        assert (clear / "apps/one.enc.yaml").read_text() == PLAIN
        assert (clear / "apps/one.enc.yaml").stat().st_mode & 0o777 == 0o600
        assert sgo("decrypt", "--all", "--output-dir", "../clear")[1] == "3 files: 3 there already\n"

    def test_nothing_leaves_the_output_folder(self, sgo, sealed: Path):
        before = files_of(sealed)
        said = sgo("decrypt", "--all", "--output-dir", "out", cwd=sealed / "apps", code=2)[1]
        assert "`../three.enc.env` has no place below `--output-dir`" in said
        assert "2 decrypted, 1 failed" in said
        assert {name: data for name, data in files_of(sealed).items() if not name.startswith("apps/out")} == before

    def test_in_place_from_a_folder_of_the_repository(self, sgo, sealed: Path):
        assert "decrypted ../three.enc.env" in sgo("decrypt", "-i", "--all", cwd=sealed / "apps")[1]
        assert (sealed / "three.enc.env").read_text() == "a=s3cret three\n"
        assert sgo("decrypt", "-i", "--all")[1] == "no files to look at\n"


class TestSet:
    def test_a_value_in_every_file_that_has_it(self, sgo, sealed: Path):
        said = sgo("set", "--all", "b_unencrypted", stdin="new")[1]
        assert "set `b_unencrypted` in apps/one.enc.yaml" in said
        assert said.endswith("3 files: 1 changed, 2 without that value\n")
        assert "not changed" in sgo("set", "--all", "b_unencrypted", stdin="new")[1]
        said = sgo("unset", "apps", "a")[1]
        assert "removed `a` from apps/two.enc.json" in said
        assert "2 files: 2 without that value" in sgo("unset", "apps", "a")[1]

    def test_several_named_files_and_a_value_among_the_arguments(self, sgo, sealed: Path):
        sgo("set", "apps/one.enc.yaml", "three.enc.env", "a", stdin="same")
        assert sgo("decrypt", "--extract", "a", "three.enc.env")[0] == "same"
        assert sgo("decrypt", "--extract", "a", "apps/one.enc.yaml")[0] == "same"
        assert "not taken from the arguments" in sgo("set", "three.enc.env", "a", "value", code=2)[1]


class TestRotate:
    def test_all_files_get_new_envelopes_and_keep_their_values(self, sgo, sealed: Path):
        before = files_of(sealed)
        assert "3 files: 3 rotated" in sgo("rotate", "--all")[1]
        after = files_of(sealed)
        for name, data in after.items():
            old = set(before[name].decode().splitlines())
            assert not [line for line in data.decode().splitlines() if "ENC[" in line and line in old]
        assert sgo("decrypt", "apps/one.enc.yaml")[0] == PLAIN

    def test_an_interrupted_run_goes_on_where_it_stopped(self, sgo, sealed: Path):
        good = (sealed / "three.enc.env").read_bytes()
        (sealed / "three.enc.env").write_bytes(
            good.replace(b"sops_mac=ENC[AES256_GCM,data:", b"sops_mac=ENC[AES256_GCM,data:AAAA")
        )
        assert "2 rotated, 1 failed" in sgo("rotate", "--all", code=3)[1]
        done = files_of(sealed)
        (sealed / "three.enc.env").write_bytes(good)
        assert "2 rotated before, 1 rotated" in sgo("rotate", "--all")[1]
        assert files_of(sealed)["apps/one.enc.yaml"] == done["apps/one.enc.yaml"]
        assert "3 rotated" in sgo("rotate", "--all")[1]

    def test_lets_recipients_in_and_out(self, sgo, sealed: Path, keys):
        sgo("rotate", "--add", keys[1][1], "three.enc.env")
        assert sgo("decrypt", "three.enc.env", key="key1")[0] == "a=s3cret three\n"
        said = sgo("rotate", "--remove", keys[0][1], "three.enc.env")[1]
        assert "none of the keys here opens it from now on" in said
        sgo("decrypt", "three.enc.env", code=3)
        before = files_of(sealed)
        assert (
            "would have no recipient left"
            in sgo("rotate", "--remove", keys[1][1], "three.enc.env", key="key1", code=2)[1]
        )
        assert "is no recipient" in sgo("rotate", "--remove", keys[0][1], "three.enc.env", key="key1", code=2)[1]
        assert "looks like no recipient" in sgo("rotate", "--add", "nobody", "three.enc.env", code=2)[1]
        assert files_of(sealed) == before

    def test_changes_how_many_groups_are_needed(self, sgo, sealed: Path, keys):
        (sealed / ".sops.yaml").write_text(
            "creation_rules:\n- shamir_threshold: 2\n  key_groups:\n"
            + "".join(f"  - age: [{one}]\n" for one in (keys[0][1], keys[1][1], age.generate()[1]))
        )
        both = ("--identity", "../key1")
        said = sgo("updatekeys", "--yes", *both, "three.enc.env")[1]
        assert "does not reach files that exist: three.enc.env needs 3 of its 3 groups" in said
        (sealed / "three.enc.env").write_text("a=s3cret three\n")
        sgo("encrypt", "-i", "three.enc.env")
        assert sgo("decrypt", *both, "three.enc.env")[0] == "a=s3cret three\n"
        sgo("rotate", *both, "--threshold", "3", "three.enc.env")
        assert (
            "your keys open 2 of its 3 key groups, and it takes 3" in sgo("decrypt", *both, "three.enc.env", code=3)[1]
        )

    def test_only_old_files(self, sgo, sealed: Path):
        before = files_of(sealed)
        assert sgo("rotate", "--all", "--older-than", "30")[1] == "3 files: 3 young enough\n"
        assert files_of(sealed) == before


class TestRevoke:
    def test_takes_a_recipient_out_of_every_file_and_names_the_values(self, sgo, repo: Path, keys):
        rule(repo, *keys)
        sgo("encrypt", "-i", "--all")
        sgo("rotate", "--remove", keys[1][1], "three.enc.env")
        listed, said = sgo("revoke", "--dry-run", keys[1][1])
        assert "would revoke it in apps/one.enc.yaml" in said
        assert listed == ""
        listed, said = sgo("revoke", keys[1][1])
        assert listed == "apps/one.enc.yaml: a\napps/two.enc.json: a\n"
        assert "2 revoked, 1 without it" in said
        assert ".sops.yaml:3:8: the creation rule still names it" in said
        assert "git's history keeps the old text" in said
        sgo("decrypt", "apps/one.enc.yaml", key="key1", code=3)
        assert sgo("decrypt", "apps/one.enc.yaml")[0] == PLAIN
        assert "3 files: 3 without it" in sgo("revoke", keys[1][1])[1]


class TestUpdatekeys:
    def test_all_files_follow_their_rules(self, sgo, sealed: Path, keys):
        rule(sealed, *keys)
        assert "apps/one.enc.yaml:\n  + age" in sgo("updatekeys", "--all", "--dry-run")[1]
        assert "3 files: 3 updated" in sgo("updatekeys", "--all", "--yes")[1]
        assert sgo("decrypt", "three.enc.env", key="key1")[0] == "a=s3cret three\n"
        assert "all have the recipients of their rules" in sgo("updatekeys", "--all", "--yes")[1]

    def test_key_groups(self, sgo, sealed: Path, keys):
        (sealed / ".sops.yaml").write_text(
            f"creation_rules:\n- shamir_threshold: 2\n  key_groups:\n  - age: [{keys[0][1]}]\n  - age: [{keys[1][1]}]\n"
        )
        said = sgo("updatekeys", "--yes", "apps/one.enc.yaml")[1]
        assert f"+ group 2: age {keys[1][1]}" in said
        assert "none of the keys here opens it from now on" in said
        both = ["--identity", "../key1"]
        assert sgo("decrypt", *both, "apps/one.enc.yaml")[0] == PLAIN
        assert "already" in sgo("updatekeys", "--yes", "apps/one.enc.yaml")[1]
        rule(sealed, keys[0])
        assert f"- group 2: age {keys[1][1]}" in sgo("updatekeys", "--yes", *both, "apps/one.enc.yaml")[1]
        assert sgo("decrypt", "apps/one.enc.yaml")[0] == PLAIN


class TestVerifyAndInventory:
    def test_verify_goes_on_after_a_bad_file(self, sgo, sealed: Path):
        text = (sealed / "three.enc.env").read_text()
        (sealed / "three.enc.env").write_text(text + "b=added\n")
        listed, said = sgo("verify", "--all", code=1)
        assert "apps/one.enc.yaml: intact" in listed
        assert "3 files:" in said

    def test_inventory_of_the_repository(self, sgo, sealed: Path, keys):
        assert "3 files, 3 good" in sgo("inventory")[0]
        rule(sealed, *keys)
        (sealed / "apps/new.enc.yaml").write_text(PLAIN)
        listed = json.loads(sgo("inventory", "--format", "json", code=1)[0])["files"]
        assert {item["path"]: item["state"] for item in listed} == {
            "apps/new.enc.yaml": "plaintext",
            "apps/one.enc.yaml": "drift",
            "apps/two.enc.json": "drift",
            "three.enc.env": "drift",
        }
        one = next(item for item in listed if item["path"] == "three.enc.env")
        assert one["recipients"] == [{"kind": "age", "recipient": keys[0][1], "group": 1}]
        assert (one["format"], one["rule"], one["age_days"]) == ("dotenv", ".sops.yaml:2", 0)

    def test_explain_of_groups_and_of_the_repository(self, sgo, sealed: Path, keys):
        (sealed / ".sops.yaml").write_text(
            "creation_rules:\n- path_regex: \\.enc\\.\n  key_groups:\n"
            f"  - age: [{keys[0][1]}]\n  - age: [{keys[1][1]}]\n"
        )
        sgo("updatekeys", "--yes", "three.enc.env")
        text = sgo("explain", "three.enc.env")[0]
        assert "rule          .sops.yaml:2, path_regex: \\.enc\\." in text
        assert "key groups    2 of 2 needed together" in text
        assert f"[group 1] age {keys[0][1]}  (key in" in text
        assert f"[group 2] age {keys[1][1]}\n" in text
        assert "your keys open 1 of its 2 key groups" in text
        assert "tried         age" in text
        listed = json.loads(sgo("explain", "--all", "--format", "json")[0])["files"]
        assert [one["path"] for one in listed] == ["apps/one.enc.yaml", "apps/two.enc.json", "three.enc.env"]
        assert [one["opens"] for one in listed] == [True, True, False]

    def test_nothing_there(self, sgo, repo: Path):
        for path in files_of(repo):
            os.remove(repo / path)
        assert sgo("inventory")[0] == "0 files, 0 good\n"
        assert sgo("rotate", "--all")[1] == "no files to look at\n"


def on_a_terminal(command: list[str], cwd: Path, env: dict[str, str]) -> str:
    """What a person sees whose terminal is standard error."""
    master, slave = os.openpty()
    with subprocess.Popen(command, cwd=cwd, env={**os.environ, **env}, stderr=slave, stdout=subprocess.DEVNULL) as run:
        os.close(slave)
        seen = b""
        try:
            while data := os.read(master, 4096):
                seen += data
        except OSError:  # how Linux says that nobody writes to a terminal any more
            pass
    os.close(master)
    assert run.returncode == 0
    return seen.decode()


def test_a_person_sees_how_far_a_run_is(sealed: Path):
    command = [sys.executable, "-m", "secrets_gitops", "verify", "--all"]
    seen = on_a_terminal(command, sealed, {"SOPS_AGE_KEY_FILE": str(sealed.parent / "key0")})
    assert "1/3 apps/one.enc.yaml" in seen
    assert "3/3 three.enc.env" in seen
    assert seen.endswith("\x1b[K3 files: 3 intact\r\n")


def test_a_run_that_is_interrupted_says_how_to_go_on_and_leaves_whole_files(sgo, sealed: Path):
    for number in range(40):
        (sealed / f"apps/n{number}.enc.yaml").write_bytes((sealed / "apps/one.enc.yaml").read_bytes())
    command = [sys.executable, "-m", "secrets_gitops", "rotate", "--all"]
    env = {**os.environ, "SOPS_AGE_KEY_FILE": str(sealed.parent / "key0")}
    with subprocess.Popen(command, cwd=sealed, env=env, stderr=subprocess.PIPE) as run:
        assert run.stderr is not None
        first = run.stderr.readline()
        run.send_signal(signal.SIGINT)
        rest = run.stderr.read()
    assert first.startswith(b"rotated apps/")
    assert run.returncode == 130
    assert b"of 43 files; run the same again to go on" in rest
    assert "43 intact" in sgo("verify", "--all")[1]
    assert " rotated before" in sgo("rotate", "--all")[1]
    assert not [name for _, _, names in os.walk(sealed) for name in names if name.endswith(".tmp")]


class TestPush:
    @pytest.fixture
    def pushed(self, sealed: Path) -> Path:
        with (sealed / ".sops.yaml").open("a") as rules:
            rules.write(
                "destination_rules:\n- {path_regex: ^apps/, s3_bucket: b, s3_prefix: in/}\n"
                "- {path_regex: ^clear/, vault_path: x/, vault_address: https://v.example.org}\n"
            )
        return sealed

    def test_a_dry_run_says_what_would_go_where(self, sgo, pushed: Path):
        said = sgo("push", "--dry-run", "--all")[1]
        assert said == (
            "apps/one.enc.yaml -> s3://b/in/apps/one.enc.yaml\napps/two.enc.json -> s3://b/in/apps/two.enc.json\n"
        )
        assert "-> s3://b/in/one.enc.yaml" in sgo("push", "--dry-run", "apps/one.enc.yaml")[1]
        assert "-> s3://b/in/two.enc.json" in sgo("push", "--dry-run", "apps")[1]

    def test_what_no_rule_takes_is_refused(self, sgo, pushed: Path):
        assert "no destination rule" in sgo("push", "--yes", "three.enc.env", code=2)[1]
        assert "nobody can be asked" in sgo("push", "apps", code=2)[1]
        (pushed / "apps/plain.yaml").write_text(PLAIN)
        assert "is not encrypted" in sgo("push", "--yes", "apps/plain.yaml", code=3)[1]
