"""Private keys in text: PEM, PGP, OpenSSH, PuTTY and JWK, found by their markers and believed by their content.

A marker alone is no key: source code names markers, documentation elides bodies. So a body must decode to what its
kind promises.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from secrets_gitops.lint.token_validators import decoded, plausible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 24_000
"""Bytes from BEGIN to END; a 16384-bit RSA key has some 12,900, and escapes and indentation add to them."""
_SHORTEST = 64
"""Base64 characters of the shortest private key: Ed25519 in PKCS#8 has 64."""

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]{0,24})PRIVATE KEY( BLOCK)?-----")
_HEADER = re.compile(rb"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID): ?([^\n\\]{0,200})")
_JOINT = re.compile(rb"\\+[nrt]|[\"'`]\s{0,80}[+.,]?\s{0,80}[\"'`]|&#1[03];|<br ?/?>")
"""What stands between the lines of a body in one-liners and source code: an escaped line end, or joined strings."""
_BODY = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}(?:=[A-Za-z0-9+/]{4})?")
_PUTTY = re.compile(
    rb"PuTTY-User-Key-File-[23]: [^\n]{1,80}\n\s{0,80}Encryption: ([^\r\n]{1,40})\r?\n"
    rb"(?:[^\n]{0,400}\n){2,600}?\s{0,80}Private-Lines: [0-9]{1,3}\r?\n\s{0,80}([A-Za-z0-9+/=\s]{32,8000})"
)
_JWK_MEMBER = re.compile(rb"\\{0,3}[\"']?\b([dk])\\{0,3}[\"']?\s{0,20}:\s{0,20}\\{0,3}[\"']?([0-9A-Za-z_-]{22,3000})\b")
_JWK_TYPE = re.compile(rb"\bkty\\{0,3}[\"']?\s{0,20}:\s{0,20}\\{0,3}[\"']?(RSA|EC|OKP|oct)\b")
_JWK_SIZES = {b"EC": range(32, 67), b"OKP": range(32, 58), b"RSA": range(96, 2049), b"oct": range(16, 2049)}


class PrivateKey(NamedTuple):
    """A key found in bytes `start` (included) to `end` (excluded)."""

    start: int
    end: int
    kind: str
    """What it is, as it stands in a message: `RSA private key`."""
    encrypted: bool
    """A passphrase stands between it and its use."""


def find(data: bytes) -> Iterator[PrivateKey]:
    """Every private key in `data`, kind by kind."""
    if b"PRIVATE KEY" in data:
        yield from _pem(data)
    if b"PuTTY-User-Key-File-" in data:
        yield from _putty(data)
    if b"kty" in data:
        yield from _jwk(data)


def body_of(text: bytes) -> bytes:
    """The bytes that the body of a PEM block stands for, whatever joins its lines; empty when it is no base64."""
    plain = b"".join(_JOINT.sub(b"", _HEADER.sub(b"", text)).split())
    return decoded(plain.partition(b"=")[0]) if _BODY.fullmatch(plain) else b""


def _pem(data: bytes) -> Iterator[PrivateKey]:
    at = 0
    while (begin := _BEGIN.search(data, at)) is not None:
        at = begin.end()
        close = b"-----END " + begin[1] + b"PRIVATE KEY" + (begin[2] or b"") + b"-----"
        end = data.find(close, at, at + _LONGEST)
        text = data[at:end]
        if end < 0 or b"-----BEGIN " in text:
            continue
        at = end + len(close)
        body = body_of(text)
        if len(body) < _SHORTEST * 3 // 4 - 2:
            continue
        label = begin[1].decode().strip()
        encrypted = label == "ENCRYPTED" or b"4,ENCRYPTED" in text or _openssh_cipher(body) not in {b"", b"none"}
        if begin[2] or b"4,ENCRYPTED" in text or body[:1] == b"\x30" or body.startswith(b"openssh-key-v1\0"):
            kind = " ".join(word for word in (label if label != "ENCRYPTED" else "", "private key") if word)
            yield PrivateKey(begin.start(), at, kind, encrypted)


def _openssh_cipher(body: bytes) -> bytes:
    """The cipher that an OpenSSH key names (`none` when it is open); empty for another kind of key."""
    magic = b"openssh-key-v1\0"
    if not body.startswith(magic):
        return b""
    size = int.from_bytes(body[len(magic) : len(magic) + 4])
    return body[len(magic) + 4 : len(magic) + 4 + min(size, 64)]


def _putty(data: bytes) -> Iterator[PrivateKey]:
    for found in _PUTTY.finditer(data):
        yield PrivateKey(found.start(), found.end(), "PuTTY private key", found[1].strip() != b"none")


def _jwk(data: bytes) -> Iterator[PrivateKey]:
    for found in _JWK_MEMBER.finditer(data):
        # A JWK has no nested objects, so its type stands between the braces around the member; YAML has no braces.
        before = data[max(0, found.start() - 4000) : found.start()]
        after = data[found.end() : found.end() + 4000]
        kind = _JWK_TYPE.search(before[before.rfind(b"{") + 1 :]) or _JWK_TYPE.search(after.partition(b"}")[0])
        if kind is None or (found[1] == b"k") != (kind[1] == b"oct"):
            continue
        if len(decoded(found[2])) in _JWK_SIZES[kind[1]] and plausible(found[2]):
            yield PrivateKey(found.start(2), found.end(2), f"{kind[1].decode()} private key of a JWK", encrypted=False)
