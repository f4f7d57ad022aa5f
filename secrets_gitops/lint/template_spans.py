"""Template spans in the bytes of a text: which assignments are code of a template, and which values go on below.

Ansible writes `password: '{{ lookup("password",` and the rest of the call on the lines below it.
"""

from __future__ import annotations

from bisect import bisect_right

from secrets_gitops.lint.mask import spans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.assignments import Assignment

_LONGEST = 4096
"""Bytes of a span in which quotes are counted, and of a value that goes on below."""


class TemplateSpans:
    """The spans of a text."""

    __slots__ = ("_begins", "_data", "_ends")

    def __init__(self, data: bytes) -> None:
        self._data = data
        places = list(spans(data.decode("latin-1")))
        self._begins = [begin for begin, _ in places]
        self._ends = [end for _, end in places]

    def is_code(self, found: Assignment) -> bool:
        """Does a template set the key to a variable or a call, as in `random(seed=inventory_hostname)`?

        What stands in quotes is a literal, and so is what a text in quotes sets: `'url=x token=…'`.
        """
        span = self._around(found.start)
        if span is None or found.quote or found.start - span[0] > _LONGEST:
            return False
        start = found.start
        before, after = self._data[start - 1 : start], self._data[(end := start + len(found.key)) : end + 1]
        if before == after and before in {b'"', b"'"}:
            start -= 1  # of the key itself
        return not _is_quoted(self._data[span[0] : start])

    def whole(self, found: Assignment) -> str | None:
        """All of a value whose template ends on a line below, on one line; None when its line holds all of it."""
        span = self._around(found.end - 1)
        if span is None or span[0] < found.value_start or span[1] <= found.end:
            return None
        text = self._data[found.value_start : min(span[1], found.value_start + _LONGEST)]
        return " ".join(text.decode("utf-8", "replace").lstrip("\"'").split())

    def _around(self, at: int) -> tuple[int, int] | None:
        index = bisect_right(self._begins, at) - 1
        if index < 0 or at >= self._ends[index]:
            return None
        return self._begins[index], self._ends[index]


def _is_quoted(code: bytes) -> bool:
    """Does `code` end within a text in quotes?"""
    quote = b""
    for char in code:
        if quote:
            quote = b"" if quote[0] == char else quote
        elif char in b"\"'":
            quote = bytes((char,))
    return bool(quote)
