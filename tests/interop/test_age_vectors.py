"""The public vectors of the age format: every outcome told from every other, and what is accepted written back."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import NamedTuple

import pytest

from secrets_gitops import bech32
from secrets_gitops.crypto.age import armor, file, header, stream
from secrets_gitops.crypto.age.hybrid import HybridIdentity
from secrets_gitops.crypto.age.scrypt import ScryptIdentity
from secrets_gitops.crypto.age.x25519 import X25519Identity
from secrets_gitops.errors import DocumentError, NotBuiltYet, Tampered
from secrets_gitops.plaintext import Plaintext

FOLDER = Path(__file__).parent / "vectors" / "age" / "testdata"
NAMES = sorted(path.name for path in FOLDER.iterdir())


class Vector(NamedTuple):
    expect: str
    payload: str
    file_key: bytes
    identities: list[file.Identity]
    armored: bool
    data: bytes


def vector(name: str) -> Vector:
    head, _, data = (FOLDER / name).read_bytes().partition(b"\n\n")
    pairs = [line.split(": ", 1) for line in head.decode().split("\n")]
    fields = dict(pairs)
    identities: list[file.Identity] = []
    for key, text in pairs:
        if key == "identity":
            prefix, secret = bech32.decode(text)
            identities.append(HybridIdentity(secret) if prefix.endswith("-pq-") else X25519Identity(secret))
        elif key == "passphrase":
            identities.append(ScryptIdentity(lambda text=text: Plaintext(text)))
    return Vector(
        fields["expect"],
        fields.get("payload", ""),
        bytes.fromhex(fields.get("file key", "")),
        identities,
        fields.get("armored") == "yes",
        zlib.decompress(data) if fields.get("compressed") == "zlib" else data,
    )


def outcome(case: Vector) -> tuple[str, bytes]:
    data = case.data
    if case.armored:
        try:
            data = armor.decode(data)
        except DocumentError as error:
            assert "age armor" in error.message
            return "armor failure", b""
    try:
        return "success", bytes(file.decrypt(data, case.identities))
    except file.NoMatch:
        return "no match", b""
    except Tampered as error:
        return ("HMAC failure" if "MAC" in error.message else "payload failure"), b""
    except (DocumentError, NotBuiltYet) as error:
        assert "age header" in error.message or "version" in error.message
        return "header failure", b""


@pytest.mark.parametrize("name", NAMES)
def test_the_outcome_is_the_one_that_the_vector_demands(name: str):
    case = vector(name)
    found, plain = outcome(case)
    assert found == case.expect
    if found == "success":
        assert hashlib.sha256(plain).hexdigest() == case.payload


@pytest.mark.parametrize("name", [name for name in NAMES if vector(name).expect == "success"])
def test_what_opens_is_written_back_as_it_was(name: str):
    case = vector(name)
    data = case.data
    if case.armored:
        data = armor.decode(data)
        assert armor.encode(data).split() == case.data.decode().split()
    head = header.decode(data)
    assert header.encode(head.stanzas, case.file_key) == data[: head.size]
    nonce, payload = data[head.size : head.size + 16], data[head.size + 16 :]
    plain = stream.decrypt(case.file_key, nonce, memoryview(payload))
    assert stream.encrypt(case.file_key, nonce, bytes(plain)) == payload


def test_the_vectors_cover_every_outcome():
    expected = {vector(name).expect for name in NAMES}
    assert expected == {
        "success", "no match", "HMAC failure", "header failure", "payload failure", "armor failure"
    }  # fmt: skip
