"""Private keys in text: PEM, PGP, OpenSSH, PuTTY and JWK, found by their markers and believed by their content.

A marker alone is no key: source code names markers, documentation elides bodies. So a body must decode to what its
kind promises.
"""

from __future__ import annotations

import re
from bisect import bisect

from secrets_gitops.lint.token_bodies import decoded, plausible
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 24_000
"""Bytes from BEGIN to END; a 16384-bit RSA key has some 12,900, and escapes and indentation add to them."""
_SHORTEST = 64
"""Base64 characters of the shortest private key: Ed25519 in PKCS#8 has 64."""

_BEGIN = pattern(rb"-----BEGIN ([A-Z0-9 ]{0,24})PRIVATE KEY( BLOCK)?-----")
_STATIC = pattern(
    rb"-----BEGIN OpenVPN Static key V1-----((?:(?:\s|\\[nr]){1,80}[0-9a-f]{32}){16})(?:\s|\\[nr]){1,80}"
    rb"-----END OpenVPN Static key V1-----"
)
_HEADER = pattern(rb"(?:Proc-Type|DEK-Info): ?[^\s\\]{0,80}|(?:Version|Comment|Hash|Charset|MessageID): [^\n\\]{0,200}")
_JOINT = pattern(rb"\\{1,8}[nrt]|[\"'`]\s{0,80}(?:[+.,]\s{0,80})?[\"'`]|&#1[03];")
"""What stands between the lines of a body in one-liners and source code: an escaped line end, or joined strings."""
_BODY = pattern(rb"[A-Za-z0-9+/]{64,24000}={0,2}(?:=[A-Za-z0-9+/]{4})?")
_PUTTY = pattern(
    rb"PuTTY-User-Key-File-[23]: [^\n]{1,80}\n\s{0,80}Encryption: ([^\r\n]{1,40})\r?\n"
    rb"(?:[^\n]{0,400}\n){2,60}?\s{0,80}Private-Lines: [0-9]{1,3}\r?\n\s{0,80}([A-Za-z0-9+/=\s]{32,8000})"
)
_JWK_MEMBER = pattern(rb"\\{0,3}[\"']?\b([dk])\\{0,3}[\"']?\s{0,20}:\s{0,20}\\{0,3}[\"']?([0-9A-Za-z_-]{22,3000})\b")
_JWK_TYPE = pattern(rb"kty\\{0,3}[\"']?\s{0,20}:\s{0,20}\\{0,3}[\"']?(RSA|EC|OKP|oct)\b")
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
    if b"OpenVPN Static" in data:
        for found in _STATIC.finditer(data):
            if len(set(found[1])) > 12:
                yield PrivateKey(found.start(), found.end(), "OpenVPN static key", encrypted=False)
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
        another = data.find(b"-----BEGIN ", at, at + _LONGEST)
        end = data.find(close, at, another if another >= 0 else at + _LONGEST)
        if end < 0:
            continue
        text = data[at:end]
        at = end + len(close)
        body = body_of(text)
        if len(body) < _SHORTEST * 3 // 4 - 2:
            continue
        label = begin[1].decode().strip()
        encrypted = (
            label.startswith("ENCRYPTED") or b"4,ENCRYPTED" in text or _openssh_cipher(body) not in {b"", b"none"}
        )
        if begin[2] or b"4,ENCRYPTED" in text or body.startswith((b"\x30", b"openssh-key-v1\0", b'{"kdf"')):
            kind = f"{label.removeprefix('ENCRYPTED').strip()} private key".strip()
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
    """A JWK holds no object in it, so that its type and its private member stand in one piece between braces.

    YAML has no braces; there the nearest type within 4,000 bytes counts.
    """
    at = 0
    for piece in re.split(rb"[{}]", data):
        kinds = list(_JWK_TYPE.finditer(piece)) if b"kty" in piece else []
        if kinds:
            places = [kind.start() for kind in kinds]
            for member in _JWK_MEMBER.finditer(piece):
                next_one = bisect(places, member.start())
                kind = min(kinds[max(0, next_one - 1) : next_one + 1], key=lambda k: abs(k.start() - member.start()))
                if abs(kind.start() - member.start()) < 4000 and _fits(member[1], kind[1], member[2]):
                    title = f"{kind[1].decode()} private key of a JWK"
                    yield PrivateKey(at + member.start(2), at + member.end(2), title, encrypted=False)
        at += len(piece) + 1


def _fits(member: bytes, kind: bytes, value: bytes) -> bool:
    """Whether `value` is the private member of a JWK of that kind."""
    return (
        (member == b"k") == (kind == b"oct") and len(decoded(value)) in _JWK_SIZES[kind] and plausible(value)
    )  # fmt: skip
