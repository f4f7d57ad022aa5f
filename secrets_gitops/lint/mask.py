"""Masking: template spans in YAML become runs of one character, so that the rest parses and every place stays.

Nothing is rendered. `{{ … }}` and `{% … %}` are masked; a line that held only such spans becomes a blank line, and so
does a span that fills in a mapping which goes on below it (`labels: {{ … | nindent 4 }}`), and a comment of a template
anywhere: it adds nothing to the value beside it.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.values.stand_ins import MASK
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSING = {"{{": "}}", "{%": "%}"}
_OPENING = pattern(r"(?<!\$)\{[{%]")
"""Not `${{`, which is no template but an expression of a GitHub workflow."""
WHOLE = pattern(r"\{\{-?\s{0,20}(/\*|`)")
"""The start of a comment, or of a text that a template quotes whole."""
ENDS = {"/*": "*/", "`": "`"}
_GOES_ON = pattern(r"\{[{%]|^[ \t]*(?:-[ \t]+)*[\w.-]+:(?:[ \t]|\r?$)", re.MULTILINE)
"""Another span begins, or YAML goes on."""
_NOT_BREAK = pattern(r"[^\r\n]")
_FILLED_IN = pattern(rf"^([ \t]*(?:-[ \t]+)*)[^\s{MASK}#][^\n{MASK}]*:[ \t]+{MASK}+[ \t]*\r?$", re.MULTILINE)
_NEXT = pattern(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)+([ \t]*)")
_ONLY_MASKS = pattern(rf"^[ \t]*(?:{MASK}[ \t]*)+$", re.MULTILINE)


def has_templates(data: bytes) -> bool:
    """May `data` hold a template span?"""
    return b"{{" in data or b"{%" in data


def mask(text: str) -> str:
    """A YAML text with each template span masked; as long as before, with the same lines."""
    masked = mask_spans(text)
    if masked is text:
        return text
    return _FILLED_IN.sub(_blank_if_deeper, _ONLY_MASKS.sub(lambda line: " " * len(line[0]), masked))


def mask_spans(text: str) -> str:
    """Any text with each template span masked, and nothing else changed."""
    out: list[str] = []
    done = 0
    for start, end in spans(text):
        span = text[start:end]
        fill = " " if _is_comment(span) else MASK
        out += (text[done:start], _NOT_BREAK.sub(fill, span) if "\n" in span else fill * len(span))
        done = end
    if not out:
        return text
    out.append(text[done:])
    return "".join(out)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each template span of `text` begins and ends, in order."""
    at = 0
    following = Following(text)
    while opening := _OPENING.search(text, at):
        at = opening.end()
        close = _close(text, opening, following)
        if close >= 0:
            yield opening.start(), close
            at = close


def _is_comment(span: str) -> bool:
    whole = WHOLE.match(span)
    return whole is not None and whole[1] == "/*" and span[:-2].rstrip("- \t\r\n").endswith("*/")


def _close(text: str, opening: re.Match[str], following: Following) -> int:
    """The end of the span that begins with `opening`; -1 when it has none."""
    whole = WHOLE.match(text, opening.start())
    at = following.find(ENDS[whole[1]], whole.end()) if whole else opening.end()
    close = following.find(_CLOSING[opening[0]], at, asker="whole" if whole else "") if at >= 0 else -1
    if close < 0:
        return -1
    if not whole and 0 <= following.find("\n", at) < close and _GOES_ON.search(text, at, close):
        return -1  # nobody writes so long a span: the two belong to different ones, and what is between is text
    return close + 2


class Following:
    """Where a text has something next. Each asker comes with positions that only grow, and the text is read once."""

    __slots__ = ("_known", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[tuple[str, str], int] = {}

    def find(self, what: str, start: int, asker: str = "") -> int:
        """As `str.find`."""
        known = self._known.get((what, asker))
        if known is None or 0 <= known < start:
            known = self._known[what, asker] = self._text.find(what, start)
        return known


def _blank_if_deeper(found: re.Match[str]) -> str:
    """The line with its mask blanked when the next line with text stands deeper, so in the mapping that it opens."""
    following = _NEXT.match(found.string, found.end())
    key_column = len(found[1])
    if following is None or len(following[1]) <= key_column:
        return found[0]
    return found[0].replace(MASK, " ")
