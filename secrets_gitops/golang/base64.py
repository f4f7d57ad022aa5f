"""How Go reads base64: the padded standard alphabet, line breaks skipped, nothing else forgiven."""

from __future__ import annotations

import binascii

_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def decode(text: str) -> bytes:
    """The bytes of `text`. Raises ValueError, which names no part of the text."""
    compact = text.replace("\r", "").replace("\n", "") if "\n" in text or "\r" in text else text
    if len(compact) % 4 or compact.endswith("==="):  # Python lets surplus padding pass
        raise ValueError("not padded base64")
    try:
        return binascii.a2b_base64(compact, strict_mode=True)
    except (ValueError, binascii.Error):  # ValueError: a character that is not ASCII
        raise ValueError("not standard base64") from None


def fault(text: str) -> int:
    """Where Go's decoder stops in `text` that is not base64: the number in "illegal base64 data at input byte N"."""
    at = 0
    while True:
        filled = 0
        while filled < 4:
            if at >= len(text):
                return max(0, at - filled)
            letter = text[at]
            at += 1
            if letter in "\r\n":
                continue
            if letter in _ALPHABET:
                filled += 1
                continue
            if letter != "=" or filled < 2:
                return at - 1
            if filled == 2:
                at = _after_breaks(text, at)
                if at >= len(text) or text[at] != "=":
                    return at
                at += 1
            return _after_breaks(text, at)


def _after_breaks(text: str, at: int) -> int:
    while at < len(text) and text[at] in "\r\n":
        at += 1
    return at
