"""encrypt, decrypt, set, unset, updatekeys, verify, explain and edit, as a user meets them."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from secrets_gitops.keys import age

PLAIN = """\
# database
db:
  user: app   # who
  password: s3cret
  ports: [5432, 5433]
tls: |
  line one
  line two
note_unencrypted: public
"""


@pytest.fixture(scope="session")
def keys():
    """Two identities and their recipients."""
    return [age.generate() for _ in range(2)]


@pytest.fixture
def sgo(cli, tmp_path: Path, keys):
    """A maker: run a command with the first key in a folder with a rule for it; expects an exit code."""
    for number, (identity, _) in enumerate(keys):
        (tmp_path / f"key{number}").write_bytes(identity.reveal())
    (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]}\n")
    (tmp_path / "s.yaml").write_text(PLAIN)

    def run(*arguments: str, code: int = 0, key: str | None = "key0", stdin: bytes | str = b"", **env: str):
        variables = {"SOPS_AGE_KEY_FILE": str(tmp_path / key)} if key else {}
        done = cli(*arguments, stdin=stdin, env={**variables, **env})
        assert done.returncode == code, done.stderr.decode()
        assert b"s3cret" not in done.stderr
        assert b"Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def sealed(sgo, tmp_path: Path) -> Path:
    sgo("encrypt", "-i", "s.yaml")
    return tmp_path / "s.yaml"


class TestEncrypt:
    def test_in_place_and_back_gives_the_same_bytes(self, sgo, tmp_path: Path) -> None:
        done = sgo("encrypt", "-i", "s.yaml")
        assert done.stderr == b"encrypted s.yaml\n"
        text = (tmp_path / "s.yaml").read_text()
        assert "s3cret" not in text
        assert "database" not in text
        assert "note_unencrypted: public" in text
        assert sgo("decrypt", "s.yaml").stdout.decode() == PLAIN

    def test_to_standard_output_the_file_stays(self, sgo, tmp_path: Path) -> None:
        assert b"ENC[AES256_GCM" in sgo("encrypt", "s.yaml").stdout
        assert (tmp_path / "s.yaml").read_text() == PLAIN

    def test_standard_input_needs_a_name(self, sgo) -> None:
        assert b"--filename" in sgo("encrypt", "-", stdin=PLAIN, code=2).stderr
        sealed = sgo("encrypt", "-", "--filename", "x.json", stdin='{"a": "b"}').stdout
        assert json.loads(sgo("decrypt", "-", stdin=sealed).stdout) == {"a": "b"}

    def test_an_output_directory_keeps_paths(self, sgo, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "b.json").write_text('{"k": 1}')
        sgo("encrypt", "--output-dir", "out", "s.yaml", "a/b.json")
        assert b"ENC[" in (tmp_path / "out/a/b.json").read_bytes()
        assert b"ENC[" in (tmp_path / "out/s.yaml").read_bytes()
        sgo("encrypt", "--output-dir", "out", "../s.yaml", code=2)

    def test_one_bad_file_keeps_all_as_they_are(self, sgo, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text("a: [\n")
        done = sgo("encrypt", "-i", "s.yaml", "bad.yaml", code=3)
        assert b"bad.yaml:2:1" in done.stderr
        assert (tmp_path / "s.yaml").read_text() == PLAIN

    @pytest.mark.parametrize(
        ("rule", "message"),
        [
            ("encrypted_regex: '['", b"not a valid regular expression"),
            ("unencrypted_regex: '(?=x)'", b"not a valid regular expression"),
            ("encrypted_regex: ^nope$", b"leaves every value of the file in clear"),
            ("encrypted_suffix: _nope", b"leaves every value of the file in clear"),
            ("path_regx: x", b"path_regx"),
            ("encrypted_regexp: ^db$", b"encrypted_regexp"),
            ("encrypted_regex: a\n  encrypted_suffix: b", b"only one may be set"),
            ("path_regex: nothing", b"no creation rule in `.sops.yaml` fits `s.yaml`"),
        ],
    )
    def test_a_rule_that_would_leave_plaintext_is_a_usage_error(self, sgo, tmp_path: Path, keys, rule, message) -> None:
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]}\n  {rule}\n")
        done = sgo("encrypt", "-i", "s.yaml", code=2)
        assert message in done.stderr
        assert (tmp_path / "s.yaml").read_text() == PLAIN

    def test_unknown_fields_at_the_top_of_the_rules_are_fine(self, sgo, tmp_path: Path, keys) -> None:
        (tmp_path / ".sops.yaml").write_text(f"people:\n- &me {keys[0][1]}\ncreation_rules:\n- age: [*me]\n")
        sgo("encrypt", "-i", "s.yaml")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("- a\n", b"whose top is no map"),
            ("just text\n", b"whose top is no map"),
            ("a: 1\n---\n- b\n", b"whose top is no map"),
            ("1: a\n", b"a key that is no string"),
            ("true: a\n", b"a key that is no string"),
            ("a: 1\na: 2\n", b"stands twice"),
            ("sops: 1\n", b"a key `sops` at the top"),
            ("a: 1\n---\nsops: 5\n", b"a key `sops` at the top"),
            ("a: 9223372036854775808\n", b"an integer beyond 64 bits"),
            ("", b"nothing in the file to encrypt"),
            ("<<: text\n", b"`<<` needs a map"),
            ("a: &x [*x]\n", b"an alias"),
            ("a: \x00\n", b"NUL"),
            ("\ta: 1\n", b"s.yaml:1:1"),
            ("[" * 2000 + "]" * 2000, b"nested deeper"),
        ],
    )
    def test_what_sops_cannot_hold_is_refused_with_its_place(
        self, sgo, tmp_path: Path, text: str, message: bytes
    ) -> None:
        (tmp_path / "s.yaml").write_text(text)
        done = sgo("encrypt", "-i", "s.yaml", code=3)
        assert message in done.stderr
        assert b"--> s.yaml" in done.stderr
        assert (tmp_path / "s.yaml").read_text() == text

    def test_an_alias_bomb_is_refused(self, sgo, tmp_path: Path) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 9)]
        (tmp_path / "s.yaml").write_text("\n".join(lines))
        assert b"aliases stand for more" in sgo("encrypt", "-i", "s.yaml", code=3).stderr

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("x.env", b'# note\nA=1\nA="two"\n'),
            ("x.ini", b"; note\n[db]\nuser = me ; who\npassword = `#1`\n"),
            ("x.txt", b"any\0bytes\xff"),
        ],
    )
    def test_files_of_lines_and_of_bytes(self, sgo, tmp_path: Path, name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        sgo("encrypt", "-i", name)
        sealed = (tmp_path / name).read_bytes()
        assert b"ENC[" in sealed
        assert b"note" not in sealed
        assert b"any" not in sealed
        assert sgo("decrypt", name).stdout == content
        assert b"is encrypted already" in sgo("encrypt", "-i", name, code=3).stderr

    @pytest.mark.parametrize(("name", "path"), [("x.env", '["A"]'), ("x.ini", '["s"]["A"]')])
    def test_one_value_of_a_file_of_lines(self, sgo, tmp_path: Path, name: str, path: str) -> None:
        start = "" if name == "x.env" else "[s]\n"
        (tmp_path / name).write_text(f"{start}A=1\n# kept\nB=2\n")
        sgo("encrypt", "-i", name)
        before = (tmp_path / name).read_text().splitlines()
        sgo("set", name, path, stdin=b"3")
        after = (tmp_path / name).read_text().splitlines()
        assert sum(old != new for old, new in zip(before, after, strict=True)) <= 3  # the value, the MAC and its time
        assert sgo("decrypt", name).stdout.decode() == f"{start}A=3\n# kept\nB=2\n"
        sgo("unset", name, path)
        assert sgo("decrypt", name).stdout.decode() == f"{start}# kept\nB=2\n"

    def test_recipients_can_be_named(self, sgo, tmp_path: Path, keys) -> None:
        sgo("encrypt", "-i", "--age", keys[1][1], "s.yaml")
        sgo("decrypt", "s.yaml", code=3)
        assert sgo("decrypt", "s.yaml", key="key1").stdout.decode() == PLAIN
        (tmp_path / ".sops.yaml").unlink()
        (tmp_path / "t.yaml").write_text(PLAIN)
        assert b"there is no `.sops.yaml` above `t.yaml`" in sgo("encrypt", "t.yaml", code=2).stderr
        sgo("encrypt", "-i", "--age", keys[0][1], "t.yaml")

    def test_twice_is_refused(self, sgo, sealed: Path) -> None:
        before = sealed.read_bytes()
        assert b"`s.yaml` is encrypted already" in sgo("encrypt", "-i", "s.yaml", code=3).stderr
        assert sealed.read_bytes() == before

    def test_what_was_added_in_clear_is_encrypted(self, sgo, sealed: Path) -> None:
        sealed.write_text(sealed.read_text().replace("db:\n", "db:\n  added: in clear\n"))
        before = sealed.read_text().splitlines()
        assert b"`db.added` ought to be encrypted" in sgo("decrypt", "s.yaml", code=3).stderr
        sgo("verify", "s.yaml", code=1)
        done = sgo("encrypt", "-i", "s.yaml")
        assert b"`db.added` stood in clear and is encrypted now" in done.stderr
        after = sealed.read_text().splitlines()
        moved = [new.split(":")[0].strip() for old, new in zip(before, after, strict=True) if old != new]
        assert set(moved) <= {"added", "mac", "lastmodified"}
        assert "added: in clear\n" in sgo("decrypt", "s.yaml").stdout.decode()

    def test_what_took_the_place_of_a_value_cannot_be_verified(self, sgo, sealed: Path) -> None:
        lines = [line if "password" not in line else "  password: other" for line in sealed.read_text().splitlines()]
        sealed.write_text("\n".join(lines) + "\n")
        before = sealed.read_bytes()
        assert b"cannot be verified" in sgo("encrypt", "-i", "s.yaml", code=3).stderr
        assert sealed.read_bytes() == before
        sgo("encrypt", "-i", "--ignore-mac", "s.yaml")
        assert "password: other\n" in sgo("decrypt", "s.yaml").stdout.decode()

    def test_aliases_of_secrets_are_written_out_and_it_says_so(self, sgo, tmp_path: Path, keys) -> None:
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]}\n  encrypted_regex: ^secret$\n")
        text = "secret: &s\n  a: x\ncopy: *s\nlabels: &l {app: web}\nselector: *l\n"
        (tmp_path / "s.yaml").write_text(text)
        done = sgo("encrypt", "-i", "s.yaml")
        assert b"s.yaml:3: the alias was written out" in done.stderr
        sealed = (tmp_path / "s.yaml").read_text()
        assert "selector: *l\n" in sealed
        assert sgo("decrypt", "s.yaml").stdout.decode() == text.replace("copy: *s", "copy:\n  a: x")

    def test_an_object_for_the_cluster_gets_a_mac_that_survives_sorting(self, sgo, tmp_path: Path, keys) -> None:
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]}\n  encrypted_suffix: Templates\n")
        (tmp_path / "s.yaml").write_text(
            "apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nmetadata: {name: x}\n"
            "spec:\n  secretTemplates:\n  - name: a\n    stringData: {k: v}\n"
        )
        sgo("encrypt", "-i", "s.yaml")
        assert "mac_only_encrypted: true\n" in (tmp_path / "s.yaml").read_text()
        sgo("verify", "s.yaml")

    def test_the_keys_of_such_an_object_are_put_in_order_also_when_it_is_encrypted_already(
        self, sgo, tmp_path: Path, keys
    ) -> None:
        head = "apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nmetadata: {name: x}\n"
        text = "spec:\n  secretTemplates:\n  - name: a\n    stringData:\n      b: 1\n      # on a\n      a: 2\n"
        in_order = head + text.replace("      b: 1\n", "") + "      b: 1\n"
        rule = f"creation_rules:\n- age: {keys[0][1]}\n  encrypted_suffix: Templates\n"
        (tmp_path / ".sops.yaml").write_text(rule)
        (tmp_path / "s.yaml").write_text(head + text)
        sgo("encrypt", "-i", "s.yaml")
        assert sgo("decrypt", "s.yaml").stdout.decode() == in_order
        assert sgo("lint", "s.yaml").stdout == b""
        (tmp_path / "s.yaml").write_text(text)  # no object yet, so that it is encrypted as it is
        sgo("encrypt", "-i", "s.yaml")
        (tmp_path / "s.yaml").write_text(head + (tmp_path / "s.yaml").read_text())
        assert b"--sort s.yaml" in sgo("lint", "--fail-on", "low", "s.yaml", code=1).stdout
        sgo("encrypt", "-i", "--ignore-mac", "--sort", "s.yaml", code=3)  # what was added by hand is no more trusted
        (tmp_path / "s.yaml").write_text(text)
        sgo("encrypt", "-i", "s.yaml")
        sgo("encrypt", "-i", "--sort", "s.yaml")
        assert sgo("decrypt", "s.yaml").stdout.decode() == in_order.removeprefix(head)
        before = (tmp_path / "s.yaml").read_bytes()
        assert b"encrypted already" in sgo("encrypt", "-i", "--sort", "s.yaml", code=3).stderr
        assert (tmp_path / "s.yaml").read_bytes() == before
        sgo("encrypt", "-i", "--sort", ".")
        assert (tmp_path / "s.yaml").read_bytes() == before

    def test_sorting_changes_neither_who_can_read_nor_what_is_encrypted(self, sgo, tmp_path: Path, keys) -> None:
        rule = f"creation_rules:\n- age: {keys[0][1]}\n  encrypted_regex: ^[ab]$\n"
        (tmp_path / ".sops.yaml").write_text(rule)
        (tmp_path / "s.yaml").write_text("b: 1\na: 2\n")
        sgo("encrypt", "-i", "s.yaml")
        before = (tmp_path / "s.yaml").read_bytes()
        sgo("encrypt", "-i", "--sort", "--age", keys[1][1], "s.yaml", code=2)
        for other in (rule.replace(keys[0][1], f"{keys[0][1]},{keys[1][1]}"), rule.replace("[ab]", "a")):
            (tmp_path / ".sops.yaml").write_text(other)
            done = sgo("encrypt", "-i", "--sort", "s.yaml", code=2)
            assert b"than its rule" in done.stderr and b"updatekeys s.yaml" in done.stderr
            assert (tmp_path / "s.yaml").read_bytes() == before
        (tmp_path / ".sops.yaml").write_text(rule)
        sgo("encrypt", "-i", "--sort", "s.yaml")
        assert sgo("decrypt", "s.yaml").stdout == b"a: 2\nb: 1\n"

    def test_mode_links_and_hard_links(self, sgo, tmp_path: Path) -> None:
        path = tmp_path / "s.yaml"
        path.chmod(0o640)
        (tmp_path / "link.yaml").symlink_to("s.yaml")
        os.link(path, tmp_path / "hard")
        sgo("encrypt", "-i", "link.yaml")
        assert (tmp_path / "link.yaml").is_symlink()
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert (tmp_path / "hard").read_text() == PLAIN
        assert b"ENC[" in path.read_bytes()


class TestDecrypt:
    def test_extract(self, sgo, sealed: Path) -> None:
        assert sgo("decrypt", "--extract", "db.password", "s.yaml").stdout == b"s3cret"
        assert sgo("decrypt", "--extract", '["db"]["ports"][1]', "s.yaml").stdout == b"5433\n"
        assert sgo("decrypt", "--extract", "db.ports", "s.yaml").stdout == b"- 5432\n- 5433\n"
        for path in ("db.nope", "db.password.x", "db.ports[9]", "db.ports.x"):
            done = sgo("decrypt", "--extract", path, "s.yaml", code=3)
            assert not done.stdout
        sgo("decrypt", "--extract", "[x", "s.yaml", code=2)

    @pytest.mark.parametrize("others", [0, 1])
    def test_a_pipe_with_a_key_of_a_service_is_read_once(self, sgo, sealed: Path, tmp_path: Path, others: int) -> None:
        far = {"arn": "arn:aws:kms:eu-west-1:111122223333:key/x", "created_at": "2026-01-01T00:00:00Z", "enc": "AA=="}
        text = re.sub(r"(?m)^sops:\n( +)", rf"sops:\n\1kms: {json.dumps([far])}\n\1", sealed.read_text())
        os.mkfifo(tmp_path / "pipe.yaml")
        writer = threading.Thread(target=(tmp_path / "pipe.yaml").write_text, args=(text,), daemon=True)
        writer.start()
        arguments = ["pipe.yaml", *["s.yaml"] * others]
        found = sgo("decrypt", "--output-dir", "out", *arguments)
        writer.join(10)
        assert not found.stdout
        assert (tmp_path / "out/pipe.yaml").read_text() == PLAIN

    def test_plaintext_files_are_private(self, sgo, sealed: Path, tmp_path: Path) -> None:
        sgo("decrypt", "-o", "out.yaml", "s.yaml")
        assert stat.S_IMODE((tmp_path / "out.yaml").stat().st_mode) == 0o600
        sealed.chmod(0o600)
        sgo("decrypt", "-i", "s.yaml")
        assert sealed.read_text() == PLAIN
        assert stat.S_IMODE(sealed.stat().st_mode) == 0o600

    def test_without_the_key(self, sgo, sealed: Path) -> None:
        done = sgo("decrypt", "s.yaml", key="key1", code=3)
        assert not done.stdout
        assert b"none of your keys matches" in done.stderr
        assert b"key1" in done.stderr
        sgo("decrypt", "s.yaml", key=None, code=3)
        assert sgo("decrypt", "--identity", "key0", "s.yaml", key=None).stdout.decode() == PLAIN

    def test_a_changed_clear_value_shows_in_the_mac(self, sgo, sealed: Path) -> None:
        sealed.write_text(sealed.read_text().replace("public", "changed"))
        done = sgo("decrypt", "s.yaml", code=3)
        assert b"the MAC does not fit" in done.stderr
        assert not done.stdout
        assert b"note_unencrypted: changed" in sgo("decrypt", "--ignore-mac", "s.yaml").stdout
        assert b"the MAC does not fit" in sgo("verify", "s.yaml", code=1).stderr

    def test_contradictions_are_usage_errors(self, sgo, sealed: Path) -> None:
        for arguments in (
            ("-i", "-o", "x", "s.yaml"),
            ("-i", "-"),
            ("s.yaml", "s.yaml"),
            ("-i", "--extract", "db", "s.yaml"),
            (),
        ):
            sgo("decrypt", *arguments, code=2)

    def test_what_is_not_there_or_not_encrypted(self, sgo) -> None:
        assert b"no such file" in sgo("decrypt", "none.yaml", code=3).stderr
        assert b"not encrypted with sops" in sgo("decrypt", "s.yaml", code=3).stderr


class TestSet:
    def test_standard_input_loses_one_newline(self, sgo, sealed: Path) -> None:
        sgo("set", "s.yaml", "db.password", stdin="new\n")
        assert sgo("decrypt", "--extract", "db.password", "s.yaml").stdout == b"new"
        sgo("set", "s.yaml", "db.password", stdin="two\n\n")
        assert sgo("decrypt", "--extract", "db.password", "s.yaml").stdout == b"two\n"

    def test_a_file_is_taken_as_it_is(self, sgo, sealed: Path, tmp_path: Path) -> None:
        (tmp_path / "v").write_text("-----BEGIN X-----\nabc\n")
        sgo("set", "s.yaml", "tls", "--value-file", "v")
        assert sgo("decrypt", "--extract", "tls", "s.yaml").stdout == b"-----BEGIN X-----\nabc\n"

    def test_json_values(self, sgo, sealed: Path) -> None:
        sgo("set", "--json", "s.yaml", "db.new", stdin='{"a": [1, 2.5, null, true], "b": "x"}')
        assert sgo("decrypt", "--extract", "db.new.a[1]", "s.yaml").stdout == b"2.5\n"
        sgo("set", "--json", "s.yaml", "db.new", stdin="{", code=3)

    def test_only_the_line_and_the_mac_change(self, sgo, sealed: Path) -> None:
        before = sealed.read_text().splitlines()
        sgo("set", "s.yaml", "db.password", stdin="n3w")
        after = sealed.read_text().splitlines()
        moved = [new.split(":")[0].strip() for old, new in zip(before, after, strict=True) if old != new]
        assert set(moved) - {"lastmodified"} == {"password", "mac"}

    def test_the_same_value_again_changes_nothing(self, sgo, sealed: Path) -> None:
        before = sealed.read_bytes()
        assert b"is not changed" in sgo("set", "s.yaml", "db.password", stdin="s3cret").stderr
        assert sealed.read_bytes() == before

    def test_the_value_is_no_argument(self, sgo, sealed: Path) -> None:
        done = sgo("set", "s.yaml", "db.password", "hunter2", code=2)
        assert b"not taken from the arguments" in done.stderr
        assert b"hunter2" not in done.stderr

    def test_a_value_that_stays_in_clear_is_pointed_out(self, sgo, sealed: Path) -> None:
        assert b"stands in clear" in sgo("set", "s.yaml", "note_unencrypted", stdin="x").stderr

    def test_later_documents(self, sgo, tmp_path: Path) -> None:
        (tmp_path / "s.yaml").write_text("a: 1\n---\nb: 2\n")
        sgo("encrypt", "-i", "s.yaml")
        sgo("set", "s.yaml", "b", "--document", "1", stdin="x")
        assert sgo("decrypt", "s.yaml").stdout == b"a: 1\n---\nb: x\n"
        sgo("set", "s.yaml", "b", "--document", "2", stdin="x", code=2)

    @pytest.mark.parametrize(
        ("path", "code"), [("sops", 2), ('["sops"]["mac"]', 2), ("", 2), ("db.password.deeper", 3), ("db.ports.x", 3)]
    )
    def test_bad_paths(self, sgo, sealed: Path, path: str, code: int) -> None:
        before = sealed.read_bytes()
        sgo("set", "s.yaml", path, stdin="x", code=code)
        assert sealed.read_bytes() == before

    def test_unset(self, sgo, sealed: Path) -> None:
        sgo("unset", "s.yaml", "db.ports[0]")
        assert sgo("decrypt", "--extract", "db.ports", "s.yaml").stdout == b"- 5433\n"
        before = sealed.read_bytes()
        for path in ("nope", "db.ports[7]", "db.password.x"):
            sgo("unset", "s.yaml", path, code=3)
        assert sealed.read_bytes() == before


class TestUpdatekeys:
    def test_shows_what_changes_and_does_it(self, sgo, sealed: Path, tmp_path: Path, keys) -> None:
        values = [line for line in sealed.read_text().splitlines() if "ENC[" in line or "lastmodified" in line]
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[1][1]}\n")
        done = sgo("updatekeys", "s.yaml", code=2)
        assert f"+ age {keys[1][1]}".encode() in done.stderr
        assert f"- age {keys[0][1]}".encode() in done.stderr
        assert b"--yes" in done.stderr
        sgo("updatekeys", "--dry-run", "s.yaml")
        sgo("updatekeys", "--yes", "s.yaml")
        assert [line for line in sealed.read_text().splitlines() if "ENC[" in line or "lastmodified" in line] == values
        sgo("decrypt", "s.yaml", code=3)
        assert sgo("decrypt", "s.yaml", key="key1").stdout.decode() == PLAIN
        assert b"already" in sgo("updatekeys", "s.yaml", key=None).stderr

    def test_without_a_key_nothing_is_done(self, sgo, sealed: Path, tmp_path: Path, keys) -> None:
        before = sealed.read_bytes()
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]},{keys[1][1]}\n")
        sgo("updatekeys", "--yes", "s.yaml", key="key1", code=3)
        assert sealed.read_bytes() == before

    def test_kinds_that_only_the_official_sops_has_are_refused_by_name(self, sgo, sealed: Path, tmp_path: Path, keys):
        before = sealed.read_bytes()
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]}\n  hckms: [r:1]\n")
        assert b"Huawei Cloud KMS keys (`hckms`)" in sgo("updatekeys", "--yes", "s.yaml", code=3).stderr
        assert sealed.read_bytes() == before

    def test_an_unknown_field_of_a_rule_is_a_warning_here(self, sgo, sealed: Path, tmp_path: Path, keys) -> None:
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]}\n  path_regx: x\n")
        assert b"warning" in sgo("updatekeys", "s.yaml").stderr

    def test_json(self, sgo, tmp_path: Path, keys) -> None:
        (tmp_path / "j.json").write_text('{\n  "a": "x"\n}\n')
        sgo("encrypt", "-i", "j.json")
        (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: [{keys[0][1]}, {keys[1][1]}]\n")
        sgo("updatekeys", "-y", "j.json")
        assert sgo("decrypt", "j.json", key="key1").stdout == b'{\n  "a": "x"\n}\n'


class TestExplain:
    def test_plaintext(self, sgo) -> None:
        text = sgo("explain", "s.yaml").stdout.decode()
        assert "s.yaml: not encrypted" in text
        assert ".sops.yaml:2" in text
        assert "db.password: would be encrypted" in text
        assert "note_unencrypted: stays clear" in text

    def test_encrypted(self, sgo, sealed: Path, keys) -> None:
        found = json.loads(sgo("explain", "--format", "json", "s.yaml").stdout)
        assert (found["encrypted"], found["opens"], found["problems"]) == (True, True, [])
        assert found["readers"][0]["recipient"] == keys[0][1]
        assert "key0" in found["readers"][0]["source"]
        assert {"document": 0, "path": "db.password", "line": 4, "state": "encrypted"} in found["values"]

    def test_why_it_does_not_open(self, sgo, sealed: Path) -> None:
        text = sgo("explain", "s.yaml", key="key1").stdout.decode()
        assert "does not open here" in text
        assert "none of your keys matches" in text

    def test_problems_of_the_rules(self, sgo, tmp_path: Path, keys) -> None:
        (tmp_path / "apps").mkdir()
        (tmp_path / "apps/.sops.yaml").write_text(
            f"creation_rules:\n- age: {keys[0][1]}\n  encrypted_regex: nope\n  x: 1\n"
        )
        (tmp_path / "apps/s.yaml").write_text(PLAIN)
        text = sgo("explain", "apps/s.yaml").stdout.decode()
        assert "leaves every value in clear" in text
        assert "the official sops would use `.sops.yaml`" in text
        assert "apps/.sops.yaml:4:3" in text

    def test_a_broken_block(self, sgo, sealed: Path) -> None:
        sealed.write_text(sealed.read_text().replace("version: 3.13.3", "version: none"))
        assert "names no version" in sgo("explain", "s.yaml").stdout.decode()


class TestVerify:
    def test_several_files_the_worst_counts(self, sgo, sealed: Path, tmp_path: Path) -> None:
        assert b"s.yaml: intact, 5 encrypted values" in sgo("verify", "s.yaml").stdout
        (tmp_path / "plain.yaml").write_text("a: 1\n")
        done = sgo("verify", "s.yaml", "plain.yaml", code=3)
        assert b"s.yaml: intact" in done.stdout
        assert b"not encrypted" in done.stderr
        sgo("verify", "s.yaml", key="key1", code=3)


def script(folder: Path, text: str) -> str:
    path = folder / "editor.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


class TestEdit:
    def test_the_editor_sees_plaintext_in_a_private_place(self, sgo, sealed: Path, tmp_path: Path) -> None:
        editor = script(
            tmp_path, f'stat -c "%a %n" "$1" "$(dirname "$1")" > {tmp_path}/seen; sed -i s/s3cret/n3w/ "$1"'
        )
        sgo("edit", "s.yaml", EDITOR=editor)
        assert "password: n3w\n" in sgo("decrypt", "s.yaml").stdout.decode()
        first, second = (tmp_path / "seen").read_text().splitlines()
        assert first.startswith("600 ")
        assert first.endswith("/s.yaml")
        assert second.startswith("700 ")
        assert not Path(second.split(" ", 1)[1]).exists()

    def test_sops_editor_comes_first(self, sgo, sealed: Path) -> None:
        sgo("edit", "s.yaml", SOPS_EDITOR="sed -i s/app/first/", EDITOR="false", VISUAL="false")
        assert "user: first" in sgo("decrypt", "s.yaml").stdout.decode()

    def test_unchanged(self, sgo, sealed: Path) -> None:
        before = sealed.read_bytes()
        assert b"is not changed" in sgo("edit", "s.yaml", EDITOR="true").stderr
        assert sealed.read_bytes() == before

    @pytest.mark.parametrize(
        ("editor", "message", "code"),
        [
            ("false", b"status 1", 3),
            ("rm", b"left no file", 3),
            ("sed -i s/db:/[db/", b"not valid YAML", 3),
            ("sed -i s/db:/sops:/", b"a key `sops` at the top", 3),
            ("no-such-editor", b"is not there", 2),
            ("'", b"a quote is not closed", 2),
        ],
    )
    def test_what_goes_wrong_writes_nothing(self, sgo, sealed: Path, editor: str, message: bytes, code: int) -> None:
        before = sealed.read_bytes()
        assert message in sgo("edit", "s.yaml", EDITOR=editor, code=code).stderr
        assert sealed.read_bytes() == before

    def test_a_new_file(self, sgo, tmp_path: Path) -> None:
        sgo("edit", "new.yaml", EDITOR=script(tmp_path, 'echo "made: here" > "$1"'))
        assert b"ENC[" in (tmp_path / "new.yaml").read_bytes()
        assert sgo("decrypt", "new.yaml").stdout == b"made: here\n"

    def test_ended_by_a_signal_nothing_is_left(self, sgo, sealed: Path, tmp_path: Path) -> None:
        before = sealed.read_bytes()
        editor = script(
            tmp_path, f'echo "$1" > {tmp_path}/where.tmp; mv {tmp_path}/where.tmp {tmp_path}/where; exec sleep 30'
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "secrets_gitops", "edit", "s.yaml"],
            cwd=tmp_path,
            env=dict(os.environ, EDITOR=editor, SOPS_AGE_KEY_FILE=str(tmp_path / "key0")),
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + 20
        while not (tmp_path / "where").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        plaintext = Path((tmp_path / "where").read_text().strip())
        assert plaintext.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
        process.stderr.close()
        assert not plaintext.parent.exists()
        assert sealed.read_bytes() == before


def full_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))


@pytest.mark.parametrize(
    "arguments",
    [
        ("encrypt", "-i", "big.yaml"),
        ("decrypt", "-i", "s.yaml"),
        ("decrypt", "-o", "out.yaml", "s.yaml"),
        ("set", "s.yaml", "db.password"),
        ("unset", "s.yaml", "db.password"),
        ("updatekeys", "--yes", "s.yaml"),
    ],
    ids=" ".join,
)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(sgo, tmp_path: Path, keys, arguments) -> None:
    plain = PLAIN + "".join(f"key{at}: value {at}\n" for at in range(40))
    (tmp_path / "s.yaml").write_text(plain)
    (tmp_path / "big.yaml").write_text(plain)
    sgo("encrypt", "-i", "s.yaml")
    (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {keys[0][1]},{keys[1][1]}\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = subprocess.run(
        [sys.executable, "-m", "secrets_gitops", *arguments],
        cwd=tmp_path,
        env=dict(os.environ, SOPS_AGE_KEY_FILE=str(tmp_path / "key0")),
        input=b"new",
        capture_output=True,
        preexec_fn=full_disk,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert b"error:" in done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


AS_SOMEBODY_ELSE = """
import os, sys
from secrets_gitops.cli.main import run
arguments = sys.argv[1:]
run([word.replace("s.yaml", "warm.yaml") for word in arguments])  # so that everything is imported
os.chmod(".", 0o555)
if os.geteuid() == 0:  # root may write everywhere
    os.setgid(65534)
    os.setuid(65534)
sys.exit(run(arguments))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "s.yaml", "db.password", "--value-file", "key1"),
        ("decrypt", "-i", "s.yaml"),
        ("encrypt", "-i", "t.s.yaml"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_folder_that_may_not_be_written_is_an_error(sgo, sealed: Path, tmp_path: Path, arguments) -> None:
    (tmp_path / "warm.yaml").write_bytes(sealed.read_bytes())
    for name in ("t.s.yaml", "t.warm.yaml"):
        (tmp_path / name).write_text(PLAIN)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if "warm" not in path.name}
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    try:
        done = subprocess.run(
            [sys.executable, "-c", AS_SOMEBODY_ELSE, *arguments],
            cwd=tmp_path,
            env=dict(os.environ, SOPS_AGE_KEY_FILE=str(tmp_path / "key0")),
            capture_output=True,
            check=False,
        )
    finally:
        tmp_path.chmod(0o755)
    assert done.returncode == 3, done.stderr
    assert b"error: cannot write: permission denied" in done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if "warm" not in path.name} == before
