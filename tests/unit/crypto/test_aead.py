"""AES-256-GCM: the published vectors, nonces of other lengths, and every change refused."""

from __future__ import annotations

import base64

import pytest

from secrets_gitops.crypto.aead import Cipher
from secrets_gitops.plaintext import Plaintext

# Test cases 16 to 18 of "The Galois/Counter Mode of Operation (GCM)" by McGrew and Viega, which NIST published.
KEY = Plaintext(bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2))
ITEM = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
ASSOCIATED = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
VECTORS = {
    "12 bytes": (
        "cafebabefacedbaddecaf888",
        (
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        ),
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
    "8 bytes": (
        "cafebabefacedbad",
        (
            "c3762df1ca787d32ae47c13bf19844cbaf1ae14d0b976afac52ff7d79bba9de0"
            "feb582d33934a4f0954cc2363bc73f7862ac430e64abe499f47c9b1f"
        ),
        "3a337dbf46a792c45e454913fe2ea8f2",
    ),
    "60 bytes": (
        (
            "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728"
            "c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b"
        ),
        (
            "5a8def2f0c9e53f1f75d7853659e2a20eeb2b22aafde6419a058ab4f6f746bf4"
            "0fc0c3b780f244452da3ebf1c5d82cdea2418997200ef82e44ae7e3f"
        ),
        "a44a8266ee1c8eb0c8b5d4cf5ae9f19a",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_vectors_hold_for_nonces_of_every_length(name: str):
    nonce, ciphertext, tag = (bytes.fromhex(text) for text in VECTORS[name])
    cipher = Cipher(KEY)
    assert cipher.encrypt(nonce, ITEM, ASSOCIATED) == (ciphertext, tag)
    assert cipher.decrypt(nonce, ciphertext, tag, ASSOCIATED) == ITEM


def test_a_value_written_by_sops_with_its_nonce_of_32_bytes_opens():
    key = Plaintext(bytes.fromhex("60875ad37f36a4b63ea38b984dc8be9deb2933380e05733de65b336b37dfe1d0"))
    nonce = base64.b64decode("+zvuJR8jVsRhZUIU4AVgT1AMvkyMKbu6o8VAqXBvnM0=")
    tag = base64.b64decode("zdlJvTFa+FtZ2T+dPiBo/Q==")
    assert Cipher(key).decrypt(nonce, base64.b64decode("/A=="), tag, b"k:") == b"v"


@pytest.mark.parametrize("part", ["nonce", "ciphertext", "tag", "associated"])
def test_one_changed_bit_anywhere_is_refused(part: str):
    nonce, ciphertext, tag = (bytes.fromhex(text) for text in VECTORS["12 bytes"])
    given = {"nonce": nonce, "ciphertext": ciphertext, "tag": tag, "associated": ASSOCIATED}
    for at in range(len(given[part])):
        changed = bytearray(given[part])
        changed[at] ^= 1
        with pytest.raises(ValueError, match="the tag does not fit"):
            Cipher(KEY).decrypt(**{**given, part: bytes(changed)})


@pytest.mark.parametrize("size", [0, 7, 129])
def test_a_nonce_that_the_library_cannot_take_is_refused_with_its_length(size: int):
    with pytest.raises(ValueError, match=f"the nonce has {size} bytes"):
        Cipher(KEY).decrypt(bytes(size), b"x", bytes(16), b"")


@pytest.mark.parametrize("size", [0, 4, 15, 17])
def test_a_tag_of_another_length_is_refused(size: int):
    with pytest.raises(ValueError, match=f"the tag has {size} bytes instead of 16"):
        Cipher(KEY).decrypt(bytes(12), b"x", bytes(size), b"")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_data_key_of_another_length_is_refused(size: int):
    with pytest.raises(ValueError, match="a data key has 32 bytes"):
        Cipher(Plaintext(bytes(size)))
