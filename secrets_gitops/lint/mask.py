"""Masking: template spans in YAML become runs of one character, so that the rest parses and every place stays.

Nothing is rendered. `{{ … }}` and `{% … %}` are masked; a line that held only such spans becomes a blank line, and so
does a span that fills in a mapping which goes on below it (`labels: {{ … | nindent 4 }}`).
"""

from __future__ import annotations

import re

from secrets_gitops.lint.values.stand_ins import MASK
from secrets_gitops.patterns import pattern

_CLOSING = {"{{": "}}", "{%": "%}"}
_OPENING = pattern(r"(?<!\$)\{[{%]")
"""Not `${{`, which is no template but an expression of a GitHub workflow."""
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
    done = at = 0
    unclosed: set[str] = set()
    while opening := _OPENING.search(text, at):
        at = opening.end()
        if opening[0] in unclosed:
            continue
        closing = _CLOSING[opening[0]]
        close = text.find(closing, at)
        if close < 0:
            unclosed.add(opening[0])
            continue
        at = close + len(closing)
        span = text[opening.start() : at]
        out += (text[done : opening.start()], _NOT_BREAK.sub(MASK, span) if "\n" in span else MASK * len(span))
        done = at
    if not out:
        return text
    out.append(text[done:])
    return "".join(out)


def _blank_if_deeper(found: re.Match[str]) -> str:
    """The line with its mask blanked when the next line with text stands deeper, so in the mapping that it opens."""
    following = _NEXT.match(found.string, found.end())
    key_column = len(found[1])
    if following is None or len(following[1]) <= key_column:
        return found[0]
    return found[0].replace(MASK, " ")
