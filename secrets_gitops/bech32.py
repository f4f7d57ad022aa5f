"""Bech32 (BIP 173): the checksummed text form of age keys, without the length limit of 90, as age has it.

Here on the ground floor, without crypto, so that the lint can tell a real age key from a look-alike.
"""

from __future__ import annotations

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(CHARSET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, constant in enumerate(_GENERATOR):
            if top >> bit & 1:
                checksum ^= constant
    return checksum


def _expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _regroup(data: list[int], width: int, new_width: int, *, pad: bool) -> list[int]:
    accumulator = bits = 0
    out: list[int] = []
    for value in data:
        accumulator = accumulator << width | value
        bits += width
        while bits >= new_width:
            bits -= new_width
            out.append(accumulator >> bits & (1 << new_width) - 1)
        accumulator &= (1 << bits) - 1
    if pad:
        if bits:
            out.append(accumulator << new_width - bits & (1 << new_width) - 1)
    elif bits >= width or accumulator:
        raise ValueError("left-over bits")
    return out


def encode(prefix: str, data: bytes) -> str:
    """The lower-case text of `data` under a lower-case human-readable prefix."""
    values = _regroup(list(data), 8, 5, pad=True)
    checksum = _polymod(_expand(prefix) + values + [0] * 6) ^ 1
    values += [checksum >> 5 * (5 - at) & 31 for at in range(6)]
    return prefix + "1" + "".join(CHARSET[value] for value in values)


def decode(text: str) -> tuple[str, bytes]:
    """The lower-case prefix and the data. Raises ValueError (which names no part of the text) when it is not Bech32."""
    if text.lower() != text and text.upper() != text:
        raise ValueError("mixed case")
    text = text.lower()
    at = text.rfind("1")
    if at < 1 or at + 7 > len(text):
        raise ValueError("no separator, or too short")
    prefix = text[:at]
    if not all(33 <= ord(c) <= 126 for c in prefix):
        raise ValueError("a character outside the alphabet")
    try:
        values = [_VALUES[c] for c in text[at + 1 :]]
    except KeyError:
        raise ValueError("a character outside the alphabet") from None
    if _polymod(_expand(prefix) + values) != 1:
        raise ValueError("the checksum does not fit")
    return prefix, bytes(_regroup(values[:-6], 5, 8, pad=False))
