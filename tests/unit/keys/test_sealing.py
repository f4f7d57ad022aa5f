"""Sealing certificates and keys: what is taken, what is refused and why, and the traps of the genuine ones."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from secrets_gitops.errors import DocumentError, Error, KeySourceError, NotBuiltYet
from secrets_gitops.keys.sealing import Certificate, load_certificate, load_sealing_keys

GENUINE = Path(__file__).parents[2] / "interop" / "vectors" / "sealed-secrets" / "keys"
START = datetime(2026, 1, 1, tzinfo=UTC)


def certificate(key, *, start: datetime = START, days: int = 365) -> bytes:
    """A certificate as the controller makes it, with the key usage that the library cannot parse."""
    name = x509.Name([])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=days))
        .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.15"), bytes.fromhex("03020001")), True)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM)


def private(key, *, form: PrivateFormat = PrivateFormat.TraditionalOpenSSL, passphrase: bytes | None = None) -> bytes:
    return key.private_bytes(
        Encoding.PEM, form, BestAvailableEncryption(passphrase) if passphrase is not None else NoEncryption()
    )


@pytest.fixture(scope="module")
def one() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def two() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def key_secret(name: str, key: bytes, crt: bytes | None, **more: object) -> dict[str, object]:
    data = {"tls.key": base64.b64encode(key).decode()}
    if crt is not None:
        data["tls.crt"] = base64.b64encode(crt).decode()
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data, **more}


# Certificates


@pytest.mark.parametrize("name", ["ctl2048", "ctl4096", "byo-pkcs8-3072", "renewed"])
def test_genuine_certificates_are_read_although_their_extensions_cannot_be(name: str):
    loaded = load_certificate((GENUINE / name / "served-cert.pem").read_bytes(), name)
    assert loaded.not_before < loaded.not_after
    assert loaded.not_after.tzinfo is not None
    assert loaded.fingerprint.startswith("sha256:")


def test_the_first_certificate_counts(one, two):
    loaded = load_certificate(b"a comment\n" + certificate(one) + certificate(two), "x.pem")
    assert loaded == load_certificate(certificate(one), "x.pem")
    assert loaded.pem.encode() == certificate(one)


def test_crlf_and_a_byte_order_mark_are_fine(one):
    windows = b"\xef\xbb\xbf" + certificate(one).replace(b"\n", b"\r\n")
    assert load_certificate(windows, "x.pem").pem.encode() == certificate(one)


def test_renewing_a_certificate_for_the_same_key_keeps_its_fingerprint(one):
    old, new = (load_certificate(certificate(one, days=days), "x.pem") for days in (1, 2))
    assert old.fingerprint == new.fingerprint
    assert old.pem != new.pem


def _public(key) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


REFUSED_CERTIFICATES = {
    "nothing": (lambda one: b"", "there is no certificate in PEM form"),
    "garbage": (lambda one: b"\xff\x00 hunter2", "there is no certificate in PEM form"),
    "DER": (lambda one: x509.load_pem_x509_certificate(certificate(one)).public_bytes(Encoding.DER), "no certificate"),
    "a cut one": (lambda one: certificate(one)[:-30], "there is no certificate in PEM form"),
    "one with a hole": (lambda one: certificate(one)[:200] + certificate(one)[204:], "cannot be read"),
    "no base64": (lambda one: b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n", "cannot be read"),
    "an empty one": (lambda one: b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "cannot be read"),
    "a bare public key": (_public, "a bare public key stands where a certificate belongs"),
    "a private key": (private, "a private key stands where a certificate belongs"),
    "EC": (lambda one: certificate(ec.generate_private_key(ec.SECP256R1())), "an EC key; sealing needs RSA"),
    "Ed25519": (lambda one: certificate(ed25519.Ed25519PrivateKey.generate()), "an Ed25519 key; sealing needs RSA"),
    "a request": (
        lambda one: (
            x509.CertificateSigningRequestBuilder(x509.Name([])).sign(one, hashes.SHA256()).public_bytes(Encoding.PEM)
        ),
        "a certificate request",
    ),
}


@pytest.mark.parametrize("name", REFUSED_CERTIFICATES)
def test_what_is_no_sealing_certificate_is_refused_with_the_reason(one, name: str):
    make, reason = REFUSED_CERTIFICATES[name]
    with pytest.raises(KeySourceError, match=reason) as caught:
        load_certificate(make(one), "cert.pem")
    assert str(caught.value.place) == "cert.pem"
    assert "hunter2" not in caught.value.message


def test_no_changed_byte_of_a_certificate_escapes_as_a_foreign_error(one):
    data = certificate(one)
    for at in range(28, len(data) - 27, 7):
        for change in (b"A", b"/", b"?", b"\xff"):
            try:
                load_certificate(data[:at] + change + data[at + 1 :], "x.pem")
            except Error:
                continue


def test_an_expired_certificate_loads_and_is_refused_for_sealing(one):
    loaded = load_certificate(certificate(one, days=10), "old.pem")
    loaded.refuse_expired(START + timedelta(days=10))
    loaded.refuse_expired(START - timedelta(days=1))  # not valid yet: kubeseal takes it too
    with pytest.raises(KeySourceError, match="expired on 2026-01-11") as caught:
        loaded.refuse_expired(START + timedelta(days=10, seconds=1))
    assert str(caught.value.place) == "old.pem"


# Private keys


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8], ids=["PKCS#1", "PKCS#8"])
def test_a_key_in_pem_form_is_loaded_with_or_without_its_certificate(one, form: PrivateFormat):
    [bare] = load_sealing_keys(private(one, form=form), "key.pem")
    assert bare.certificate is None
    [whole] = load_sealing_keys(private(one, form=form) + certificate(one), "key.pem")
    assert isinstance(whole.certificate, Certificate)
    assert bare.fingerprint == whole.fingerprint == whole.certificate.fingerprint
    assert bare.private_key.private_numbers() == one.private_numbers()


def test_several_keys_in_one_pem_file_find_their_certificates_and_the_newest_is_first(one, two):
    old, new = certificate(one), certificate(two, start=START + timedelta(days=1))
    keys = load_sealing_keys(private(one) + new + private(two) + old, "keys.pem")
    assert [key.private_key.public_key() for key in keys] == [two.public_key(), one.public_key()]
    assert [key.certificate.not_before for key in keys if key.certificate] == [START + timedelta(days=1), START]


@pytest.mark.parametrize("name", ["ctl2048", "ctl4096"])
def test_key_secret_and_backup_of_the_controller_hold_the_same_key(name: str):
    expected = load_certificate((GENUINE / name / "tls.crt").read_bytes(), name).fingerprint
    for file in ("key-secret.json", "backup-list.yaml", "tls.key"):
        [key] = load_sealing_keys((GENUINE / name / file).read_bytes(), file)
        assert key.fingerprint == expected
        assert key.name.startswith("sealed-secrets-key") or file == "tls.key"


def test_the_backup_of_a_renewed_controller_gives_all_keys_newest_first():
    keys = load_sealing_keys((GENUINE / "renewed" / "backup-list.yaml").read_bytes(), "backup.yaml")
    expected = [load_certificate((GENUINE / "renewed" / f"tls-{n}.crt").read_bytes(), "x") for n in (3, 2, 1)]
    assert [key.fingerprint for key in keys] == [each.fingerprint for each in expected]


def _stream(secrets: list[dict[str, object]]) -> str:
    return yaml.safe_dump_all(secrets)


def _string_data(secrets: list[dict[str, object]]) -> str:
    for secret in secrets:
        data = secret.pop("data")
        assert isinstance(data, dict)
        secret["stringData"] = {key: base64.b64decode(value).decode() for key, value in data.items()}
    return yaml.safe_dump_all(secrets, default_style="|")


def _untyped_items(secrets: list[dict[str, object]]) -> str:
    for secret in secrets:
        del secret["kind"]
    return json.dumps({"apiVersion": "v1", "kind": "SecretList", "items": secrets})


FORMS = {
    "several documents": _stream,
    "List": lambda secrets: yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": secrets}),
    "SecretList": _untyped_items,
    "JSON objects": lambda secrets: "\n".join(json.dumps(secret) for secret in secrets),
    "stringData": _string_data,
    "with other objects": lambda secrets: "---\n" + _stream([{"kind": "ConfigMap", "data": {}}, *secrets]) + "---\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_backups_of_every_form_are_understood(one, two, name: str):
    secrets = [
        key_secret("a", private(one), certificate(one)),
        key_secret("b", private(two, form=PrivateFormat.PKCS8), certificate(two, start=START + timedelta(days=1))),
    ]
    keys = load_sealing_keys(FORMS[name](secrets).encode(), "backup")
    assert [key.name for key in keys] == ["b", "a"]


def test_a_key_secret_without_certificate_opens_too_and_comes_last(one, two):
    secrets = [key_secret("a", private(one), None), key_secret("b", private(two), certificate(two))]
    assert [key.name for key in load_sealing_keys(_stream(secrets).encode(), "backup.yaml")] == ["b", "a"]


def test_of_a_chain_only_the_first_certificate_matters(one):
    chain = certificate(one) + certificate(ec.generate_private_key(ec.SECP256R1()))
    [key] = load_sealing_keys(_stream([key_secret("a", private(one), chain)]).encode(), "backup.yaml")
    assert key.certificate is not None


def test_a_key_with_the_certificate_of_another_is_refused(one, two):
    for data in (private(one) + certificate(two), _stream([key_secret("a", private(one), certificate(two))]).encode()):
        with pytest.raises(KeySourceError, match="do not belong together") as caught:
            load_sealing_keys(data, "backup")
        [mine] = load_sealing_keys(private(one), "x")
        assert any(mine.fingerprint in hint for hint in caught.value.hints)


def _damaged(key: rsa.RSAPrivateKey) -> bytes:
    """The key with another private exponent: only arithmetic can tell."""
    numbers = key.private_numbers()
    wrong = rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, numbers.d + 2, numbers.dmp1, numbers.dmq1, numbers.iqmp, numbers.public_numbers
    )
    return private(wrong.private_key(unsafe_skip_rsa_key_validation=True))


REFUSED_KEYS = {
    "nothing": (lambda one: b"", KeySourceError, "there is no sealing key"),
    "garbage": (lambda one: b"hunter2", KeySourceError, "there is no sealing key"),
    "no text": (lambda one: b"\xff\xfe\x00", DocumentError, "UTF"),
    "another manifest": (lambda one: b"kind: ConfigMap\n", KeySourceError, "there is no sealing key"),
    "an empty list": (lambda one: b"kind: List\nitems: []\n", KeySourceError, "there is no sealing key"),
    "a certificate": (certificate, KeySourceError, "no private key is in this PEM file"),
    "no PEM in the Secret": (
        lambda one: _stream([key_secret("a", b"hunter2", None)]).encode(),
        KeySourceError,
        "the key Secret `a` has no private key in PEM form under `tls.key`",
    ),
    "no base64 in the Secret": (
        lambda one: b"kind: Secret\nmetadata: {name: a}\ndata: {tls.key: hunter2}\n",
        KeySourceError,
        "no valid base64 under `tls.key`",
    ),
    "a Secret without data": (lambda one: b"kind: Secret\n", KeySourceError, "the key Secret has no private key"),
    "a Secret of odd shape": (
        lambda one: b"kind: Secret\ndata: [a]\nmetadata: 1\n",
        KeySourceError,
        "has no private key",
    ),
    "EC": (
        lambda one: private(ec.generate_private_key(ec.SECP256R1())),
        KeySourceError,
        "an EC key; sealing needs RSA",
    ),
    "Ed25519": (
        lambda one: private(ed25519.Ed25519PrivateKey.generate(), form=PrivateFormat.PKCS8),
        KeySourceError,
        "an Ed25519 key; sealing needs RSA",
    ),
    "a passphrase": (lambda one: private(one, form=PrivateFormat.PKCS8, passphrase=b"x"), NotBuiltYet, "passphrase"),
    "a passphrase, old form": (lambda one: private(one, passphrase=b"x"), NotBuiltYet, "passphrase"),
    "OpenSSH": (
        lambda one: private(ed25519.Ed25519PrivateKey.generate(), form=PrivateFormat.OpenSSH),
        KeySourceError,
        "private key",
    ),
    "a cut one": (lambda one: private(one)[:500] + private(one)[700:], KeySourceError, "cannot be read"),
    "a damaged one": (_damaged, KeySourceError, "its numbers do not fit together"),
}


@pytest.mark.parametrize("name", REFUSED_KEYS)
def test_what_is_no_sealing_key_is_refused_with_the_reason(one, name: str):
    make, error, reason = REFUSED_KEYS[name]
    with pytest.raises(error, match=reason) as caught:
        load_sealing_keys(make(one), "key.pem")
    assert str(caught.value.place).startswith("key.pem")
    assert "hunter2" not in repr(caught.value)


def test_one_bad_key_secret_does_not_hide_the_others_in_a_recovery(one):
    bad = key_secret("bad", private(ec.generate_private_key(ec.SECP256R1())), None)
    data = _stream([bad, key_secret("good", private(one), certificate(one))]).encode()
    problems: list[Error] = []
    assert [key.name for key in load_sealing_keys(data, "b.yaml", on_problem=problems.append)] == ["good"]
    assert [(each.message, str(each.place)) for each in problems] == [
        ("the private key is an EC key; sealing needs RSA", "b.yaml:1:1")
    ]
    with pytest.raises(KeySourceError, match="EC key"):
        load_sealing_keys(data, "b.yaml")
    with pytest.raises(KeySourceError, match="EC key"):
        load_sealing_keys(_stream([bad]).encode(), "b.yaml", on_problem=problems.append)


def test_an_expired_certificate_does_not_keep_its_key_from_opening(one):
    [key] = load_sealing_keys(private(one) + certificate(one, start=datetime(2001, 1, 1, tzinfo=UTC)), "key.pem")
    assert key.certificate is not None


def test_no_changed_byte_of_a_key_escapes_as_a_foreign_error(one):
    data = private(one)
    for at in range(32, len(data) - 31, 9):
        for change in (b"A", b"/", b"?", b"\xff"):
            try:
                load_sealing_keys(data[:at] + change + data[at + 1 :], "x.pem")
            except Error:
                continue


def test_a_key_shows_nothing_of_itself(one):
    [key] = load_sealing_keys(private(one), "key.pem")
    assert str(one.private_numbers().p) not in repr(key)
    assert "PRIVATE" not in repr(key)


def test_loading_a_key_of_4096_bits_takes_no_quarter_of_a_second():
    data = (GENUINE / "ctl4096" / "tls.key").read_bytes()
    load_sealing_keys(data, "warm-up")
    start = time.perf_counter()
    load_sealing_keys(data, "key.pem")
    assert time.perf_counter() - start < 0.1
