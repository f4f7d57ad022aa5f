"""The recorded files with the second engine: the same plaintext, and the same kind of refusal, as with our own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.decrypt import read_sealed
from secrets_gitops.envelopes.sops import opened
from secrets_gitops.envelopes.sops.official import Official
from secrets_gitops.errors import EnvelopeError, Error
from secrets_gitops.keys.keyring import Keyring

pytestmark = pytest.mark.live

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "sops"
CASES = [
    path
    for path in sorted(VECTORS.glob("generated/*/*/case.json"))
    if "pgp" not in path.parent.name
    and all(name.startswith("age") for name in json.loads(path.read_text())["identities"])
]
NEGATIVE = json.loads((VECTORS / "negative" / "expected.json").read_text())


@pytest.fixture
def engine(program, monkeypatch: pytest.MonkeyPatch):
    """A maker: the official program with the keys of a case."""
    monkeypatch.setenv("SECRETS_GITOPS_SOPS", program("sops"))

    def make(names: list[str]) -> Official:
        return Official(os.environ, identities=_keys(names))

    return make


def _keys(names: list[str]) -> list[str]:
    return [str(VECTORS / "keys" / name) for name in names]


def _data(content: bytes, name: str) -> object:
    """What the text says, where the format has types; other texts as they are."""
    if not name.endswith((".yaml", ".json")):
        return content
    document = read(content, path=name, duplicates="keep")
    trees = [to_plain(root, "go_v3", path=name) if root.resolved().pairs else {} for root in document.roots]
    return repr(trees)


@pytest.mark.parametrize(
    "path", CASES, ids=[path.parent.relative_to(VECTORS / "generated").as_posix() for path in CASES]
)
def test_a_recorded_file_opens_to_what_was_recorded(engine, path: Path) -> None:
    case = json.loads(path.read_text())
    content = engine(case["identities"]).decrypt(str(path.parent / case["encrypted"]))
    wanted = (path.parent / case["decrypted"]).read_bytes()
    assert _data(content, case["encrypted"]) == _data(wanted, case["encrypted"])


@pytest.mark.parametrize(
    "name", [name for name in NEGATIVE if not any("pgp" in key for key in NEGATIVE[name]["identities"])]
)
def test_a_mutation_is_refused_with_the_same_kind_of_error(engine, name: str) -> None:
    expected = NEGATIVE[name]
    path = VECTORS / "negative" / name
    ring = Keyring.local(_keys(expected["identities"]), {})
    for verify, recorded in ((True, expected["plain"]), (False, expected["ignore_mac"])):
        if not recorded["exit"]:
            assert engine(expected["identities"]).decrypt(str(path), verify_mac=verify)
            continue
        with pytest.raises(Error) as ours:
            opened.open(read_sealed(path.read_bytes(), path.name), ring, verify_mac=verify)
        with pytest.raises(Error) as theirs:
            engine(expected["identities"]).decrypt(str(path), verify_mac=verify)
        assert theirs.value.exit_code == ours.value.exit_code == 3
        if recorded["exit"] in {25, 51, 128}:
            assert type(theirs.value) is type(ours.value)
        else:
            assert isinstance(theirs.value, EnvelopeError)
