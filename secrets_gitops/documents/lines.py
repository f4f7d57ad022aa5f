"""Lines and columns of a text. Found at the first question: most nodes of most files are never asked about."""

from __future__ import annotations

from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

YAML_BREAKS = "\r\n\x85\u2028\u2029"
"""What ends a line for libyaml, and so for Go's reader."""
JSON_BREAKS = "\r\n"
YAML_BREAK = pattern("\r\n|[\r\n\x85\u2028\u2029]")
JSON_BREAK = pattern("\n")


class Lines:
    """Where the lines of one text begin."""

    __slots__ = ("_break", "_starts", "_text")

    def __init__(self, text: str, line_break: re.Pattern[str]) -> None:
        self._text = text
        self._break = line_break
        self._starts: list[int] | None = None

    def at(self, offset: int) -> tuple[int, int]:
        """The line and the column of a character, both from 1."""
        if self._starts is None:
            self._starts = [0, *(found.end() for found in self._break.finditer(self._text))]
        from bisect import bisect_right  # noqa: PLC0415  as late as the question

        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
