"""A sealing key as Bitnami's controller keeps it: a self-signed certificate and its key in a Secret.

Made so that the real kubeseal seals with it and the real controller can take over again.
"""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"
SMALLEST_KEY = 1024
LONGEST_PREFIX = 245

_KEY_USAGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.15"), bytes.fromhex("03020001"))
"""encipherOnly and nothing else, as the original writes it. The library's own type refuses it."""


class NewKey(NamedTuple):
    """The two PEM texts of a key Secret."""

    private_key: bytes
    certificate: bytes


def generate(*, bits: int, common_name: str, seconds: float, now: datetime) -> NewKey:
    """A fresh key and its certificate, valid for so many seconds from `now`. Raises SettingsError for a size."""
    if bits < SMALLEST_KEY:
        raise SettingsError(f"--key-size {bits} is too small", hints=(f"{SMALLEST_KEY} bits are the least",))
    try:
        key = rsa.generate_private_key(65537, bits)
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    except ValueError as error:
        raise SettingsError(f"no key can be made: {error}") from None
    name = x509.Name(attributes)
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(secrets.randbits(127) + 1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(seconds=seconds))
        .add_extension(_KEY_USAGE, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return NewKey(private, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def body(
    key: NewKey,
    *,
    namespace: str,
    prefix: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> dict[str, object]:
    """The Secret to create."""
    metadata: dict[str, object] = {
        "generateName": prefix,
        "namespace": namespace,
        "labels": {**labels, KEY_LABEL: "active"},
    }
    if annotations:
        metadata["annotations"] = dict(annotations)
    data = {
        "tls.key": base64.b64encode(key.private_key).decode(),
        "tls.crt": base64.b64encode(key.certificate).decode(),
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": data}


def check_prefix(prefix: str) -> None:
    """Raise SettingsError when `prefix` cannot begin the name of a Secret."""
    for letter in prefix:
        if letter not in "abcdefghijklmnopqrstuvwxyz0123456789-":
            raise SettingsError(f"--key-prefix: name contains illegal character {letter}")
    if not 0 < len(prefix) <= LONGEST_PREFIX:
        raise SettingsError(f"--key-prefix must have 1 to {LONGEST_PREFIX} characters")
