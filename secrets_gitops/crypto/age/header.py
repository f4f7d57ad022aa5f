"""The header of an age file: who can open it, and a MAC over that.

    age-encryption.org/v1
    -> TYPE ARGUMENT…            one stanza per recipient
    body in base64, 64 columns   ended by a line that is shorter, perhaps empty
    --- MAC

Only the one spelling that the format allows is read, so that what was parsed is what the MAC covers.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.crypto import hkdf
from secrets_gitops.errors import DocumentError, NotBuiltYet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

VERSION = b"age-encryption.org/v1"
FILE_KEY_SIZE = 16
_COLUMNS = 64


class Stanza(NamedTuple):
    """The file key, wrapped for one recipient."""

    type: str
    arguments: tuple[str, ...]
    body: bytes


class Header(NamedTuple):
    """A parsed header: the MAC says whether it is genuine."""

    stanzas: tuple[Stanza, ...]
    mac: bytes
    covered: bytes
    """What the MAC covers: the header up to and including the three dashes."""
    size: int
    """Bytes of the whole header: the payload begins there."""


def malformed(reason: str) -> DocumentError:
    """The error for a header, or a stanza in it, that the format does not allow."""
    return DocumentError(f"the age header is malformed: {reason}")


def base64(data: bytes) -> str:
    """Base64 as the header has it: no padding."""
    return binascii.b2a_base64(data, newline=False).decode().rstrip("=")


def unbase64(text: str) -> bytes:
    """The bytes of canonical unpadded base64. Raises DocumentError for any other spelling."""
    try:
        data = binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        raise malformed("something is not base64") from None
    if base64(data) != text:
        raise malformed("base64 is not canonical")
    return data


def only(kind: str, stanzas: Iterable[Stanza], unwrap: Callable[[Stanza], bytearray | None]) -> bytearray | None:
    """What `unwrap` makes of the first stanza of one type that it can open; None when there is none."""
    for stanza in stanzas:
        if stanza.type == kind and (file_key := unwrap(stanza)) is not None:
            return file_key
    return None


def stanza_lines(stanza: Stanza) -> Iterator[str]:
    """The lines of a stanza, without their ends."""
    yield " ".join(("->", stanza.type, *stanza.arguments))
    body = base64(stanza.body)
    yield from (body[at : at + _COLUMNS] for at in range(0, len(body) + 1, _COLUMNS))


def encode(stanzas: tuple[Stanza, ...], file_key: bytes) -> bytes:
    """The whole header with its MAC."""
    lines = [VERSION.decode()]
    for stanza in stanzas:
        lines += stanza_lines(stanza)
    covered = "\n".join((*lines, "---")).encode()
    return covered + f" {base64(hkdf.mac(_mac_key(file_key), covered))}\n".encode()


def is_genuine(head: Header, file_key: bytes | bytearray) -> bool:
    """Whether the MAC of a header fits under its file key."""
    return hkdf.fits(_mac_key(file_key), head.covered, head.mac)


def _mac_key(file_key: bytes | bytearray) -> bytes:
    return hkdf.derive(file_key, salt=b"", info=b"header")


def decode(data: bytes) -> Header:
    """The header at the start of an age file. Raises DocumentError when it is malformed."""
    first, at = _line(data, 0)
    if first.encode() != VERSION:
        if first.startswith("age-encryption.org/"):
            raise NotBuiltYet("the age file has a version other than 1")
        raise malformed("it is not an age file")
    stanzas: list[Stanza] = []
    while True:
        line, after = _line(data, at)
        if line.startswith("---"):
            break
        body: list[str] = []
        at = after
        while not body or not ends_stanza(body[-1]):
            text, at = _line(data, at)
            body.append(text)
        stanzas.append(stanza_of(line, body))
    if not stanzas:
        raise malformed("it names no recipient")
    covered = data[: at + 3]
    if line[3:4] != " ":
        raise malformed("the MAC is missing")
    code = unbase64(line[4:])
    if len(code) != 32:
        raise malformed("the MAC has the wrong length")
    return Header(tuple(stanzas), code, covered, after)


def _line(data: bytes, at: int) -> tuple[str, int]:
    """The line that starts at `at`, and where the next one starts."""
    end = data.find(b"\n", at)
    if end < 0:
        raise malformed("it ends in the middle")
    try:
        return data[at:end].decode("ascii"), end + 1
    except UnicodeDecodeError:
        raise malformed("it holds a character outside ASCII") from None


def ends_stanza(line: str) -> bool:
    """Whether a line of a body is its last: the one that is not full."""
    return len(line) != _COLUMNS


def stanza_of(line: str, body: list[str]) -> Stanza:
    """The stanza that `line` opens and the lines of `body` fill. Raises DocumentError when it is malformed."""
    arrow, *words = line.split(" ")
    if arrow != "->" or not words:
        raise malformed("a stanza does not begin as it must")
    if not all(word and all("!" <= character <= "~" for character in word) for word in words):
        raise malformed("a stanza has an empty or unprintable argument")
    if len(body[-1]) > _COLUMNS:
        raise malformed("a stanza has a line that is too long")
    return Stanza(words[0], tuple(words[1:]), unbase64("".join(body)))
