"""Generated files of all five formats: the real sops opens ours, changed ones too, to the data that it has of its own.

What sops itself refuses to encrypt, or cannot open again, is passed over; so are empty comments in YAML, of which sops
makes items where they stand in a list.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "property"))
from sealed_texts import FORMATS, IDENTITY, KEYRING, NOW, RECIPIENT, SELECTORS, seal, texts

from secrets_gitops.documents import convert
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.decrypt import read_sealed
from secrets_gitops.encrypted_files.rotate import rotate
from secrets_gitops.envelopes.sops import opened

pytestmark = pytest.mark.live
EMPTY_COMMENT = re.compile(rb"(?m)(?:^|\s)#\s*$")
SAMPLE = settings(
    max_examples=8 * int(os.environ.get("SECRETS_GITOPS_FUZZ", "1")),
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def data(content: bytes, form: str) -> object:
    if form in {"binary", "dotenv"}:
        return content
    path = "f.json" if form == "ini" else FORMATS[form]
    return [to_plain(root, "go_v3") for root in read(content, path=path, duplicates="keep").roots]


@pytest.fixture
def sops(tmp_path: Path, program):
    (tmp_path / "key.txt").write_bytes(IDENTITY.reveal() + b"\n")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SOPS_DISABLE_VERSION_CHECK": "true",
               "SOPS_AGE_KEY_FILE": str(tmp_path / "key.txt")}  # fmt: skip

    def run(content: bytes, form: str, *arguments: str) -> bytes | None:
        """What sops prints; None when it fails."""
        (tmp_path / FORMATS[form]).write_bytes(content)
        done = subprocess.run(
            [program("sops"), *arguments, FORMATS[form]], cwd=tmp_path, env=environ, capture_output=True, check=False
        )
        run.said = done.stderr.decode()
        return done.stdout if done.returncode == 0 else None

    return run


@pytest.mark.parametrize("form", FORMATS)
@SAMPLE
@given(data_=st.data())
def test_sops_has_the_same_data_of_ours_as_of_its_own(sops, form: str, data_: st.DataObject) -> None:
    content = data_.draw(texts(form))
    assume(form != "yaml" or not EMPTY_COMMENT.search(content))
    selector = data_.draw(SELECTORS)
    made = seal(content, form, selector)
    assume(made is not None)
    flag = f"--{selector.field.replace('_', '-')}={selector.text}"
    theirs = sops(content, form, "encrypt", "--age", RECIPIENT, flag)
    assume(theirs is not None)
    # The INI text that sops prints does not always mean what the values are: a backslash at the end of a line.
    printed = ("decrypt", "--output-type", "json") if form == "ini" else ("decrypt",)
    wanted = sops(theirs, form, *printed)
    assume(wanted is not None)
    for ours in (made[1], rotate(made[1], KEYRING, NOW).document):
        got = sops(ours.to_bytes(), form, *printed)
        assert got is not None, (sops.said, content)
        assert data(got, form) == data(wanted, form)
    found = opened.open(read_sealed(theirs, FORMATS[form]), KEYRING)
    mine = convert.to_content(found.plain, "json") if form == "ini" else found.content()
    assert data(mine, form) == data(wanted, form)
