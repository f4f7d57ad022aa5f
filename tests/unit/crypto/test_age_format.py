"""The age file as a whole: nothing of it can be changed unnoticed, and what may not be mixed is not."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_gitops.crypto.age import armor, file, header, stream
from secrets_gitops.crypto.age.header import Stanza
from secrets_gitops.crypto.age.hybrid import HybridIdentity, HybridRecipient
from secrets_gitops.crypto.age.x25519 import X25519Identity, X25519Recipient
from secrets_gitops.errors import DocumentError, Error, NotBuiltYet, Tampered

ALICE, BOB = X25519Identity(bytes(range(32))), X25519Identity(bytes(range(1, 33)))
DATA = b"a data key of thirty-two bytes.."


def sealed(data: bytes = DATA, *identities: X25519Identity) -> bytes:
    return file.encrypt(data, [X25519Recipient(each.public) for each in identities or (ALICE,)])


def refused(data: bytes) -> bool:
    try:
        file.decrypt(data, [ALICE])
    except (Error, file.NoMatch):
        return True
    return False


def test_every_changed_byte_is_refused():
    data = sealed()
    for at in range(len(data)):
        for change in (1, 0x20, 0x80):
            changed = bytearray(data)
            changed[at] ^= change
            assert refused(bytes(changed)), at


def test_every_cut_and_every_addition_is_refused():
    data = sealed()
    for at in range(len(data)):
        assert refused(data[:at]), at
        assert refused(data[:at] + b"\n" + data[at:]), at
    assert refused(data + b"\0")


def test_every_changed_byte_of_the_armor_is_refused_or_changes_nothing():
    text = armor.encode(sealed()).encode()
    for at in range(len(text)):
        changed = bytearray(text)
        changed[at] ^= 1
        try:
            data = armor.decode(bytes(changed))
        except DocumentError:
            continue
        assert refused(data) or bytes(changed).split() == text.split(), at


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_an_error_of_ours(data: bytes):
    assert refused(data)
    assert refused(header.VERSION + b"\n" + data)
    with contextlib.suppress(DocumentError):
        armor.decode(data)


@pytest.mark.parametrize("size", [0, 1, stream.CHUNK - 1, stream.CHUNK, stream.CHUNK + 1, 3 * stream.CHUNK])
def test_files_of_every_size_come_back_whole(size: int):
    assert file.decrypt(sealed(bytes(size)), [ALICE]) == bytes(size)


def test_a_chunk_missing_or_moved_gives_no_part_of_the_plaintext():
    data = sealed(bytes(3 * stream.CHUNK))
    step = stream.CHUNK + 16
    start = len(data) - 3 * step
    first, second, third = (data[start + at * step : start + (at + 1) * step] for at in range(3))
    for chunks in ((second, first, third), (first, third), (first, second), (first, second, third, third)):
        with pytest.raises(Tampered):
            file.decrypt(data[:start] + b"".join(chunks), [ALICE])


def test_each_of_several_recipients_opens_the_file_and_a_stranger_does_not():
    data = sealed(DATA, ALICE, BOB)
    assert file.decrypt(data, [ALICE]) == file.decrypt(data, [BOB]) == DATA
    with pytest.raises(file.NoMatch) as caught:
        file.decrypt(data, [X25519Identity(bytes(31) + b"\x01"), HybridIdentity(bytes(32))])
    assert caught.value.types == ("X25519", "X25519")


def test_a_recipient_removed_from_the_header_is_noticed():
    data = sealed(DATA, ALICE, BOB)
    lines = data.split(b"\n")
    del lines[3:5]
    with pytest.raises(Tampered, match="the MAC of the age header"):
        file.decrypt(b"\n".join(lines), [ALICE])


def test_the_mac_is_compared_before_the_payload_is_touched():
    data = bytearray(sealed(DATA, ALICE, BOB))
    data[-1] ^= 1
    lines = bytes(data).split(b"\n")
    del lines[3:5]
    with pytest.raises(Tampered, match="the MAC of the age header"):
        file.decrypt(b"\n".join(lines), [ALICE])


def test_a_post_quantum_recipient_opens_its_file():
    identity = HybridIdentity(bytes(range(32)))
    data = file.encrypt(DATA, [HybridRecipient(identity.public)])
    assert file.decrypt(data, [ALICE, identity]) == DATA
    with pytest.raises(file.NoMatch):
        file.decrypt(data, [HybridIdentity(bytes(32))])


def test_post_quantum_recipients_are_not_mixed_with_others():
    hybrid = HybridRecipient(HybridIdentity(bytes(32)).public)
    with pytest.raises(ValueError, match="not mixed"):
        file.encrypt(DATA, [hybrid, X25519Recipient(ALICE.public)])


def test_a_file_for_nobody_is_not_made():
    with pytest.raises(ValueError, match="needs a recipient"):
        file.encrypt(DATA, [])


def test_a_stanza_of_an_unknown_type_is_passed_over():
    key = bytes(16)
    stanzas = (Stanza("x-Grease", ("a", "b"), bytes(100)), *X25519Recipient(ALICE.public).wrap(key))
    head = header.encode(stanzas, key)
    assert header.decode(head + b"rest").stanzas == stanzas
    nonce = bytes(16)
    assert file.decrypt(head + nonce + stream.encrypt(key, nonce, DATA), [ALICE]) == DATA


@pytest.mark.parametrize("size", [0, 47, 48, 49, 95, 96, 97])
def test_stanza_bodies_of_every_length_are_written_as_they_are_read(size: int):
    stanza = Stanza("test", (), bytes(size))
    assert header.decode(header.encode((stanza,), bytes(16))).stanzas == (stanza,)


def test_the_randomness_that_is_handed_in_decides_the_payload():
    recipient = X25519Recipient(ALICE.public)
    first, second = (file.encrypt(DATA, [recipient], random=bytes) for _ in range(2))
    assert first[-48:] == second[-48:]
    assert first != second  # the ephemeral share is drawn by the library


def test_a_later_version_is_refused_by_name():
    with pytest.raises(NotBuiltYet, match="version"):
        header.decode(b"age-encryption.org/v2\n")


def test_armor_has_lines_of_64_columns_and_ends_its_last_line():
    text = armor.encode(bytes(100))
    lines = text.split("\n")
    assert lines[0] == "-----BEGIN AGE ENCRYPTED FILE-----"
    assert [len(line) for line in lines[1:4]] == [64, 64, 8]
    assert lines[4:] == ["-----END AGE ENCRYPTED FILE-----", ""]


@pytest.mark.parametrize(
    "change",
    [lambda text: text.replace("\n", "\r\n"), lambda text: text.rstrip("\n"), lambda text: f"\n \n{text}\n\t\n"],
    ids=["CRLF", "no last line end", "white space around"],
)
def test_armor_tolerates_what_the_format_tolerates(change):
    assert armor.decode(change(armor.encode(bytes(100))).encode()) == bytes(100)
