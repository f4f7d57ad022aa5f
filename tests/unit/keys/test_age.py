"""age keys as text: what is accepted, what is refused by name, and that no message quotes a key."""

from __future__ import annotations

import os
import pickle
import traceback

import pytest

from secrets_gitops import bech32
from secrets_gitops.crypto.age import armor, file, header, stream
from secrets_gitops.crypto.age.header import Stanza
from secrets_gitops.errors import DocumentError, Error, KeySourceError, Tampered
from secrets_gitops.keys import age
from secrets_gitops.keys.recipient import NotMine, WrappedKey
from secrets_gitops.plaintext import Plaintext

DATA_KEY = Plaintext(bytes(range(32)))


def key_text(byte: int = 1, *, prefix: str = "age-secret-key-", size: int = 32) -> str:
    return bech32.encode(prefix, bytes([byte]) * size).upper()


def public_text(byte: int = 1) -> str:
    return age.parse_identity(key_text(byte), "here").recipient


def entry(recipient: str, enc: str | None = None) -> WrappedKey:
    return WrappedKey("age", recipient, age.parse_recipient(recipient).wrap(DATA_KEY) if enc is None else enc)


@pytest.mark.parametrize("post_quantum", [False, True], ids=["X25519", "post-quantum"])
def test_a_generated_key_opens_what_its_recipient_closed(post_quantum: bool):
    text, recipient = age.generate(post_quantum=post_quantum)
    identity = age.parse_identity(text.reveal().decode(), "here")
    assert identity.recipient == recipient
    assert identity.unwrap(entry(recipient)) == DATA_KEY
    assert recipient.startswith("age1pq1" if post_quantum else "age1")
    assert text.reveal().startswith(b"AGE-SECRET-KEY-PQ-1" if post_quantum else b"AGE-SECRET-KEY-1")


def test_a_recipient_keeps_the_text_it_was_written_with_and_loses_blanks():
    text = public_text()
    assert age.parse_recipient(f" {text}\n").text == text


def test_the_wrapped_key_is_an_armored_file_with_one_recipient_that_ends_its_last_line():
    enc = entry(public_text()).enc
    assert enc.endswith("-----END AGE ENCRYPTED FILE-----\n")
    assert [stanza.type for stanza in header.decode(armor.decode(enc.encode())).stanzas] == ["X25519"]


def test_the_entry_of_somebody_else_is_not_mine():
    with pytest.raises(NotMine) as caught:
        age.parse_identity(key_text(1), "here").unwrap(entry(public_text(2)))
    assert caught.value.reason == "not a recipient"


@pytest.mark.parametrize("change", ["", "not armor", "\u2028", "-----BEGIN AGE ENCRYPTED FILE-----\n\ud800\n"])
def test_an_entry_that_is_no_age_file_is_a_broken_document(change: str):
    with pytest.raises(DocumentError):
        age.parse_identity(key_text(), "here").unwrap(entry(public_text(), change))


def test_a_changed_payload_is_tampering():
    data = bytearray(armor.decode(entry(public_text()).enc.encode()))
    data[-1] ^= 1
    with pytest.raises(Tampered):
        age.parse_identity(key_text(), "here").unwrap(entry(public_text(), armor.encode(bytes(data))))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("scrypt", "a passphrase closes it"),
        ("ssh-ed25519", "not a recipient"),
        ("piv-p256", "it needs an identity of the plugin `yubikey`"),
    ],
)
def test_what_another_type_of_key_would_open_is_not_mine_and_says_so(kind: str, reason: str):
    key, nonce = os.urandom(16), bytes(16)
    foreign = Stanza(kind, ("x",), bytes(32))
    tail = nonce + stream.encrypt(key, nonce, DATA_KEY.reveal())
    identity = age.parse_identity(key_text(), "here")
    with pytest.raises(NotMine) as caught:
        identity.unwrap(entry(public_text(), armor.encode(header.encode((foreign,), key) + tail)))
    assert caught.value.reason == reason


