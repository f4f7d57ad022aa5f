"""The quick reader of certificates against the library's own."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from secrets_gitops.crypto.rsa_certificate import parse

KEY = rsa.generate_private_key(65537, 1024)


def certificate(
    key=KEY, *, since: str = "2026-11-23T04:54:27", until: str = "2036-11-20T04:54:28", subject: str = ""
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)] if subject else [])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime.fromisoformat(since))
        .not_valid_after(datetime.datetime.fromisoformat(until))
        .sign(KEY, hashes.SHA256())
    )


@pytest.mark.parametrize(
    "made",
    [
        certificate(),
        certificate(subject="sealing.example"),
        certificate(since="1951-01-01T00:00:00", until="2049-12-31T23:59:59"),
        certificate(since="2050-01-01T00:00:00", until="9999-12-31T23:59:59"),
        certificate(rsa.generate_private_key(3, 2048)),
        certificate(rsa.generate_private_key(65537, 1031)),
    ],
)
def test_reads_what_the_library_reads(made: x509.Certificate) -> None:
    numbers = made.public_key().public_numbers()
    expected = numbers.n, numbers.e, made.not_valid_before_utc, made.not_valid_after_utc
    assert parse(made.public_bytes(Encoding.DER)) == expected


def test_leaves_other_keys_to_the_library() -> None:
    assert parse(certificate(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER)) is None


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x00", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff", b"hello"]
)
def test_leaves_garbage_to_the_library(data: bytes) -> None:
    assert parse(data) is None


def test_no_cut_and_no_changed_byte_gives_another_answer_than_the_library() -> None:
    der = certificate().public_bytes(Encoding.DER)
    assert all(parse(der[:end]) is None for end in range(len(der)))
    assert parse(der + b"\0") is None
    for at in range(len(der)):
        changed = bytearray(der)
        changed[at] ^= 0x01
        ours = parse(bytes(changed))
        if ours is None:
            continue
        try:
            theirs = x509.load_der_x509_certificate(bytes(changed))
            numbers = theirs.public_key().public_numbers()
        except ValueError:
            continue  # a name or an algorithm that does not matter here
        assert ours == (numbers.n, numbers.e, theirs.not_valid_before_utc, theirs.not_valid_after_utc)
