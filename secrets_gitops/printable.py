"""Text made safe for a terminal and for the log of a CI job.

A file name or a key cannot move the cursor, write a line of its own, or be taken for a command by what reads a log.
"""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` with control characters, line breaks and bytes that are no UTF-8 made visible."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _visible(ord(c)) for c in text)


def log_line(text: str) -> str:
    r"""`text` as part of one line.

    Control characters become visible, as on a terminal. `##[…]` (GitHub, Azure), `##vso[…]` and `##teamcity[…]` are
    commands wherever they stand in a line, so a second `#` is written as `\x23`.
    """
    return printable(text).replace("##", "#\\x23")


def log_path(path: str) -> str:
    """As `log_line`, for what begins a line: `::error::` is a command of GitHub there, also behind blanks."""
    line = log_line(path)
    return f"./{line}" if line.lstrip(" ").startswith("::") else line


def _visible(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
