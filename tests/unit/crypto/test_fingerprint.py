"""The fingerprint of a key, as openssl prints it."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from secrets_gitops.crypto.fingerprint import of_public_key


def test_a_key_is_named_by_the_digest_of_its_public_half_in_der():
    key = rsa.generate_private_key(65537, 2048).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert of_public_key(key) == "sha256:" + hashlib.sha256(der).hexdigest()
