"""`get` prints one value byte for byte, or nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "integrations"


def test_text_comes_out_as_it_is_without_a_line_break_of_ours(cli, tmp_path):
    (tmp_path / "f.txt").write_bytes(b"no line break")
    (tmp_path / "raw").write_bytes(b"\xff\x00\n")
    assert cli("get", "ref+file://f.txt").stdout == b"no line break"
    assert cli("get", "ref+file://raw").stdout == b"\xff\x00\n"
    assert cli("get", "ref+env://WHO", env={"WHO": "me"}).stdout == b"me"
    assert cli("get", "-", stdin="I am ref+env://WHO.\n", env={"WHO.": "me"}).stdout == b"I am me\n"


def test_bytes_around_a_reference_come_out_as_they_went_in(cli):
    done = cli("get", "-", stdin=b"\xff ref+env://WHO \xfe", env={"WHO": "me"})
    assert done.stdout == b"\xff me \xfe"


def test_lists_and_mappings_come_out_as_compact_json(cli, tmp_path):
    (tmp_path / "d.yaml").write_text("m: {a: 1, b: [ä, true, null]}\n")
    done = cli("get", "ref+file://d.yaml#/m")
    assert done.stdout.decode() == '{"a":1,"b":["ä",true,null]}'


def test_a_value_of_an_encrypted_file_is_printed(cli, tmp_path):
    shutil.copy(VECTORS / "secret.enc.yaml", tmp_path)
    done = cli("get", "ref+sops://secret.enc.yaml#/stringData/password", "--identity", str(VECTORS / "key.txt"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"p@ss", b"")


def test_a_text_without_reference_comes_out_with_a_warning(cli):
    done = cli("get", "ref+env://X")
    assert done.stdout == b"ref+env://X"
    assert b"no reference" in done.stderr


@pytest.mark.parametrize(
    ("reference", "exit_code", "words"),
    [
        ("ref+file://nope.txt", 3, "there is no file `nope.txt`"),
        ("ref+file://d.yaml#/a/nope", 3, "has no key `a/nope`"),
        ("ref+env://NOT_SET", 3, "no environment variable `NOT_SET`"),
        ("ref+nosuch://x/y", 2, "no backend is called `nosuch`"),
        ("ref+awssecrets://app#/k", 3, "`awssecrets` are not built yet"),
        ("ref+exec://cat/d.yaml", 3, "run a command"),
        ("ref+file:///etc/passwd", 3, "outside the repository"),
        ("ref+file://link", 3, "outside the repository"),
        ("ref+sops://secret.enc.yaml#/stringData/password", 3, "no key"),
        ("ref+sops://tampered.enc.yaml#/stringData/user", 3, "tampered.enc.yaml"),
        ("ref+sops://d.yaml#/a", 3, "not encrypted"),
        ("ref+file://loop", 3, "leads back to itself"),
    ],
)
def test_what_fails_prints_nothing_and_says_why(reference, exit_code, words, cli, tmp_path):
    (tmp_path / "d.yaml").write_text("a: {b: c4nary}\n")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to("loop")
    shutil.copy(VECTORS / "secret.enc.yaml", tmp_path)
    text = (VECTORS / "secret.enc.yaml").read_text()
    (tmp_path / "tampered.enc.yaml").write_text(text.replace("namespace: team-a", "namespace: team-b"))
    identity = ["--identity", str(VECTORS / "key.txt")] if "tampered" in reference else []
    done = cli("get", reference, *identity)
    assert (done.returncode, done.stdout) == (exit_code, b"")
    assert words in done.stderr.decode()
    assert not any(value in done.stderr for value in (b"c4nary", b"alice", b"p@ss", b"root:"))


def test_files_outside_the_repository_can_be_allowed(cli, tmp_path):
    (tmp_path / "out.txt").write_text("out")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "repo" / "deep").mkdir()
    (tmp_path / "repo" / "top.txt").write_text("top")
    deep = tmp_path / "repo" / "deep"
    assert cli("get", "ref+file://../top.txt", cwd=deep).stdout == b"top"
    assert cli("get", "ref+file://../../out.txt", cwd=deep).returncode == 3
    assert cli("get", "--allow-outside", "ref+file://../../out.txt", cwd=deep).stdout == b"out"


def test_a_private_key_in_the_environment_is_not_given_out(cli):
    done = cli("get", "ref+env://SOPS_AGE_KEY", env={"SOPS_AGE_KEY": "AGE-SECRET-KEY-c4nary"})
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"c4nary" not in done.stderr
