"""Files with an SSH private key: OpenSSH's own form, and the PEM forms that came before it.

OpenSSH's form shows the public half in clear, so what a key is for is known before its passphrase is.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.crypto.age import ssh_wire
from secrets_gitops.errors import KeySourceError

if TYPE_CHECKING:
    from secrets_gitops.crypto.age.ssh_identity import PrivateKey
    from secrets_gitops.plaintext import Plaintext

_BEGIN = "-----BEGIN OPENSSH PRIVATE " + "KEY-----"
_END = "-----END OPENSSH PRIVATE " + "KEY-----"
_MAGIC = b"openssh-key-v1\0"
_PEM = ("RSA PRIVATE KEY", "PRIVATE KEY")
_PEM_LOCKED = "ENCRYPTED PRIVATE KEY"


class WrongPassphrase(Exception):
    """The passphrase does not open the key."""


class KeyFile(NamedTuple):
    """What a file with a private key says in clear."""

    wire: bytes
    """The public half in wire form; empty where the file has it only in its closed part."""
    locked: bool
    """Whether it has a passphrase."""


def is_key(data: bytes) -> bool:
    """Whether a file is meant to be a private key in PEM or in OpenSSH's form."""
    head = data[:100].lstrip()
    return head.startswith(b"-----BEGIN ") and b"PRIVATE KEY-----" in head


def read(data: bytes) -> KeyFile:
    """What the file says in clear. Raises KeySourceError when it holds no key that age can use."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").strip()
    if not text.startswith(_BEGIN):
        return _read_pem(text, data)
    body, found, _ = text[len(_BEGIN) :].partition(_END)
    try:
        blob = binascii.a2b_base64("".join(body.split()), strict_mode=True)
    except ValueError:
        blob = b""
    if not found or not blob.startswith(_MAGIC):
        raise _malformed()
    try:
        cipher, _, _, rest = _strings(blob[len(_MAGIC) :], 3)
        count, (wire, *_) = rest[:4], _strings(rest[4:], 1)
        kind = ssh_wire.fields(wire)[0]
    except ValueError:
        raise _malformed() from None
    if int.from_bytes(count, "big") != 1:
        raise _malformed()
    if kind not in (ssh_wire.ED25519.encode(), ssh_wire.RSA.encode()):
        raise wrong_type()
    return KeyFile(wire, cipher != b"none")


def load(data: bytes, passphrase: Plaintext | None) -> PrivateKey:
    """The key in the file.

    Raises WrongPassphrase, and KeySourceError when it cannot be used: malformed, or a library is missing.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  slow to import, and rarely needed
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415

    password = passphrase.reveal() if passphrase is not None else None
    own = data.lstrip().startswith(_BEGIN.encode())
    read_key = serialization.load_ssh_private_key if own else serialization.load_pem_private_key
    try:
        key = read_key(data.strip() + b"\n", password)
    except UnsupportedAlgorithm as error:
        if "bcrypt" in str(error):
            raise KeySourceError(
                "an SSH key with a passphrase needs the package `bcrypt`: `pip install 'secrets-gitops[ssh]'`"
            ) from None
        raise KeySourceError("the SSH key is closed in a way that is not supported") from None
    except (ValueError, TypeError):
        raise (_malformed() if password is None else WrongPassphrase()) from None
    if not isinstance(key, Ed25519PrivateKey | RSAPrivateKey):
        raise wrong_type()
    return key


def public_wire(key: PrivateKey) -> bytes:
    """The public half in wire form."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return ssh_wire.public_key(line.decode())


def wrong_type() -> KeySourceError:
    """The error for a key that age has no use for."""
    return KeySourceError("age takes no SSH key of this type: Ed25519 and RSA are")


def _read_pem(text: str, data: bytes) -> KeyFile:
    label = text.partition("\n")[0].removeprefix("-----BEGIN ").removesuffix("-----")
    if label == _PEM_LOCKED or "Proc-Type: 4,ENCRYPTED" in text[:200]:
        return KeyFile(b"", True)
    if label not in _PEM:
        raise wrong_type() if is_key(data) else KeySourceError("it is no SSH private key")
    return KeyFile(public_wire(load(data, None)), False)


def _strings(data: bytes, count: int) -> list[bytes]:
    """The first `count` length-prefixed strings of `data`, then what follows them."""
    found: list[bytes] = []
    for _ in range(count):
        size = int.from_bytes(data[:4], "big")
        if len(data) < 4 + size:
            raise ValueError("it is cut off")
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return [*found, data]


def _malformed() -> KeySourceError:
    return KeySourceError("the SSH private key is malformed")
