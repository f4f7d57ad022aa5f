"""`--engine sops`: the official program does the work of our commands, and the adapter leaves nothing behind."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.envelopes.sops.official import Official
from secrets_gitops.errors import AlreadySealed, DocumentError, NoMatchingKey, NotSealed, SettingsError, Tampered
from secrets_gitops.keys import age

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

PLAIN = "# about\ndb:\n    password: hunter2\n    port: 5432\n"


@pytest.fixture
def here(program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a rule that is anchored, a key, a plaintext file; `sops` is the official one."""
    identity, recipient = age.generate()
    (tmp_path / "keys.txt").write_text(identity.reveal().decode() + "\n")
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "db.yaml").write_text(PLAIN)
    (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- path_regex: ^apps/db\\.yaml$\n  age: {recipient}\n")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("SECRETS_GITOPS_SOPS", program("sops"))
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(tmp_path / "keys.txt"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_do_the_same_with_either_engine(here: Path, cli):
    file = "apps/db.yaml"
    for engine, other in (("sops", "own"), ("own", "sops")):
        (here / file).write_text(PLAIN)
        for arguments, stdin in (
            (["encrypt", "-i", file], ""),
            (["set", "--json", file, "db.port"], "5433"),
            (["set", file, "db.user"], "admin"),
            (["unset", file, "db.password"], ""),
            (["updatekeys", "--yes", file], ""),
        ):
            done = cli(*arguments, "--engine", engine, stdin=stdin)
            assert done.returncode == 0, done.stderr
        for reader in (engine, other):
            done = cli("decrypt", file, "--engine", reader)
            assert done.returncode == 0, done.stderr
            assert "hunter2" not in done.stdout.decode()
            assert "port: 5433" in done.stdout.decode()
            assert cli("decrypt", "--extract", "db.user", file, "--engine", reader).stdout == b"admin"
    assert list((here / "tmp").iterdir()) == []


def test_nothing_is_logged_and_no_file_is_left(here: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    sops = Official(os.environ)
    (here / "apps" / "db.yaml").write_bytes(sops.encrypt("apps/db.yaml"))
    (here / "apps" / "db.yaml").write_bytes(sops.set("apps/db.yaml", '["db"]["password"]', b'"n3w"'))
    assert b"n3w" in sops.decrypt("apps/db.yaml")
    assert "n3w" not in caplog.text
    assert list((here / "tmp").iterdir()) == []
    assert "SOPS_DISABLE_VERSION_CHECK" not in os.environ


def test_a_new_data_key(here: Path):
    sops = Official(os.environ)
    (here / "apps" / "db.yaml").write_bytes(sops.encrypt("apps/db.yaml"))
    before = (here / "apps" / "db.yaml").read_text()
    after = sops.rotate("apps/db.yaml").decode()
    assert before.splitlines()[2] != after.splitlines()[2]


def test_each_failure_has_its_kind(here: Path, monkeypatch: pytest.MonkeyPatch):
    sops = Official(os.environ)
    path = "apps/db.yaml"
    with pytest.raises(NotSealed):
        sops.decrypt(path)
    (here / path).write_bytes(sops.encrypt(path))
    with pytest.raises(AlreadySealed):
        sops.encrypt(path)
    with pytest.raises(SettingsError):
        sops.set(path, "db", b'"x"')
    text = (here / path).read_text()
    (here / path).write_text(text.replace("password:", "passwort:"))
    with pytest.raises(Tampered):
        sops.decrypt(path)
    (here / path).write_text(text.replace("    port:", "    added_unencrypted: 1\n    port:"))
    with pytest.raises(Tampered):
        sops.decrypt(path)
    (here / path).write_text(text)
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(here / "none"))
    with pytest.raises(NoMatchingKey) as caught:
        Official(os.environ).decrypt(path)
    assert "hunter2" not in str(caught.value.hints)
    (here / path).write_text("a: [")
    with pytest.raises(DocumentError):
        sops.encrypt(path)


def test_identities_that_are_named_are_taken_too(here: Path, monkeypatch: pytest.MonkeyPatch):
    path = "apps/db.yaml"
    (here / path).write_bytes(Official(os.environ).encrypt(path))
    monkeypatch.delenv("SOPS_AGE_KEY_FILE")
    other, _ = age.generate()
    (here / "other.txt").write_bytes(other.reveal() + b"\n")
    assert Official(os.environ, identities=["keys.txt"]).decrypt(path)
    assert Official(os.environ, identities=["other.txt", "keys.txt"]).decrypt(path)


def test_keys_of_huawei_are_given_to_the_official_program(here: Path, cli):
    (here / ".sops.yaml").write_text("creation_rules:\n- hckms: ['eu-de:12345678-1234-1234-1234-123456789abc']\n")
    refused = cli("encrypt", "apps/db.yaml")
    assert refused.returncode == 3
    assert b"--engine sops" in refused.stderr
    tried = cli("encrypt", "apps/db.yaml", "--engine", "sops")
    assert tried.returncode == 3
    assert b"official sops" in tried.stderr
    assert b"hunter2" not in tried.stderr


def test_what_only_names_another_program_is_refused(here: Path, program, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRETS_GITOPS_SOPS", "/bin/echo")
    with pytest.raises(SettingsError, match="does not say that it is sops"):
        Official(os.environ)
    old = here / "old-sops"
    old.write_text("#!/bin/sh\necho sops 3.9.4\n")
    old.chmod(0o755)
    monkeypatch.setenv("SECRETS_GITOPS_SOPS", str(old))
    with pytest.raises(SettingsError, match=r"is sops 3\.9\.4"):
        Official(os.environ)
    ours = here / "sops"
    ours.write_text("#!/usr/bin/python3\nfrom secrets_gitops.cli.drop_in import main\n")
    ours.chmod(0o755)
    monkeypatch.setenv("SECRETS_GITOPS_SOPS", str(ours))
    with pytest.raises(SettingsError, match="secrets-gitops itself"):
        Official(os.environ)
    monkeypatch.delenv("SECRETS_GITOPS_SOPS")
    monkeypatch.setenv("PATH", str(here))
    with pytest.raises(SettingsError, match="secrets-gitops itself"):
        Official(os.environ)
    monkeypatch.setenv("PATH", f"{here}:{os.path.dirname(program('sops'))}")
    assert Official(os.environ).program == program("sops")
    monkeypatch.setenv("SECRETS_GITOPS_SOPS", "no-such-sops")
    with pytest.raises(SettingsError, match="no program `no-such-sops`"):
        Official(os.environ)


def test_json_text_of_a_value_goes_through_as_it_is(here: Path, cli):
    path = "apps/db.yaml"
    (here / path).write_bytes(Official(os.environ).encrypt(path))
    for value in ('back\\slash "quoted"\nline', "ünï"):
        assert cli("set", path, "db.password", "--engine", "sops", stdin=value).returncode == 0
        assert cli("decrypt", "--extract", "db.password", path).stdout.decode() == value
    assert cli("set", "--json", path, "db.map", "--engine", "sops", stdin=json.dumps({"a": {"b": 1}})).returncode == 0
    assert cli("decrypt", "--extract", "db.map.a.b", path).stdout.strip() == b"1"
