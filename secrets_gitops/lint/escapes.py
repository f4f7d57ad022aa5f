"""Escapes: what strings write with a backslash (a slash, a plus, a letter), as rules that read bytes look for it."""

from __future__ import annotations

from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_ESCAPE = pattern(rb"\\(?:(?:u00|x|U000000)([2-7][0-9A-Fa-f])|/)")
_KEPT = frozenset(b'"\\\x7f')
"""What would end a string, or begin another escape."""


def resolved(data: bytes) -> bytes | None:
    """`data` with printable ASCII in place of its escapes, its lines as they were; None where there is none."""
    found = _ESCAPE.sub(_meant, data)
    return None if found == data else found


def _meant(escape: re.Match[bytes]) -> bytes:
    code = int(escape[1], 16) if escape[1] else ord("/")
    return escape[0] if code in _KEPT else bytes((code,))
