"""Encrypted files are given out as plaintext, verified, and each is opened once in a batch."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from secrets_gitops.backends.backend import Fetched, Locator, Surroundings
from secrets_gitops.backends.sops import connect
from secrets_gitops.deadline import Deadline
from secrets_gitops.envelopes.sops import opened
from secrets_gitops.errors import (
    AccessDenied,
    BadReference,
    DocumentError,
    NoMatchingKey,
    NotSealed,
    SecretNotFound,
    Tampered,
)
from secrets_gitops.keys.keyring import Keyring

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "integrations"


@pytest.fixture
def fetch(tmp_path):
    """A maker: fetch locators from files in `tmp_path`, with the key or without."""
    for name in ("v.enc.yaml", "v.enc.json", "secret.enc.yaml"):
        shutil.copy(VECTORS / name, tmp_path)
    shutil.copy(VECTORS / "v.enc.yaml", tmp_path / "no-suffix")
    text = (VECTORS / "secret.enc.yaml").read_text()
    (tmp_path / "tampered.yaml").write_text(text.replace("namespace: team-a", "namespace: team-b"))
    (tmp_path / "plain.yaml").write_text("a: 1\n")

    def many(*locators, keys=("key.txt",)):
        keyring = Keyring.local([str(VECTORS / name) for name in keys], {})
        surroundings = Surroundings({}, str(tmp_path), str(tmp_path), keyring=lambda: keyring)
        return connect({}, surroundings).fetch([Locator(*each) for each in locators], Deadline(30))

    return many


def test_the_plaintext_of_a_file_is_given_out_with_its_format(fetch):
    yaml, json, named = fetch(("v.enc.yaml",), ("v.enc.json",), ("no-suffix", (("format", "yaml"),)))
    assert yaml.value.reveal() == b"a: 1\nb: two\n"
    assert yaml.metadata == {"format": "yaml"}
    assert json.metadata == {"format": "json"}
    assert b'"sops"' not in json.value.reveal()
    assert named.value.reveal() == yaml.value.reveal()


def test_files_of_lines_and_of_bytes_are_given_out_too(fetch, tmp_path):
    recorded = VECTORS.parent / "sops" / "generated"
    for case in ("dotenv/misc/enc.env", "ini/misc/enc.ini", "binary/bytes/enc.bin"):
        shutil.copy(recorded / case, tmp_path)
    shutil.copy(VECTORS.parent / "sops" / "keys" / "age1.txt", tmp_path / "age1.txt")
    env, ini, binary = fetch(("enc.env",), ("enc.ini",), ("enc.bin",), keys=(tmp_path / "age1.txt",))
    assert env.value.reveal().startswith(b"A=1\nB=\n")
    assert env.metadata == {"format": "dotenv"}
    assert ini.value.reveal().startswith(b"top = 1\n")
    assert binary.value.reveal() == (recorded / "binary" / "bytes" / "plain.bin").read_bytes()


def test_a_file_that_is_wanted_twice_is_opened_once(fetch, monkeypatch):
    count = []
    real = opened.open
    monkeypatch.setattr("secrets_gitops.backends.sops.open_sealed", lambda *args: count.append(1) or real(*args))
    first, second = fetch(("v.enc.yaml",), ("v.enc.yaml",))
    assert isinstance(first, Fetched)
    assert first is second
    assert count == [1]


def test_each_failure_has_its_own_class_and_does_not_fail_the_others(fetch):
    answers = fetch(
        ("v.enc.yaml",), ("nope.yaml",), ("tampered.yaml",), ("plain.yaml",), ("no-suffix",), ("x.ini",),
        ("v.enc.yaml", (("format", "toml"),)), ("../outside.yaml",),
    )  # fmt: skip
    assert [type(answer) for answer in answers] == [
        Fetched, SecretNotFound, Tampered, NotSealed, DocumentError, SecretNotFound, BadReference, SecretNotFound,
    ]  # fmt: skip


def test_without_a_key_the_attempts_are_told(fetch):
    (answer,) = fetch(("v.enc.yaml",), keys=("two-documents.key.txt",))
    assert isinstance(answer, NoMatchingKey)
    assert len(answer.attempts) == 1


def test_where_no_keys_are_given_no_file_is_opened(tmp_path):
    (answer,) = connect({}, Surroundings({}, str(tmp_path), str(tmp_path))).fetch([Locator("a.yaml")], Deadline(10))
    assert isinstance(answer, AccessDenied)
