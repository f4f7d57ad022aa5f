"""`private-key`: keys made by the real library are found in every dress; markers without a body are not."""

from __future__ import annotations

import base64
import json
import random

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from recipes import Maker

from secrets_gitops.lint.private_keys import find
from secrets_gitops.lint.rules.private_key import RULE
from secrets_gitops.lint.run import Run
from secrets_gitops.lint.target import Target

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
OPEN = ser.NoEncryption()
LOCKED = ser.BestAvailableEncryption(b"correct horse")


def pem(key, form=ser.PrivateFormat.PKCS8, encryption=OPEN) -> str:
    return key.private_bytes(ser.Encoding.PEM, form, encryption).decode()


PEMS = {
    "rsa-pkcs1": pem(RSA, ser.PrivateFormat.TraditionalOpenSSL),
    "rsa-pkcs8": pem(RSA),
    "ec-sec1": pem(EC, ser.PrivateFormat.TraditionalOpenSSL),
    "ec-pkcs8": pem(EC),
    "ed25519-pkcs8": pem(ED),
    "rsa-openssh": pem(RSA, ser.PrivateFormat.OpenSSH),
    "ed25519-openssh": pem(ED, ser.PrivateFormat.OpenSSH),
}
ENCRYPTED = {
    "pkcs8": pem(RSA, encryption=LOCKED),
    "pkcs1": pem(RSA, ser.PrivateFormat.TraditionalOpenSSL, LOCKED),
}


def in_json(text: str) -> str:
    return json.dumps({"key": text})


def in_yaml(text: str) -> str:
    return "data:\n  tls.key: |\n" + "".join(f"    {line}\n" for line in text.splitlines())


def in_code(text: str) -> str:
    return "key = (\n" + "".join(f'    "{line}\\n"\n' for line in text.splitlines()) + ")\n"


def in_java(text: str) -> str:
    return "String k =" + " +\n".join(f' "{line}\\n"' for line in text.splitlines()) + ";\n"


DRESSES = {
    "raw": str,
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "yaml block": in_yaml,
    "json string": in_json,
    "json in json": lambda text: in_json(in_json(text)),
    "env one-liner": lambda text: "KEY='" + text.replace("\n", "\\n") + "'\n",
    "spaces for line ends": lambda text: "key: " + text.replace("\n", " ") + "\n",
    "joined strings": in_code,
    "strings joined with +": in_java,
}
ENCODED = {
    "one line": lambda text: f"data:\n  tls.key: {base64.b64encode(text.encode()).decode()}\n",
    "wrapped": lambda text: "data:\n  tls.key: |\n" + "".join(
        f"    {line}\n" for line in base64.encodebytes(text.encode()).decode().splitlines()
    ),
    "twice": lambda text: "x: " + base64.b64encode(base64.b64encode(text.encode())).decode(),
    "within a kubeconfig in base64": lambda text: "x: " + base64.b64encode(
        f"client-key-data: {base64.b64encode(text.encode()).decode()}\n".encode()
    ).decode(),
}  # fmt: skip


class Nothing:
    """A snapshot without files; the rule asks it for nothing."""

    root = "/"


def check(text: str | bytes, path: str = "notes.txt"):
    data = text.encode() if isinstance(text, str) else text
    return list(RULE.check(Target(path, data, Run(Nothing()))))


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("kind", PEMS)
def test_a_key_is_found_in_every_dress(kind, dress):
    (finding,) = check("# above\n" + DRESSES[dress](PEMS[kind]))
    assert finding.severity == "high"
    assert finding.rule == "private-key"
    assert finding.line >= 2


@pytest.mark.parametrize("dress", ENCODED)
@pytest.mark.parametrize("kind", PEMS)
def test_a_key_is_found_in_base64(kind, dress):
    (finding,) = check(ENCODED[dress](PEMS[kind]))
    assert "in base64" in finding.message


@pytest.mark.parametrize("kind", ENCRYPTED)
def test_a_passphrase_makes_it_medium(kind):
    (finding,) = check(ENCRYPTED[kind])
    assert finding.severity == "medium"
    assert "passphrase" in finding.message


