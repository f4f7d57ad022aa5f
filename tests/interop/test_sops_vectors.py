"""Files that genuine sops binaries made: they open, MAC verified, to the same data, and changed ones are refused."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from secrets_gitops.documents import convert
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.encrypted_files import encrypt
from secrets_gitops.encrypted_files.decrypt import read_sealed
from secrets_gitops.envelopes.sops import metadata, opened, tree
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selection
from secrets_gitops.errors import EnvelopeError, Error, NoMatchingKey, NotSealed, Tampered
from secrets_gitops.keys import catalog
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.plaintext import Plaintext

VECTORS = Path(__file__).parent / "vectors" / "sops"
CASES = sorted(VECTORS.glob("generated/*/*/case.json"))
NEGATIVE = json.loads((VECTORS / "negative" / "expected.json").read_text())
HANDMADE = json.loads((VECTORS / "handmade" / "expected.json").read_text())
UPSTREAM = json.loads((VECTORS / "upstream" / "expected.json").read_text())
REFUSE = json.loads((VECTORS / "negative" / "refuse" / "expected.json").read_text())


@pytest.fixture(scope="module")
def gnupg(tmp_path_factory: pytest.TempPathFactory):
    """A GnuPG of its own with the OpenPGP key of the vectors."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    folder = tempfile.mkdtemp(prefix="gpg-", dir="/tmp")  # a socket's path must be short
    key = str(VECTORS / "keys" / "pgp_private.asc")
    subprocess.run(["gpg", "--homedir", folder, "--batch", "-q", "--import", key], check=True)
    yield folder
    subprocess.run(["gpgconf", "--homedir", folder, "--kill", "gpg-agent"], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _pgp(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    path = getattr(request.node, "callspec", None) and request.node.callspec.params.get("path")
    if path and "pgp" in path.parent.name:
        monkeypatch.setenv("GNUPGHOME", request.getfixturevalue("gnupg"))


def keyring(names: list[str]) -> Keyring:
    """The keys of a case; an OpenPGP key is in the GnuPG of its test."""
    files = [str(VECTORS / "keys" / name) for name in names if not name.startswith("pgp")]
    return Keyring.local(files, {"GNUPGHOME": os.environ["GNUPGHOME"]})


def load(path: Path):
    return read(path.read_bytes(), path=path.name, duplicates="keep")


def load_sealed(path: Path):
    return read_sealed(path.read_bytes(), path.name)


def data(document) -> list[object]:
    """Documents as ordered, typed data; times by their text, whole JSON numbers as integers."""

    def tidy(node):
        node = node.resolved()
        if node.kind == "mapping":
            return [(key.text, tidy(value)) for key, value in node.pairs]
        if node.kind == "sequence":
            return [tidy(item) for item in node.items]
        value = resolve(node, "go_v3")
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return repr(value) if isinstance(value, bool) else value

    return [[] if root.kind == "scalar" else tidy(root) for root in document.roots]


def comments(text: str, form: str) -> Counter[str]:
    """The lines of all comments. In INI a comment may have several, with signs in front of all but the first."""
    found = read(text, path="x", format=form, duplicates="keep").comments()
    return Counter(line for c in found for part in c.text.splitlines() if (line := part.strip("; ")))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.parent.name}/{path.parent.name}")
class TestGenerated:
    def test_opens_to_the_same_data(self, path: Path) -> None:
        case = json.loads(path.read_text())
        document = load_sealed(path.parent / case["encrypted"])
        result = opened.open(document, keyring(case["identities"]))
        assert result.data_key.reveal().hex() == case["data_key"]
        wanted = [case["decrypted"], *case.get("also", [])]
        assert any(data(result.plain) == data(load(path.parent / name)) for name in wanted)
        if document.format in {"dotenv", "yaml", "ini"}:  # sops loses comments; we must lose none that it keeps
            kept = comments((path.parent / case["decrypted"]).read_text(), document.format)
            assert not kept - comments(result.text, document.format)
        if document.format == "dotenv" or document.inner == "binary":
            assert result.content() == (path.parent / case["decrypted"]).read_bytes()

    def test_written_as_json_it_is_what_sops_prints(self, path: Path) -> None:
        case = json.loads(path.read_text())
        recorded = path.parent / "decrypted.as.json"
        result = opened.open(load_sealed(path.parent / case["encrypted"]), keyring(case["identities"]))
        if not recorded.exists():  # bytes, an infinity: what JSON cannot hold
            return
        written = convert.to_content(result.plain, "json")
        # a lost empty item where sops made one of an empty comment
        assert written == recorded.read_bytes() or path.parent.name == "yaml-list-empty-comment"

    def test_every_envelope_has_the_recorded_path_type_and_bytes(self, path: Path) -> None:
        case = json.loads(path.read_text())
        result = opened.open(load_sealed(path.parent / case["encrypted"]), keyring(case["identities"]))
        sealed = [read for read in result.reads if read.state == "sealed"]
        got = [
            [tree.associated(read.keys or read.leaf.keys).decode(), read.type, base64.b64encode(read.data).decode()]
            for read in sealed
        ]
        wanted = case["envelopes"]
        assert sorted(got) == sorted(wanted)
        assert [one for one in got if one[1] != "comment"] == [one for one in wanted if one[1] != "comment"]

    def test_sealing_again_changes_nothing_but_the_mac_and_its_time(self, path: Path) -> None:
        case = json.loads(path.read_text())
        document = load_sealed(path.parent / case["encrypted"])
        result = opened.open(document, keyring(case["identities"]))
        again = result.seal("2030-01-01T00:00:00Z")
        before, after = document.text.splitlines(), again.text.splitlines()
        assert len(before) == len(after)
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        fields = ("mac", "lastmodified", "sops_mac", "sops_lastmodified")
        assert all(line.strip().lstrip('"').startswith(fields) for line in changed)
        assert opened.open(again, keyring(case["identities"])).text == result.text


@pytest.mark.parametrize("name", NEGATIVE)
def test_a_mutation_is_refused_as_sops_refuses_it(name: str) -> None:
    expected = NEGATIVE[name]
    document = load_sealed(VECTORS / "negative" / name)
    kind = {51: Tampered, 25: Tampered, 128: NoMatchingKey, 1: EnvelopeError}
    for verify, wanted in ((True, expected["plain"]), (False, expected["ignore_mac"])):
        if wanted["exit"]:
            with pytest.raises(kind[wanted["exit"]]) as caught:
                opened.open(document, keyring(expected["identities"]), verify_mac=verify)
            assert caught.value.exit_code == 3
        else:
            result = opened.open(document, keyring(expected["identities"]), verify_mac=verify)
            assert data(result.plain) == data(read(wanted["stdout"], path="x.json"))


def test_a_file_without_metadata_is_not_encrypted() -> None:
    with pytest.raises(NotSealed):
        opened.open(load(VECTORS / "negative" / "no-metadata.json"), keyring(["age1.txt"]))


@pytest.mark.parametrize("name", REFUSE)
def test_what_sops_does_not_encrypt_is_not_encrypted(name: str) -> None:
    recipient = catalog.recipient("age", keyring(["age1.txt"]).identities[0].recipient)
    content = (VECTORS / "negative" / "refuse" / name).read_bytes()

    def seal():
        plain = encrypt.read_plain(content, name)
        return encrypt.encrypt(
            plain, encrypt.Recipe(KeyGroups(((recipient,),)), DEFAULT, False), "2030-01-01T00:00:00Z"
        )

    if REFUSE[name] == 0 and name != "trailing-text-ok.json":  # text after the JSON value: we are stricter
        assert seal()
        return
    with pytest.raises(Error) as caught:
        seal()
    assert caught.value.exit_code in {2, 3}


@pytest.mark.parametrize("name", HANDMADE)
def test_what_other_writers_made_opens(name: str) -> None:
    expected = HANDMADE[name]
    document = load(VECTORS / "handmade" / name)
    outputs = [form["stdout"] for form in (expected, *expected["also"]) if form["exit"] == 0]
    if outputs:
        result = opened.open(document, keyring(expected["identities"]))
        assert data(result.plain) == data(read(outputs[0], path=name))
    else:
        with pytest.raises((EnvelopeError, NoMatchingKey)):
            opened.open(document, keyring(expected["identities"]))


@pytest.mark.parametrize("case", UPSTREAM, ids=lambda case: f"{case['written_by']}-{case['file']}")
def test_files_of_all_versions_open(case) -> None:
    """From sops' own tests, encrypted for OpenPGP keys; the data keys were taken out with gpg."""
    document = load_sealed(VECTORS / "upstream" / case["file"])
    found = metadata.read(document)
    assert found is not None
    key = Plaintext(bytes.fromhex(case["data_key"]))
    if case["exit"] == 51:
        with pytest.raises(Tampered):
            opened.open_with(document, found, key)
    result = opened.open_with(document, found, key, verify_mac=case["exit"] == 0)
    if case["expected"] is None:
        return
    wanted = (VECTORS / "upstream" / case["expected"]).read_bytes()
    if result.binary:
        assert result.content() == wanted
    else:
        assert data(result.plain) == data(read(wanted, path=case["file"], duplicates="keep"))
    if case["exit"] == 0:
        assert result.seal("2030-01-01T00:00:00Z").text.count("2030-01-01T00:00:00Z") == 1


class TestWhereSopsLosesData:
    def open(self, name: str):
        return opened.open(load(VECTORS / "upstream-bugs" / f"{name}.enc.yaml"), keyring(["age1.txt"]))

    def test_a_null_in_dotenv_does_not_lose_the_file(self) -> None:
        folder = VECTORS / "upstream-bugs"
        result = opened.open(load_sealed(folder / "null-to-dotenv.enc.env"), keyring(["age1.txt"]))
        assert json.loads(convert.to_text(result.plain, "json")) == {"A": "x", "F": None}
        with pytest.raises(Error, match="null"):
            convert.to_document(load(folder / "null-to-dotenv.plain.yaml"), "dotenv")

    def test_text_that_begins_with_a_tab_survives(self) -> None:
        result = self.open("leading-tab-multiline")
        assert to_plain(result.plain.roots[0], "go_v3") == {"k": "\ta\nb", "z": 1}

    def test_two_comments_before_a_list_item_do_not_hide_it(self) -> None:
        result = self.open("list-two-comments")
        assert to_plain(result.plain.roots[0], "go_v3") == {"l": ["secret1", 2], "z": 1}

    def test_a_key_sops_in_a_later_document_is_kept(self) -> None:
        result = self.open("second-document-sops-key")
        plain = load(VECTORS / "upstream-bugs" / "second-document-sops-key.plain.yaml")
        assert [to_plain(root, "go_v3") for root in result.plain.roots] == [
            to_plain(root, "go_v3") for root in plain.roots
        ]


@pytest.mark.parametrize("name", ["python-1.13.yaml", "python-1.6.json"])
def test_metadata_of_the_first_releases_is_read(name: str) -> None:
    found = metadata.read(load(VECTORS / "parse-only" / name))
    assert found is not None
    assert {entry.kind for entry in found.entries} <= {"pgp", "kms"}


def test_files_older_than_that_are_refused_cleanly() -> None:
    with pytest.raises(EnvelopeError):
        metadata.read(load(VECTORS / "parse-only" / "python-0.8.yaml"))


ORDER = json.loads((VECTORS / "comment-order.json").read_text())


@pytest.mark.parametrize("number", range(len(ORDER)))
def test_comments_belong_where_sops_puts_them(number: int) -> None:
    """The order of comments and leaves, and the keys above each, as the YAML store of sops has them."""
    case = ORDER[number]
    document = read(case["text"], path="x.yaml")
    found = [
        [".".join(leaf.keys), *([] if leaf.comment is None else ["#" + leaf.comment.text])]
        for leaf in tree.walk(document, Selection(DEFAULT), sealed=False)
    ]
    known = {entry[1] for entry in case["order"] if len(entry) == 2}
    assert [entry for entry in found if len(entry) == 1 or entry[1] in known] == case["order"]
