"""Whatever stands in a file: sealing and unsealing give their result or an error of ours, and touch nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files.seal import Sealing, seal, text_of
from secrets_gitops.encrypted_files.seal_in_place import seal_in_place
from secrets_gitops.errors import Error
from secrets_gitops.keys.sealing import load_certificate, load_sealing_keys
from secrets_gitops.manifests import secret as secrets
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.materialize import catalog
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.materialize.sealed_secret import unseal

KEYS = Path(__file__).parents[1] / "interop" / "vectors" / "sealed-secrets" / "keys" / "ctl2048"
CERTIFICATE = load_certificate((KEYS / "served-cert.pem").read_bytes(), "cert.pem")
GIVEN = Given(sealing_keys=load_sealing_keys((KEYS / "tls.key").read_bytes(), "tls.key"))

PLAIN = """\
# c
apiVersion: v1 # x
kind: Secret
metadata:
  name: a # n
  namespace: ns
  labels: &l {x: "y"}
  annotations:
    # z
    q: *l
stringData:
  p: |
    a
  # c
  q: "x"
data: {r: YQ==}
type: Opaque
---
kind: List
apiVersion: v1
items:
- kind: Secret
  metadata: {name: b, namespace: ns}
  stringData:
    a: b # d
- {kind: Secret, apiVersion: v1, metadata: {name: b, namespace: ns}, stringData: {a: b}}
"""
ONE = "kind: Secret\napiVersion: v1\nmetadata: {name: a, namespace: n1}\nstringData: {a: b, c: d}\n"
SEALED = text_of(seal(read(ONE, path="x.yaml"), Sealing(CERTIFICATE)), "yaml")
PIECES = [
    "&a ", "*a", "!!str ", "!!binary ", "!x ", "- ", "? ", ": ", "{", "}", "[", "]", "|", ">", "#", " ", "\t", "\n",
    "---\n", "...\n", "null", "~", "1", "true", '"', "'", "<<: ", "%", "@", "\r\n", "é", "metadata: ", "items: ",
    "kind: List\n", "spec: ", "SecretList",
]  # fmt: skip
VALUES = ["{}", "[]", "null", "1", "{a: b}", "[a]", "1.5", "true", "!!binary /w==", '"\\ud800"', "a: b"]


def changed(text: str, choose: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(choose.randint(1, 2)):
        at = choose.randrange(len(lines))
        line = lines[at]
        column = choose.randrange(len(line) + 1)
        match choose.randrange(6):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(at, choose.choice(lines))
            case 2:
                lines[at] = line[:column] + choose.choice(PIECES) + line[column:]
            case 3:
                lines[at] = line[:column] + line[column + choose.randint(1, 3) :]
            case 4:
                lines[at] = f"  {line}"
            case _:
                key, colon, _ = line.partition(":")
                lines[at] = f"{key}: {choose.choice(VALUES)}\n" if colon else line
    return "".join(lines)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("start", [PLAIN, SEALED], ids=["plain", "sealed"])
def test_an_error_of_ours_or_a_result(seed: int, start: str) -> None:
    choose = random.Random(seed)
    for _ in range(60):
        text = changed(start, choose)
        for step in (
            lambda document: seal(document, Sealing(CERTIFICATE)),
            in_place,
            lambda document: unseal(document, GIVEN),
            lambda document: [catalog.materialize(document, GIVEN, root=root) for root in document.roots],
        ):
            try:
                step(read(text, path="x.yaml"))
            except Error as error:
                assert error.message == error.message.strip()


def in_place(before) -> None:
    """Seal; what was sealed opens to what it was, and other documents have not moved by a character."""
    after = seal_in_place(before, Sealing(CERTIFICATE, namespace="zz")).document
    assert len(after.roots) == len(before.roots)
    for old, new in zip(before.roots, after.roots, strict=True):
        kind = old.get("kind")
        if kind is not None and kind.text == "Secret" and catalog.handles(new):
            (opened,) = catalog.materialize(after, GIVEN, root=new).secrets
            assert opened.data == secrets.read(Fields(before, old), to_plain(old, "k8s")).data
        elif kind is None or kind.text not in {"List", "SecretList"}:
            assert before.text[old.start : old.end] == after.text[new.start : new.end]
