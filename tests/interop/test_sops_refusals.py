"""Files that somebody changed without a key: refused as sops refuses them or more strictly, by every command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from secrets_gitops.cli import main
from secrets_gitops.cli.drop_in import sops
from secrets_gitops.documents.read import read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.encrypted_files.decrypt import decrypt, read_sealed
from secrets_gitops.errors import Error
from secrets_gitops.keys.keyring import Keyring

VECTORS = Path(__file__).parent / "vectors" / "sops"
FORMATS = json.loads((VECTORS / "negative" / "formats.json").read_text())
NEGATIVE = json.loads((VECTORS / "negative" / "expected.json").read_text())
CRASHED = 2
STRICTER = {"position-no-number"}
"""Accepted by sops: a list whose item has no number."""


SHOWN = {"value-twice"}
"""A key that stands twice in YAML is shown when the MAC is to be ignored, so that it can be mended."""


def content(case: dict) -> bytes:
    return case["text"].encode()


@pytest.mark.parametrize("case", FORMATS, ids=lambda case: f"{case['file']}-{case['name']}")
def test_a_changed_file_of_any_format(case) -> None:
    keyring = Keyring.local([str(VECTORS / "keys" / case["identity"])], {})
    for verify, wanted in ((True, case["plain"]), (False, case["ignore_mac"])):
        try:
            found = decrypt(read_sealed(content(case), case["file"]), keyring, verify_mac=verify).content()
        except Error as error:
            assert error.exit_code == 3
            assert wanted["exit"] or case["name"] in STRICTER, error.message
            continue
        assert wanted["exit"] in {0, CRASHED} or (case["name"] in SHOWN and not verify)
        if not wanted["exit"]:
            recorded = wanted["stdout"].encode("latin-1" if case["file"] == "f.bin" else "utf-8")
            assert data(found, case["file"]) == data(recorded, case["file"])


def data(text: bytes, path: str) -> object:
    if path == "f.bin":
        return text
    return [
        [(key.text, value_of(value)) for key, value in root.pairs]
        for root in read(text, path=path, duplicates="keep").roots
    ]


def value_of(node) -> object:
    if node.kind == "mapping":
        return [(key.text, value_of(value)) for key, value in node.pairs]
    return [value_of(item) for item in node.items] if node.kind == "sequence" else repr(resolve(node, "go_v3"))


COMMANDS = {
    "decrypt": ["decrypt", "FILE"],
    "decrypt in place": ["decrypt", "-i", "FILE"],
    "verify": ["verify", "FILE"],
    "set": ["set", "FILE", "a", "--value-file", "value"],
    "unset": ["unset", "FILE", "a"],
    "edit": ["edit", "FILE"],
    "rotate": ["rotate", "FILE"],
}


@pytest.fixture
def work(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "value").write_bytes(b"new")
    monkeypatch.setenv("EDITOR", "true")
    return tmp_path


def refused(arguments, name: str, text: bytes, identities, work, monkeypatch, capfd) -> None:
    keys = work / "keys.txt"
    keys.write_bytes(b"".join((VECTORS / "keys" / one).read_bytes() for one in identities))
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(keys))
    (work / name).write_bytes(text)
    before = sorted(os.listdir(work))
    code = main.run([word.replace("FILE", name) for word in arguments])
    out, err = capfd.readouterr()
    assert code == (3 if arguments[0] != "verify" else code) and code in {1, 3}, err  # a file that does not verify: 1
    assert err.startswith("error: ") or "\nerror: " in err
    assert name in err
    assert out == "" or arguments[0] == "verify"
    assert (work / name).read_bytes() == text
    assert sorted(os.listdir(work)) == before


CHANGED = [name for name in NEGATIVE if NEGATIVE[name]["plain"]["exit"]]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", CHANGED)
def test_every_command_refuses_a_changed_json_file(name, command, work, monkeypatch, capfd) -> None:
    text = (VECTORS / "negative" / name).read_bytes()
    refused(COMMANDS[command], name, text, NEGATIVE[name]["identities"], work, monkeypatch, capfd)


@pytest.mark.parametrize("command", ["decrypt", "verify", "rotate"])
@pytest.mark.parametrize(
    "case",
    [case for case in FORMATS if case["plain"]["exit"] not in {0, CRASHED}],
    ids=lambda case: f"{case['file']}-{case['name']}",
)
def test_commands_refuse_a_changed_file_of_any_format(case, command, work, monkeypatch, capfd) -> None:
    refused(COMMANDS[command], case["file"], content(case), [case["identity"]], work, monkeypatch, capfd)


@pytest.mark.parametrize("case", FORMATS, ids=lambda case: f"{case['file']}-{case['name']}")
def test_the_command_line_of_sops_ends_with_its_exit_code(case, work, capfd) -> None:
    environ = {"SOPS_AGE_KEY_FILE": str(VECTORS / "keys" / case["identity"]), "HOME": str(work)}
    (work / case["file"]).write_bytes(content(case))
    for flags, wanted in (([], case["plain"]), (["--ignore-mac"], case["ignore_mac"])):
        code = sops.run(["decrypt", *flags, case["file"]], environ)
        out, err = capfd.readouterr()
        assert "error: " in err if code else out or not wanted["stdout"]
        if wanted["exit"] != CRASHED and case["name"] not in STRICTER | SHOWN:
            assert code == wanted["exit"], err
