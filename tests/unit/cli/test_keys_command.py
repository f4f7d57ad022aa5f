"""`keys`: a key is made where sops looks, kept from others' eyes, and listed without its private half."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest


@pytest.fixture
def default() -> Path:
    return Path(os.environ["XDG_CONFIG_HOME"]) / "sops" / "age" / "keys.txt"


def test_a_key_is_made_where_sops_looks_and_is_then_found(cli, default: Path):
    made = cli("keys", "generate")
    assert (made.returncode, made.stdout) == (0, b"")
    recipient = default.read_text().split("\n")[1].removeprefix("# public key: ")
    assert made.stderr.decode() == f"wrote {default}\npublic key: {recipient}\n"
    assert stat.S_IMODE(default.stat().st_mode) == 0o600
    listed = cli("keys", "list")
    assert listed.stdout.decode() == f"age  {recipient}  {default}\n"
    assert listed.stderr == b""


def test_a_second_key_is_not_written_over_the_first(cli, default: Path):
    cli("keys", "generate")
    before = default.read_bytes()
    again = cli("keys", "generate")
    assert again.returncode == 3
    assert again.stderr.decode().splitlines() == [
        "error: the file exists, and a key is never written over another",
        f"  --> {default}",
        "hint: name another file with `-o FILE`, or print the key with `-o -`",
    ]
    assert default.read_bytes() == before


def test_a_key_goes_to_standard_output_only_when_asked(cli, default: Path):
    made = cli("keys", "generate", "-o", "-")
    assert made.stdout.splitlines()[2].startswith(b"AGE-SECRET-" + b"KEY-1")
    assert b"SECRET" not in made.stderr
    assert not default.exists()


def test_a_post_quantum_key_is_made_on_request(cli, tmp_path: Path):
    made = cli("keys", "generate", "--pq", "-o", "k.txt")
    assert made.returncode == 0
    assert "public key: age1pq1" in made.stderr.decode()
    listed = cli("keys", "list", "--identity", "k.txt", "--format", "json")
    [row] = json.loads(listed.stdout)
    assert row["recipient"].startswith("age1pq1")
    assert (row["kind"], row["source"]) == ("age", "k.txt")


def test_a_list_without_keys_says_where_it_looked_and_what_to_do(cli, default: Path):
    listed = cli("keys", "list")
    assert (listed.returncode, listed.stdout) == (0, b"")
    assert listed.stderr.decode().splitlines() == [
        f"not used: {default}: there is no such file",
        "warning: there is no key here",
        "hint: make one with `secrets-gitops keys generate`",
    ]
    assert json.loads(cli("keys", "list", "--format", "json").stdout) == []


def test_the_list_runs_no_command_and_shows_no_private_half(cli, tmp_path: Path):
    secret = cli("keys", "generate", "-o", "-").stdout.decode()
    env = {"SOPS_AGE_KEY_CMD": f"touch {tmp_path}/run", "SOPS_AGE_KEY": secret.split("\n")[2] + " hunter2"}
    listed = cli("keys", "list", env=env)
    assert listed.stdout.decode() == "age  -  SOPS_AGE_KEY_CMD\n"
    shown = listed.stdout + listed.stderr
    assert b"SECRET" + b"-KEY-1" not in shown
    assert b"hunter2" not in shown
    assert not (tmp_path / "run").exists()


def test_a_named_file_that_is_not_there_is_an_error(cli):
    listed = cli("keys", "list", "--identity", "nowhere.txt")
    assert (listed.returncode, listed.stdout) == (3, b"")
    assert "cannot read the identity file: no such file or directory" in listed.stderr.decode()


def test_without_a_home_the_place_must_be_named(cli):
    made = cli("keys", "generate", env={"XDG_CONFIG_HOME": "", "HOME": ""})
    assert made.returncode == 2
    assert "`-o FILE`" in made.stderr.decode()


def test_a_kind_that_is_not_built_is_a_usage_error(cli):
    made = cli("keys", "generate", "--type", "pgp")
    assert made.returncode == 2
    assert "'age'" in made.stderr.decode()
