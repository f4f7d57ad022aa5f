"""Shamir's secret sharing over bytes, in the variant that sops took from HashiCorp Vault.

Arithmetic is in GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1, one polynomial for each byte of the secret, whose
constant term is the byte. A share is its values and then, as its last byte, the point at which they were taken.
Products go through a table of logarithms, so a share can be seen in the timing of the cache; shares are computed on
the machine of somebody who holds the whole secret.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LARGEST = 255
"""So many shares at most: a point is one byte, and 0 is the secret itself."""


def _tables() -> tuple[list[int], list[int]]:
    """Powers of the generator 3 (twice over, to add logarithms without a modulus), and logarithms to it."""
    powers, logarithms = [0] * 510, [0] * 256
    value = 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logarithms[value] = exponent
        double = value << 1
        value ^= double ^ (0x11B if double & 0x100 else 0)
    return powers, logarithms


_POWERS, _LOGARITHMS = _tables()


def split(
    secret: bytes | bytearray, shares: int, threshold: int, *, random: Callable[[int], bytes] = os.urandom
) -> list[bytearray]:
    """`shares` shares, at the points 1, 2, 3 …, of which any `threshold` give back the secret.

    Raises ValueError unless 2 <= threshold <= shares <= 255 and the secret has a byte at least.
    """
    if not secret or not 2 <= threshold <= shares <= LARGEST:
        raise ValueError("a secret is split into 2 to 255 shares, of which at least 2 are needed")
    made = [bytearray(len(secret) + 1) for _ in range(shares)]
    for at, byte in enumerate(secret):
        coefficients = bytes([byte]) + random(threshold - 1)
        for number, share in enumerate(made, 1):
            value = 0
            for coefficient in reversed(coefficients):
                value = _product(value, number) ^ coefficient
            share[at] = value
    for number, share in enumerate(made, 1):
        share[-1] = number
    return made


def combine(shares: Sequence[bytes | bytearray]) -> bytearray:
    """The secret behind shares; with fewer than its threshold, or others than its own, it is another one.

    Raises ValueError for fewer than two, of different length, or two of one point.
    """
    lengths = {len(share) for share in shares}
    if len(shares) < 2 or len(lengths) != 1 or min(lengths) < 2:
        raise ValueError("it takes two shares at least, all of one length")
    points = [share[-1] for share in shares]
    if len(set(points)) != len(points) or 0 in points:
        raise ValueError("two shares belong to the same point")
    weights = [_weight(points, at) for at in range(len(points))]
    secret = bytearray(lengths.pop() - 1)
    for at in range(len(secret)):
        for share, weight in zip(shares, weights, strict=True):
            secret[at] ^= _product(share[at], weight)
    return secret


def _weight(points: Sequence[int], at: int) -> int:
    """How much the value at one point counts at 0 (Lagrange's interpolation; subtracting is adding here)."""
    weight = 1
    for other, point in enumerate(points):
        if other != at:
            weight = _product(weight, _quotient(point, point ^ points[at]))
    return weight


def _product(one: int, two: int) -> int:
    return _POWERS[_LOGARITHMS[one] + _LOGARITHMS[two]] if one and two else 0


def _quotient(one: int, two: int) -> int:
    return _POWERS[_LOGARITHMS[one] + 255 - _LOGARITHMS[two]] if one else 0
