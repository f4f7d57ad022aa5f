"""`ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`: its grammar, and the exact bytes that stand for each type of value.

The bytes that are encrypted are the bytes that enter the MAC. Knows nothing of keys.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from secrets_gitops.golang import numbers, times
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.golang.times import Time

    Value = None | bool | int | float | str | bytes | Time
    """What a leaf holds. `bytes`: a string that is not UTF-8."""

INT_LIMIT = 1 << 63
"""sops keeps integers in 64 bits with a sign."""

# Greedy and open at the end, as sops reads it: text after the last bracket is ignored.
_ENVELOPE = pattern(r"ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(.+)\]")
SIMPLE = pattern(r"ENC\[AES256_GCM,data:([^,]+),iv:([^,]+),tag:([^,]+),type:([a-z]+)\]")
"""An envelope as every program writes it: the same parts, not decoded, in a third of the time."""
_INT = pattern(rb"[+-]?[0-9]+")
_FLOAT = pattern(rb"[+-]?([0-9_]*\.?[0-9_]*([eE][+-]?[0-9_]+)?|inf|infinity|nan)", re.IGNORECASE)
_HEX_FLOAT = pattern(rb"[+-]?0x[0-9a-f_]*\.?[0-9a-f_]*p[+-]?[0-9]+", re.IGNORECASE)
_BOOLS = dict.fromkeys((b"1", b"t", b"T", b"true", b"TRUE", b"True"), True) | dict.fromkeys(
    (b"0", b"f", b"F", b"false", b"FALSE", b"False"), False
)


_make = tuple.__new__
"""Makes a record without counting its fields: there is one for each value of a file."""


class Sealed(NamedTuple):
    """One envelope, taken apart. `type` is not authenticated."""

    data: bytes
    iv: bytes
    tag: bytes
    type: str


def looks_sealed(text: str) -> bool:
    """Does `text` have the form of an envelope?"""
    return _ENVELOPE.match(text) is not None


def parse(text: str) -> Sealed | None:
    """The envelope that `text` begins with; None when it is no envelope or its base64 is broken."""
    found = SIMPLE.fullmatch(text) or _ENVELOPE.match(text)
    if found is None:
        return None
    data, iv, tag, kind = found.groups()
    try:
        decode = a2b_base64
        return _make(
            Sealed, (decode(data, strict_mode=True), decode(iv, strict_mode=True), decode(tag, strict_mode=True), kind)
        )
    except (Base64Error, ValueError):  # ValueError: not ASCII
        return None


def format(sealed: Sealed) -> str:  # noqa: A001  always used as value.format
    """The text of an envelope."""
    data, iv, tag = (b2a_base64(part, newline=False).decode() for part in sealed[:3])
    return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{sealed.type}]"


def to_bytes(value: Value) -> tuple[bytes, str]:
    """The bytes of a value and its type word. Raises ValueError for an integer beyond 64 bits. None has no bytes."""
    if isinstance(value, str):
        return value.encode(), "str"
    if value is True or value is False:
        return (b"True" if value else b"False"), "bool"
    if isinstance(value, int):
        if not -INT_LIMIT <= value < INT_LIMIT:
            raise ValueError("an integer beyond 64 bits")
        return b"%d" % value, "int"
    if isinstance(value, float):
        return numbers.format_float(value).encode(), "float"
    if isinstance(value, bytes):
        return value, "str"
    if value is None:
        return b"", "null"
    return value.text.encode(), "time"


def from_bytes(data: bytes, type: str) -> Value:  # noqa: A002  sops' word
    """The value that decrypted bytes stand for. Raises ValueError, without the text, when they do not fit the type."""
    if type == "str":
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data
    if type == "int":
        if _INT.fullmatch(data) and -INT_LIMIT <= (number := int(data)) < INT_LIMIT:
            return number
    elif type == "float":
        return _float(data)
    elif type == "bool":
        if data in _BOOLS:
            return _BOOLS[data]
    elif type == "time":
        time = times.parse_rfc3339(data.decode("utf-8", "replace"))
        if time is not None:
            return time
    elif type in {"bytes", "comment"}:  # `bytes`: written by sops before it was written in Go
        return data if type == "bytes" else data.decode("utf-8", "replace")
    else:
        raise ValueError("the envelope names a type that is not known")
    raise ValueError(f"the decrypted text is no {type}")


def _float(data: bytes) -> float:
    """As Go's ParseFloat: also exponents, hexadecimal, infinities; a number too large is an error."""
    try:
        if _HEX_FLOAT.fullmatch(data):
            return float.fromhex(data.replace(b"_", b"").decode())
        if _FLOAT.fullmatch(data):
            number = float(data)
            if number not in (float("inf"), float("-inf")) or b"n" in data.lower():
                return number
    except (ValueError, OverflowError):
        pass
    raise ValueError("the decrypted text is no float")