def test_an_openssh_key_with_a_cipher_is_medium():
    """The cipher's name is the first field after the magic (PROTOCOL.key of OpenSSH)."""
    blob = base64.b64decode("".join(PEMS["ed25519-openssh"].splitlines()[1:-1]))
    none, aes = b"\x00\x00\x00\x04none", b"\x00\x00\x00\x0aaes256-ctr"
    (finding,) = check(Maker(1).pem("OPENSSH PRIVATE KEY", blob.replace(none, aes, 1)))
    assert finding.severity == "medium"


def test_the_finding_spans_the_key_and_names_its_kind():
    text = "a: 1\nkey: |\n" + "".join(f"  {line}\n" for line in PEMS["ec-sec1"].splitlines())
    (finding,) = check(text, "app/é.yaml")
    assert (finding.line, finding.column, finding.path) == (3, 3, "app/é.yaml")
    assert finding.end_line == len(text.splitlines())
    assert finding.message.startswith("an EC private key")
    assert "app/é.yaml" in finding.fix


@pytest.mark.parametrize("tool", ["SIGSTORE", "COSIGN"])
def test_a_key_of_cosign(tool, values):
    box = {"kdf": {"name": "scrypt", "salt": values.base64(32)}, "ciphertext": values.base64(90)}
    body = base64.encodebytes(json.dumps(box, separators=(",", ":")).encode()).decode()
    label = f"ENCRYPTED {tool} {'PRIVATE'} KEY-----"
    (found,) = find(f"-----BEGIN {label}\n{body}-----END {label}\n".encode())
    assert (found.kind, found.encrypted) == (f"{tool} private key", True)


def test_a_pgp_block():
    (finding,) = check(Maker(2).pem("PGP PRIVATE KEY BLOCK", b"\x95" + Maker(3).bytes(400)).replace(
        "-----\n", "-----\nVersion: GnuPG v2\nComment: none\n\n", 1))  # fmt: skip
    assert finding.message.startswith("a PGP private key")


PUTTY = """PuTTY-User-Key-File-3: ssh-ed25519
Encryption: {encryption}
Comment: ed25519-key
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIHJCszOHaI9X/yGLtjn22f0hO6VPMQDVtctkym6F
JH1W
Private-Lines: 1
{body}
Private-MAC: 1d40
"""


def test_a_putty_key():
    body = base64.b64encode(Maker(4).bytes(36)).decode()
    (finding,) = check(PUTTY.format(encryption="none", body=body))
    assert finding.severity == "high"
    (finding,) = check(PUTTY.format(encryption="aes256-cbc", body=body).replace("\n", "\r\n"))
    assert finding.severity == "medium"


def test_a_static_key_of_openvpn():
    lines = [Maker(at).bytes(16).hex() for at in range(16)]
    text = "<tls-auth>\n-----BEGIN OpenVPN Static key V1-----\n{}\n-----END OpenVPN Static key V1-----\n</tls-auth>\n"
    (finding,) = check(text.format("\n".join(lines)))
    assert (finding.line, finding.severity) == (2, "high")
    assert check(text.format("\n".join(lines[:3]))) == []
    assert check(text.format("\n".join(["0" * 32] * 16))) == []


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


PRIVATE_JWKS = {
    "ec": {"kty": "EC", "crv": "P-256", "x": b64url(b"x" * 32), "d": b64url(Maker(5).bytes(32))},
    "okp": {"d": b64url(Maker(6).bytes(32)), "kty": "OKP", "crv": "Ed25519", "x": b64url(b"y" * 32)},
    "rsa": {"kty": "RSA", "n": b64url(b"n" * 256), "e": "AQAB", "d": b64url(Maker(7).bytes(256))},
    "oct": {"kty": "oct", "k": b64url(Maker(8).bytes(32))},
}


