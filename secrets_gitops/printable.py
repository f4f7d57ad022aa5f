"""Text made safe for a terminal: a file name or a key cannot move the cursor or write a line of its own."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` with control characters, line breaks and bytes that are no UTF-8 made visible."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _visible(ord(c)) for c in text)


def _visible(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
