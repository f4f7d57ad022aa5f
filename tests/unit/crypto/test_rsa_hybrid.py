"""The blob of a sealed item, against numbers worked out by hand and blobs of the genuine kubeseal."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from secrets_gitops.crypto import rsa_hybrid
from secrets_gitops.keys.sealing import load_certificate, load_sealing_keys

VECTORS = Path(__file__).parents[2] / "interop" / "vectors" / "sealed-secrets"
SESSION_KEY = bytes(range(32))
# AES-256-GCM of the item under SESSION_KEY with twelve zero bytes as nonce.
AES_PART = {b"bar": "6cddc7b232f732dccdef9837bfe6a3dd78a06f", b"": "f05d76ae4ab99fe5a6f69b3148c2363d"}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("item", AES_PART, ids=["bar", "empty"])
def test_the_aes_part_is_the_one_worked_out_by_hand(key: rsa.RSAPrivateKey, item: bytes):
    blob = rsa_hybrid.seal(key.public_key(), item, b"ns/name", random=lambda size: SESSION_KEY[:size])
    assert blob[:2] == b"\x01\x00"
    assert blob[2 + 256 :].hex() == AES_PART[item]
    assert rsa_hybrid.open(key, blob, b"ns/name") == item


@pytest.mark.parametrize(("name", "prefix"), [("ctl2048", "0100"), ("byo-pkcs8-3072", "0180"), ("ctl4096", "0200")])
def test_the_length_prefix_follows_the_size_of_the_key(name: str, prefix: str):
    folder = VECTORS / "keys" / name
    certificate = load_certificate((folder / "tls.crt").read_bytes(), name)
    blob = rsa_hybrid.seal(certificate.public_key, b"\x00\xff", b"")
    assert blob[:2].hex() == prefix
    [sealing_key] = load_sealing_keys((folder / "tls.key").read_bytes(), name)
    assert rsa_hybrid.open(sealing_key.private_key, blob, b"") == b"\x00\xff"


def test_a_blob_of_the_genuine_kubeseal_opens_under_its_own_label_only():
    text = (VECTORS / "cases" / "strict-4096" / "sealed.yaml").read_text()
    match = re.search(r"foo: (\S+)", text)
    assert match is not None
    blob = base64.b64decode(match[1])
    [sealing_key] = load_sealing_keys((VECTORS / "keys" / "ctl4096" / "tls.key").read_bytes(), "ctl4096")
    assert rsa_hybrid.open(sealing_key.private_key, blob, b"myns/mysecret") == b"bar"
    for label in (b"", b"myns", b"myns/other"):
        with pytest.raises(ValueError, match="does not open"):
            rsa_hybrid.open(sealing_key.private_key, blob, label)


def test_an_rsa_part_without_its_leading_zero_is_read_as_a_number(key: rsa.RSAPrivateKey):
    while True:
        blob = rsa_hybrid.seal(key.public_key(), b"item", b"")
        if blob[2] == 0:
            break
    short = (255).to_bytes(2, "big") + blob[3:]
    assert rsa_hybrid.open(key, short, b"") == b"item"


def test_every_changed_byte_and_every_cut_is_refused(key: rsa.RSAPrivateKey):
    blob = rsa_hybrid.seal(key.public_key(), b"item", b"label")
    for at in (0, 1, 2, 3, 130, 257, 258, 260, 262, len(blob) - 1):
        changed = bytearray(blob)
        changed[at] ^= 1
        with pytest.raises(ValueError, match="the blob"):
            rsa_hybrid.open(key, bytes(changed), b"label")
    for size in (0, 1, 2, 100, 257, 258, 270, len(blob) - 1):
        with pytest.raises(ValueError, match="the blob"):
            rsa_hybrid.open(key, blob[:size], b"label")
    with pytest.raises(rsa_hybrid.Damaged):
        rsa_hybrid.open(key, blob + b"\0", b"label")


def test_two_blobs_of_one_item_share_nothing_but_their_length_prefix(key: rsa.RSAPrivateKey):
    first, second = (rsa_hybrid.seal(key.public_key(), b"the same item", b"") for _ in range(2))
    assert first[:2] == second[:2]
    assert first[258:] != second[258:]


def test_what_the_genuine_tools_do_with_changed_blobs_we_do_too():
    recorded = json.loads((VECTORS / "negative" / "blobs.json").read_text())
    [sealing_key] = load_sealing_keys((VECTORS / "keys" / recorded["key"] / "tls.key").read_bytes(), "key")
    seen = set()
    for case in recorded["cases"]:
        text = case["sealed"]["spec"]["encryptedData"].get("v")
        try:
            blob = base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
        except (ValueError, TypeError):
            continue
        metadata = case["sealed"]["metadata"]
        if metadata.get("annotations") or (metadata["namespace"], metadata.get("name")) != ("ns", "n1"):
            continue  # the scope is the envelope's matter
        try:
            rsa_hybrid.open(sealing_key.private_key, blob, b"ns/n1")
            opened = True
        except ValueError:
            opened = False
        assert opened == (case["exit_code"] == 0), case["id"]
        seen.add(opened)
    assert seen == {True, False}