@pytest.mark.parametrize("kind", PRIVATE_JWKS)
def test_a_jwk_with_its_private_member(kind):
    jwk = PRIVATE_JWKS[kind]
    pretty = json.dumps({"keys": [jwk, {"kty": "RSA", "e": "AQAB"}]}, indent=2)
    yaml = "".join(f"{name}: {value}\n" for name, value in jwk.items())
    for text in (pretty, json.dumps({"keys": [jwk]}), yaml, json.dumps({"jwks": json.dumps(jwk)})):
        (finding,) = check(text)
        assert "JWK" in finding.message


NO_KEYS = {
    "the marker alone": "-----BEGIN RSA PRIVATE KEY-----",
    "both markers in code": 'begin = "-----BEGIN PRIVATE KEY-----"\nend = "-----END PRIVATE KEY-----"\n',
    "elided": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n...\n-----END PRIVATE KEY-----\n",
    "elided on one line": "-----BEGIN PRIVATE KEY----- ... -----END PRIVATE KEY-----",
    "a template": "-----BEGIN PRIVATE KEY-----\n{{ .Values.key }}\n-----END PRIVATE KEY-----\n",
    "words": "-----BEGIN PRIVATE KEY-----\n" + "paste your key here " * 8 + "\n-----END PRIVATE KEY-----\n",
    "random base64 that is no DER": Maker(9).pem("PRIVATE KEY", b"\x01" + Maker(9).bytes(300)),
    "too short": Maker(10).pem("PRIVATE KEY", b"\x30" + bytes(20)),
    "a public key": RSA.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo).decode(),
    "a certificate": Maker(11).pem("CERTIFICATE"),
    "a public JWK": json.dumps({"kty": "EC", "crv": "P-256", "x": b64url(b"x" * 32), "y": b64url(b"y" * 32)}),
    "d of something else": json.dumps({"a": {"kty": "EC"}, "d": b64url(Maker(12).bytes(32))}),
    "a JWK with a stand-in": json.dumps({"kty": "EC", "d": "x" * 43}),
    "the marker in base64": base64.b64encode(b"-----BEGIN PRIVATE KEY-----\n...\n").decode(),
    "two markers of different kinds": PEMS["rsa-pkcs1"].replace("END RSA PRIVATE", "END EC PRIVATE"),
}


@pytest.mark.parametrize("case", NO_KEYS)
def test_what_is_no_key_is_not_reported(case):
    assert check(NO_KEYS[case]) == []


def test_no_finding_holds_any_part_of_a_key():
    for text in (*PEMS.values(), *ENCRYPTED.values()):
        body = "".join(text.splitlines()[1:-1])
        shown = repr(check(text))
        assert not any(body[at : at + 12] in shown for at in range(0, len(body) - 12, 3))


@pytest.mark.parametrize(
    "text",
    [
        b"-----BEGIN " * 450_000,
        b"-----BEGIN PRIVATE KEY-----" * 180_000,
        b"-----BEGIN PRIVATE KEY-----" * 180_000 + b"-----END PRIVATE KEY-----",
        b'-----BEGIN PRIVATE KEY-----"' + b"  " * 10_000 + b"-----END PRIVATE KEY-----" * 20_000,
        (b"-----BEGIN PRIVATE KEY-----" + b'"' + b" " * 80 + b"-----END PRIVATE KEY-----") * 30_000,
        (b"-----BEGIN PRIVATE KEY-----" + (b'"' + b" " * 79) * 280 + b"-----END PRIVATE KEY-----") * 220,
        b"PuTTY-User-Key-File-2: x\nEncryption: none\n" * 120_000,
        b'{"kty":"EC","d":"' * 290_000,
        b"d: aaaaaaaaaaaaaaaaaaaaaaa\n" * 180_000 + b"kty: EC",
        b"kty: EC\n" * 600_000,
        random.Random(1).randbytes(1000).hex().encode() * 2_500,
        b"kty{}" * 1_000_000,
    ],
    ids=lambda text: repr(text[:20]),
)
@pytest.mark.timeout(20)
def test_hostile_text_of_five_megabytes_ends(text):
    """The time-out is the test: quadratic work on these would take minutes."""
    for _ in find(text):
        pass
