"""Fingerprints: as openssl prints them for keys, meaningless outside a run for values."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from secrets_gitops.crypto.fingerprint import Fingerprints, of_public_key


def test_a_key_is_named_by_the_digest_of_its_public_half_in_der():
    key = rsa.generate_private_key(65537, 2048).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert of_public_key(key) == "sha256:" + hashlib.sha256(der).hexdigest()


def test_equal_values_look_equal_within_one_run_and_different_in_the_next():
    run, next_run = Fingerprints(), Fingerprints()
    assert run.of(b"hunter2") == run.of(b"hunter2") != run.of(b"hunter3")
    assert run.of(b"hunter2") != next_run.of(b"hunter2")


def test_a_value_fingerprint_is_short_and_is_no_plain_digest():
    shown = Fingerprints(bytes(32)).of(b"hunter2")
    assert len(shown) == 8
    assert not hashlib.sha256(b"hunter2").hexdigest().startswith(shown)
