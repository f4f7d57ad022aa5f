"""The SSH types of age: what is wrapped opens with the private half alone, and keys that are no keys are refused."""

from __future__ import annotations

import base64
import contextlib
import random

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from secrets_gitops.crypto.age import file, header, ssh_key, ssh_wire, stream
from secrets_gitops.crypto.age.header import Stanza
from secrets_gitops.crypto.age.ssh import SshRecipient
from secrets_gitops.crypto.age.ssh_identity import SshIdentity
from secrets_gitops.errors import DocumentError, KeySourceError
from secrets_gitops.plaintext import Plaintext

DATA = b"a data key of thirty-two bytes.."
KEYS = {
    "ssh-ed25519": [ed25519.Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)],
    "ssh-rsa": [rsa.generate_private_key(65537, 2048) for _ in range(2)],
}
BOTH = pytest.mark.parametrize("kind", KEYS)


def identity(kind: str, number: int = 0) -> SshIdentity:
    key = KEYS[kind][number]
    return SshIdentity(kind, ssh_key.public_wire(key), lambda: key)


def sealed(kind: str, number: int = 0) -> bytes:
    return file.encrypt(DATA, [SshRecipient(identity(kind, number).wire)])


def closed(key, form: PrivateFormat = PrivateFormat.OpenSSH, passphrase: bytes = b"") -> bytes:
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, lock)


