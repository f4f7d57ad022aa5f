"""Where on a line a comment begins, in the comment syntax of whatever language the file is in.

The language is not known, so every opener that is common counts where it is usual: `#`, `//`, `--` and `;` after a
blank or at the start, `/*`, `<!--`, `{#` and `(*` anywhere outside quotes.
"""

from __future__ import annotations

import re

from secrets_gitops.patterns import pattern

_FIRST = pattern(r"\s*(?:[*%!]|::|rem\b|dnl\b)\s", re.IGNORECASE)
"""What makes a comment of a whole line: also the middle of a `/* … */` over several lines."""
_BLOCKS = {"/*": "*/", "<!--": "-->", "{#": "#}", "(*": "*)"}
_OPENER = pattern(r"""(?:(?<=[\s"'`;,)}\]])|^)(?:#|//|--(?=\s)|;)|/\*|<!--|\{\#|\(\*|["'`]""")
_BEFORE_QUOTE = "=:([{,<>+&|!?"


def comment_start(line: str, at: int) -> int | None:
    """Where the comment begins in which the character `at` of `line` stands; None when it stands in none."""
    if _FIRST.match(line):
        return len(line) - len(line.lstrip())
    position = 0
    while found := _OPENER.search(line, position):
        start, opener = found.start(), found[0]
        if start >= at:
            return None
        if opener in _BLOCKS:
            closed = line.find(_BLOCKS[opener], found.end())
            if closed < 0 or closed >= at:
                return start
            position = closed + len(_BLOCKS[opener])
        elif opener in "\"'`":
            position = _past_quoted(line, start)
        else:
            return start
    return None


def _past_quoted(line: str, start: int) -> int:
    """Behind the quoted text that begins at `start`; behind the sign alone where it is an apostrophe."""
    if start and not (line[start - 1].isspace() or line[start - 1] in _BEFORE_QUOTE):
        return start + 1
    end = start + 1
    while (end := line.find(line[start], end)) >= 0:
        if line[end - 1] != "\\" or line[end - 2 : end - 1] == "\\":
            return end + 1
        end += 1
    return start + 1
