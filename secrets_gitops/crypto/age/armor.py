"""ASCII armor of age: strict PEM with lines of 64 columns.

Tolerated, as the format says: CRLF line ends, no line end after the last line, white space before and after.
"""

from __future__ import annotations

import binascii

from secrets_gitops.errors import DocumentError

BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
END = "-----END AGE ENCRYPTED FILE-----"
_COLUMNS = 64
_SPACE = b" \t\r\n"


def encode(data: bytes) -> str:
    """Armored text, the last line ended."""
    body = binascii.b2a_base64(data, newline=False).decode()
    lines = [body[at : at + _COLUMNS] for at in range(0, len(body), _COLUMNS)]
    return "\n".join((BEGIN, *lines, END, ""))


def decode(text: bytes) -> bytes:
    """The armored bytes. Raises DocumentError for anything that the format does not allow."""
    lines = text.strip(_SPACE).replace(b"\r\n", b"\n").split(b"\n")
    if len(lines) < 2 or lines[0] != BEGIN.encode() or lines[-1] != END.encode():
        raise DocumentError("the age armor does not begin and end as it must")
    body = lines[1:-1]
    if any(len(line) != _COLUMNS for line in body[:-1]) or (body and not 0 < len(body[-1]) <= _COLUMNS):
        raise DocumentError("the age armor has a line of the wrong length")
    joined = b"".join(body)
    try:
        data = binascii.a2b_base64(joined, strict_mode=True)
    except binascii.Error:
        raise DocumentError("the age armor holds something that is not base64") from None
    if binascii.b2a_base64(data, newline=False) != joined:
        raise DocumentError("the age armor holds base64 that is not canonical")
    return data
