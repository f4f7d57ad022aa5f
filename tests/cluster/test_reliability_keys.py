"""A cluster with a long life: two hundred sealing keys. What the oldest of them sealed still opens."""

from __future__ import annotations

import base64
import itertools
import time
from datetime import UTC, datetime, timedelta

import pytest
from apiserver import wait_for
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from in_the_end import all_is_right
from installed import KEY_LABEL

from secrets_gitops.keys.sealing import load_certificate

KEYS = 200


@pytest.fixture(scope="module")
def key_pairs():
    """So many keys, each private key and certificate as PEM, the oldest first.

    Making primes is what takes long, so each of few is part of many keys. That would be no way to make real ones.
    """
    primes = []
    while len(primes) * (len(primes) - 1) // 2 < KEYS:
        numbers = rsa.generate_private_key(65537, 2048).private_numbers()
        primes += [numbers.p, numbers.q]
    start = datetime.now(UTC) - timedelta(days=31 * KEYS)
    made = []
    for at, (p, q) in enumerate(itertools.islice(itertools.combinations(primes, 2), KEYS)):
        d = pow(65537, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(65537, p * q)
        numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public)
        key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
        builder = x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key(), at + 1)
        begin = start + timedelta(days=31 * at)
        builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=3650))
        form = serialization.PrivateFormat.TraditionalOpenSSL
        private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        made.append((private, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)))
    return made


@pytest.mark.timeout(300)
def test_two_hundred_keys(installed, key_pairs):
    for at, (private, certificate) in enumerate(key_pairs):
        metadata = {
            "name": f"sealed-secrets-key{at:03}",
            "namespace": installed.namespace,
            "labels": {KEY_LABEL: "active"},
        }
        data = {"tls.key": base64.b64encode(private).decode(), "tls.crt": base64.b64encode(certificate).decode()}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": data}
        installed.kube.create(secret)
    begun = time.monotonic()
    controller = installed.start("--key-renew-period=0").ready(120)
    assert time.monotonic() - begun < 60
    assert controller.get("/v1/cert.pem")[1].strip() == key_pairs[-1][1].strip(), "the newest is served"
    for age, at in {"oldest": 0, "middle": KEYS // 2, "newest": KEYS - 1}.items():
        certificate = load_certificate(key_pairs[at][1], age)
        installed.seal_many(certificate, [f"{age}{number}" for number in range(10)])
    all_is_right(installed)
    wait_for(lambda: f"sealed_secrets_controller_keys {KEYS}.0" in controller.metrics(), 10, controller.metrics)
    controller.stop()
    again = installed.start("--key-renew-period=0").ready(120)
    again.says("Compared the Secrets")
    installed.reseal(load_certificate(key_pairs[0][1], "oldest"), "newest0", "c4nary-value-sealed-for-the-oldest")
    all_is_right(installed)