def test_a_stanza_of_another_type_is_passed_over_beside_ours():
    key, nonce = os.urandom(16), bytes(16)
    data = armor.decode(entry(public_text()).enc.encode())
    file_key = header.decode(data).stanzas[0]
    opened = age.X25519Identity(bytes([1]) * 32).unwrap([file_key])
    assert opened is not None
    key = bytes(opened)
    both = (Stanza("ssh-ed25519", ("x",), bytes(32)), file_key)
    tail = nonce + stream.encrypt(key, nonce, DATA_KEY.reveal())
    enc = armor.encode(header.encode(both, key) + tail)
    assert age.parse_identity(key_text(), "here").unwrap(entry(public_text(), enc)) == DATA_KEY


REFUSED_RECIPIENTS = {
    "empty": ("", KeySourceError, "begins with `age1`"),
    "another word": ("alice", KeySourceError, "begins with `age1`"),
    "capitals": (public_text().upper(), KeySourceError, "begins with `age1`"),
    "a private key": (key_text(), KeySourceError, "a private age key stands where a recipient belongs"),
    "a private key in small letters": (key_text().lower(), KeySourceError, "a private age key"),
    "one letter changed": (public_text()[:-1] + "q", KeySourceError, "checksum"),
    "cut": (public_text()[:-5], KeySourceError, "checksum"),
    "a letter that is none": (public_text()[:-1] + "b", KeySourceError, "alphabet"),
    "mixed case": (public_text()[:-1] + "Q", KeySourceError, "mixed case"),
    "too short a key": (bech32.encode("age", bytes(31)), KeySourceError, "no usable key"),
    "too short a post-quantum key": (bech32.encode("age1pq", bytes(1215)), KeySourceError, "no usable key"),
    "a broken SSH key": ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@host", KeySourceError, "SSH recipient is not usable"),
    "SSH without a key": ("ssh-rsa", KeySourceError, "no key after its type"),
    "SSH with ECDSA": ("ecdsa-sha2-nistp256 AAAAE2VjZHNh", KeySourceError, "no SSH key of this type"),
    "a plugin without a name": (bech32.encode("age1", bytes(33)), KeySourceError, "unknown type"),
    "a plugin elsewhere": (bech32.encode("age1../x", bytes(33)), KeySourceError, "unknown type"),
}


@pytest.mark.parametrize("name", REFUSED_RECIPIENTS)
def test_what_is_no_recipient_is_refused_with_the_reason_and_without_its_text(name: str):
    text, error, reason = REFUSED_RECIPIENTS[name]
    with pytest.raises(error, match=reason) as caught:
        age.parse_recipient(text)
    _assert_silent(caught.value, text)


def test_a_point_of_low_order_wraps_nothing():
    recipient = age.parse_recipient(bech32.encode("age", bytes(32)))
    with pytest.raises(KeySourceError, match="not a usable point"):
        recipient.wrap(DATA_KEY)


REFUSED_IDENTITIES = {
    "another word": ("hunter2hunter2", "begins with `AGE-SECRET-KEY-`"),
    "small letters": (key_text().lower(), "in capitals"),
    "a recipient": (public_text(), "a recipient stands where a private key belongs"),
    "one letter changed": (key_text()[:-1] + "Q", "checksum"),
    "cut": (key_text()[:-5], "checksum"),
    "mixed case": (key_text()[:-1] + "q", "mixed case"),
    "too short": (key_text(size=31), "wrong length"),
    "too short, post-quantum": (key_text(prefix="age-secret-key-pq-", size=31), "wrong length"),
    "an unknown type": (key_text(prefix="age-secret-key-x-"), "unknown type"),
    "a broken plugin identity": ("AGE-PLUGIN-YUBIKEY-1QQQQ", "not whole"),
}


@pytest.mark.parametrize("name", REFUSED_IDENTITIES)
def test_what_is_no_identity_is_refused_with_the_reason_and_without_its_text(name: str):
    text, reason = REFUSED_IDENTITIES[name]
    with pytest.raises(KeySourceError, match=reason) as caught:
        age.parse_identity(text, "here")
    _assert_silent(caught.value, text)


def _assert_silent(error: Error, text: str) -> None:
    shown = "".join((error.message, *error.hints, repr(error), *traceback.format_exception_only(error)))
    for start in range(len(text) - 7):
        piece = text[start : start + 8]
        assert piece.lower() not in shown.lower() or piece.lower() in "age-secret-key-pq-1age1ssh-ed25519age-plugin-"


