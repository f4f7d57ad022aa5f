"""The body of a token or key: what its base64 stands for, and whether it is a stand-in."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64

from secrets_gitops.patterns import pattern

STOCK = pattern(
    rb"(?i)example|placeholder|redacted|changeme|replace|your|dummy|sample|insert|xxxx|secret|token|_here"
    rb"|12345678|abcdefgh|(.)\1{5}"
)
"""What people write in the place of a token: words, runs of the alphabet, one character again and again.

In 40 random characters of 62 the likeliest of these (`your`, in any case) turns up once in some 20,000.
"""

_STANDARD = bytes.maketrans(b"-_", b"+/")


def plausible(body: bytes) -> bool:
    """True when `body` is not a stand-in and uses as many different characters as a random text would."""
    return len(set(body)) >= (6 if len(body) < 16 else 8) and STOCK.search(body) is None


def decoded(text: bytes) -> bytes:
    """Base64 of either alphabet, padded or not, undone; empty when it is none."""
    plain = text.translate(_STANDARD).rstrip(b"=")
    try:
        return a2b_base64(plain + b"=" * (-len(plain) % 4))
    except Base64Error:
        return b""