def ssh_string(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@BOTH
def test_a_key_opens_what_its_public_half_closed_and_no_other_does(kind: str):
    assert file.decrypt(sealed(kind), [identity(kind)]) == DATA
    with pytest.raises(file.NoMatch):
        file.decrypt(sealed(kind), [identity(kind, 1)])


@BOTH
def test_a_key_is_not_loaded_for_a_file_of_somebody_else(kind: str):
    def load():
        raise AssertionError("loaded")

    theirs = SshIdentity(kind, identity(kind, 1).wire, load)
    with pytest.raises(file.NoMatch):
        file.decrypt(sealed(kind), [theirs])


@BOTH
def test_another_key_under_the_same_tag_is_no_match(kind: str):
    """Four bytes of a hash are a hint: two keys may share them."""
    ours = identity(kind)
    other = SshIdentity(kind, ours.wire, lambda: KEYS[kind][1])
    with pytest.raises(file.NoMatch):
        file.decrypt(sealed(kind), [other])


MALFORMED = {
    "no argument": ("ssh-ed25519", (), bytes(32)),
    "one argument": ("ssh-ed25519", ("AAAAAA",), bytes(32)),
    "a short share": ("ssh-ed25519", ("AAAAAA", header.base64(bytes(31))), bytes(32)),
    "a long body": ("ssh-ed25519", ("AAAAAA", header.base64(bytes(32))), bytes(33)),
    "a share that is not base64": ("ssh-ed25519", ("AAAAAA", "!"), bytes(32)),
    "two arguments for RSA": ("ssh-rsa", ("AAAAAA", "AAAA"), bytes(256)),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_stanza_is_a_broken_document(name: str):
    kind, arguments, body = MALFORMED[name]
    key = bytes(16)
    data = header.encode((Stanza(kind, arguments, body),), key) + bytes(16) + stream.encrypt(key, bytes(16), DATA)
    with pytest.raises(DocumentError, match="malformed"):
        file.decrypt(data, [identity(kind)])


def test_a_point_of_low_order_is_malformed():
    ours = identity("ssh-ed25519")
    [good] = SshRecipient(ours.wire).wrap(bytes(16))
    bad = good._replace(arguments=(good.arguments[0], header.base64(bytes(32))))
    with pytest.raises(DocumentError, match="low order"):
        ours.unwrap([bad])


REFUSED = {
    "not on the curve": ("ssh-ed25519", (2).to_bytes(32, "little"), "not a point"),
    "too short a point": ("ssh-ed25519", bytes(31), "32 bytes"),
    "a small RSA key": ("ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xff" * 128, "2048"),
    "a huge RSA key": ("ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xff" * 4096, "16384"),
    "an even exponent": ("ssh-rsa", b"\x02", b"\x00" + b"\xff" * 256, "exponent"),
    "a negative modulus": ("ssh-rsa", b"\x03", b"\xff" * 256, "negative"),
    "another type": ("ssh-dss", b"x", "what its type demands"),
    "a part missing": ("ssh-rsa", b"\x03", "what its type demands"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_public_key_that_is_none_is_refused(name: str):
    kind, *parts, reason = REFUSED[name]
    with pytest.raises(ValueError, match=reason):
        SshRecipient(ssh_string(kind.encode(), *parts))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ssh-rsa", "no key after"),
        ("ssh-rsa !!!", "not base64"),
        ("ssh-rsa AAAA", "cut off"),
        ("ssh-rsa AAAAC3NzaC1lZDI1NTE5", "another type"),
        (f"ssh-rsa {'A' * 70_000}", "no key after"),
    ],
)
def test_a_line_that_is_no_public_key_is_refused(line: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        ssh_wire.public_key(line)


def test_an_all_zero_point_wraps_nothing():
    """y = 1 is the neutral element: nobody has a secret for it."""
    recipient = SshRecipient(ssh_string(b"ssh-ed25519", (1).to_bytes(32, "little")))
    with pytest.raises(ValueError, match="shared"):
        recipient.wrap(bytes(16))


class TestKeyFile:
    @BOTH
    def test_the_public_half_is_known_without_the_passphrase(self, kind: str):
        key = KEYS[kind][0]
        wire = ssh_key.public_wire(key)
        assert ssh_key.read(closed(key)) == (wire, False)
        data = closed(key, passphrase=b"open sesame")
        assert ssh_key.read(data) == (wire, True)
        assert ssh_key.read(data.replace(b"\n", b"\r\n")) == (wire, True)
        loaded = ssh_key.load(data, Plaintext("open sesame"))
        assert ssh_key.public_wire(loaded) == wire
        with pytest.raises(ssh_key.WrongPassphrase):
            ssh_key.load(data, Plaintext("hunter2"))

    def test_old_forms_of_rsa_keys_are_read(self):
        key = KEYS["ssh-rsa"][0]
        wire = ssh_key.public_wire(key)
        for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
            assert ssh_key.read(closed(key, form)) == (wire, False)
            data = closed(key, form, b"open sesame")
            assert ssh_key.read(data) == (b"", True)
            assert ssh_key.public_wire(ssh_key.load(data, Plaintext("open sesame"))) == wire
            with pytest.raises(ssh_key.WrongPassphrase):
                ssh_key.load(data, Plaintext("hunter2"))

    @pytest.mark.parametrize("kind", ["ECDSA", "ECDSA in PEM", "DSA"])
    def test_keys_of_other_types_are_refused(self, kind: str):
        if kind == "DSA":
            data = closed(dsa.generate_private_key(2048), PrivateFormat.PKCS8)
        else:
            form = PrivateFormat.OpenSSH if kind == "ECDSA" else PrivateFormat.TraditionalOpenSSL
            data = closed(ec.generate_private_key(ec.SECP256R1()), form)
        with pytest.raises(KeySourceError, match="age takes no SSH key of this type"):
            ssh_key.read(data)

    def test_every_cut_gives_an_error_of_ours(self):
        data = closed(KEYS["ssh-ed25519"][0], passphrase=b"x")
        for at in range(len(data) - 40):
            with pytest.raises(KeySourceError):
                ssh_key.read(data[:at])

    def test_nested_lengths_that_lie_are_malformed(self):
        begin, *_, end = closed(KEYS["ssh-ed25519"][0]).decode().strip().split("\n")
        for body in (b"", b"\xff" * 8, ssh_string(b"none", b"none", b"") + b"\0\0\0\2" + ssh_string(b"x")):
            text = base64.b64encode(b"openssh-key-v1\0" + body).decode()
            with pytest.raises(KeySourceError, match="malformed"):
                ssh_key.read(f"{begin}\n{text}\n{end}\n".encode())

    def test_without_bcrypt_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch):
        data = closed(KEYS["ssh-ed25519"][0], passphrase=b"open sesame")

        def missing(*given):
            raise UnsupportedAlgorithm("Need bcrypt module")  # what the library does then

        monkeypatch.setattr("cryptography.hazmat.primitives.serialization.ssh._bcrypt_kdf", missing)
        with pytest.raises(KeySourceError, match=r"secrets-gitops\[ssh\]"):
            ssh_key.load(data, Plaintext("open sesame"))

    def test_a_damaged_file_gives_a_key_or_an_error_of_ours(self):
        draw = random.Random(1)
        for _ in range(300):
            begin, *lines, end = closed(KEYS["ssh-ed25519"][0]).decode().strip().split("\n")
            blob = bytearray(base64.b64decode("".join(lines)))
            at = draw.randrange(len(blob))
            blob[at : at + draw.randrange(3)] = draw.randbytes(draw.randrange(3))
            data = f"{begin}\n{base64.b64encode(blob).decode()}\n{end}\n".encode()
            with contextlib.suppress(KeySourceError):
                ssh_key.read(data)
            with contextlib.suppress(KeySourceError):
                ssh_key.load(data, None)
