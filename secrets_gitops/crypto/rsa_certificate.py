"""An RSA key and the two dates out of an ordinary X.509 certificate, without the library's whole model of X.509.

That model takes longer to import than an interpreter takes to start, twice over, and cannot read the extensions of a
genuine sealing certificate anyway. What is not exactly as expected here is left to the library: it says why.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

_INTEGER, _BITS, _UTC_TIME, _GENERAL_TIME, _SEQUENCE, _VERSION = 0x02, 0x03, 0x17, 0x18, 0x30, 0xA0
_RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d0101010500")
_V3 = b"\x02\x01\x02"


class RsaCertificate(NamedTuple):
    """What of a certificate matters for sealing."""

    modulus: int
    exponent: int
    not_before: datetime
    not_after: datetime


def parse(der: bytes) -> RsaCertificate | None:
    """The key and dates of a version 3 certificate for an RSA key; None for anything else, malformed text included.

        Certificate     SEQUENCE { tbsCertificate, signatureAlgorithm, signature BIT STRING }
        tbsCertificate  SEQUENCE { [0] version, serial, signature, issuer, validity, subject, key, … }

    As with the library, neither signature nor extensions are looked at (RFC 5280, 4.1).
    """
    try:
        return _parse(der)
    except (ValueError, IndexError):
        return None


def _parse(der: bytes) -> RsaCertificate:
    (certificate,) = _members(der)
    to_be_signed, algorithm, signature = _members(_content(certificate, _SEQUENCE))
    _content(algorithm, _SEQUENCE)
    _content(signature, _BITS)
    version, serial, _, _, validity, _, key, *_ = _members(_content(to_be_signed, _SEQUENCE))
    if _content(version, _VERSION) != _V3:
        raise ValueError("not version 3")
    _content(serial, _INTEGER)
    not_before, not_after = (_time(*each) for each in _members(_content(validity, _SEQUENCE)))
    key_algorithm, bits = _members(_content(key, _SEQUENCE))
    if _content(key_algorithm, _SEQUENCE) != _RSA_ENCRYPTION:
        raise ValueError("not an RSA key")
    numbers = _content(bits, _BITS)
    if numbers[0] != 0:
        raise ValueError("unused bits")
    (sequence,) = _members(numbers[1:])
    modulus, exponent = (_number(_content(each, _INTEGER)) for each in _members(_content(sequence, _SEQUENCE)))
    return RsaCertificate(modulus, exponent, not_before, not_after)


def _members(data: bytes) -> list[tuple[int, bytes]]:
    """The elements in `data`, tag and content each. Raises when a length is not the shortest, or does not fit."""
    out: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size >= 0x80:
            width = size & 0x7F
            size = int.from_bytes(data[at : at + width], "big")
            if not 1 <= width <= 4 or size < 0x80 or size >> 8 * (width - 1) == 0:
                raise ValueError("not DER")
            at += width
        if at + size > len(data):
            raise ValueError("cut off")
        out.append((tag, data[at : at + size]))
        at += size
    return out


def _content(element: tuple[int, bytes], tag: int) -> bytes:
    if element[0] != tag:
        raise ValueError("another tag")
    return element[1]


def _number(content: bytes) -> int:
    """A positive INTEGER in its shortest form."""
    if content[0] >= 0x80 or (content[0] == 0 and (len(content) == 1 or content[1] < 0x80)):
        raise ValueError("not a positive number in DER")
    return int.from_bytes(content, "big")


def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    if tag == _UTC_TIME and len(text) == 13:
        text = ("19" if text >= "5" else "20") + text
    elif tag != _GENERAL_TIME or len(text) != 15:
        raise ValueError("not a time")
    if not text[:14].isdigit() or text[14] != "Z":
        raise ValueError("not a time")
    year, *rest = (int(text[:4]), *(int(text[at : at + 2]) for at in range(4, 14, 2)))
    month, day, hour, minute, second = rest
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