def test_an_identity_shows_its_source_and_nothing_of_its_key():
    text = key_text(prefix="age-secret-key-pq-")
    for each in (key_text(), text):
        identity = age.parse_identity(each, "keys.txt")
        assert "keys.txt" in repr(identity)
        assert each[20:30] not in repr(identity)
        assert bytes([1] * 8).hex() not in repr(identity)
        with pytest.raises(TypeError):
            pickle.dumps(identity)


def test_comment_lines_empty_lines_and_crlf_stand_between_identities():
    data = f"# created: today\r\n\r\n{key_text(1)}\r\n# caf\xe9\n{key_text(2)}".encode("latin-1")
    identities = age.parse_identities(data, "keys.txt")
    assert [each.recipient for each in identities] == [public_text(1), public_text(2)]
    assert {each.source for each in identities} == {"keys.txt"}


# What sops 3.13.3 refuses as an identity file.
SPOILED_FILES = {
    "blank before": f" {key_text()}\n",
    "blank after": f"{key_text()} \n",
    "tab after": f"{key_text()}\t\n",
    "blank line that is not empty": f" \n{key_text()}\n",
    "indented comment": f" # a comment\n{key_text()}\n",
    "byte order mark": f"\ufeff{key_text()}\n",
    "two on a line": f"{key_text()} {key_text(2)}\n",
    "comment after": f"{key_text()} # mine\n",
    "another word below": f"{key_text()}\nfoo\n",
    "broken plugin identity": f"{key_text()}\nAGE-PLUGIN-FOO-1QQQQ\n",
}


@pytest.mark.parametrize("name", SPOILED_FILES)
def test_one_bad_line_spoils_a_file_and_is_named_by_number(name: str):
    text = SPOILED_FILES[name]
    with pytest.raises(KeySourceError) as caught:
        age.parse_identities(text.encode(), "keys.txt")
    assert caught.value.place is not None
    assert (
        str(caught.value.place)
        == f"keys.txt:{2 if text.startswith(key_text()) and name.endswith(('below', 'identity')) else 1}:1"
    )
    _assert_silent(caught.value, key_text())


def test_a_plugin_identity_does_not_hinder_the_others_in_its_file():
    plugin = bech32.encode("age-plugin-yubikey-", bytes(8)).upper()
    first, second = age.parse_identities(f"{plugin}\n{key_text()}\n".encode(), "keys.txt")
    with pytest.raises(KeySourceError, match="the age plugin `yubikey` is not installed"):
        first.unwrap(entry(public_text()))
    assert second.unwrap(entry(public_text())) == DATA_KEY


def test_an_ssh_key_among_identities_is_refused_and_the_hint_says_where_it_goes():
    with pytest.raises(KeySourceError, match="SSH") as caught:
        age.parse_identities(b"-----BEGIN OPENSSH PRIVATE " + b"KEY-----\nAAAA\n", "id_ed25519")
    assert "`SOPS_AGE_SSH_PRIVATE_KEY_FILE`" in caught.value.hints[0]


def test_an_identity_file_of_more_than_16_mib_is_not_read():
    with pytest.raises(KeySourceError, match="larger than 16 MiB"):
        age.parse_identities(bytes(16 * 1024 * 1024 + 1), "keys.txt")


def test_without_ml_kem_a_post_quantum_key_says_what_to_do_and_hinders_nothing(monkeypatch: pytest.MonkeyPatch):
    _, recipient = age.generate(post_quantum=True)
    identity = age.parse_identity(key_text(prefix="age-secret-key-pq-"), "here")
    for name in ("hpke", "asymmetric.mlkem"):
        monkeypatch.setitem(__import__("sys").modules, f"cryptography.hazmat.primitives.{name}", None)
    assert identity.recipient == ""
    with pytest.raises(KeySourceError, match="cannot do ML-KEM") as caught:
        age.parse_recipient(recipient)
    assert "pip install" in caught.value.hints[0]
    with pytest.raises(NotMine):
        identity.unwrap(entry(public_text()))


def test_a_file_key_does_not_survive_decryption(monkeypatch: pytest.MonkeyPatch):
    kept: list[bytearray] = []
    wanted = file._file_key
    monkeypatch.setattr(file, "_file_key", lambda *given: kept.append(wanted(*given)) or kept[-1])
    age.parse_identity(key_text(), "here").unwrap(entry(public_text()))
    assert kept == [bytearray(16)]
