"""Masking: template spans in YAML become runs of one character, so that the rest parses and every place stays.

Nothing is rendered. `{{ … }}` and `{% … %}` are masked; a line that held only such spans becomes a blank line.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.values.stand_ins import MASK

_CLOSING = {"{{": "}}", "{%": "%}"}
_OPENING = re.compile(r"\{[{%]")
_NOT_BREAK = re.compile(r"[^\r\n]")
_ONLY_MASKS = re.compile(rf"^[ \t]*(?:{MASK}[ \t]*)+$", re.MULTILINE)


def has_templates(data: bytes) -> bool:
    """May `data` hold a template span?"""
    return b"{{" in data or b"{%" in data


def mask(text: str) -> str:
    """`text` with each template span masked; as long as before, with the same lines."""
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
        out += (text[done : opening.start()], _NOT_BREAK.sub(MASK, text[opening.start() : at]))
        done = at
    if not out:
        return text
    out.append(text[done:])
    return _ONLY_MASKS.sub(lambda line: " " * len(line[0]), "".join(out))
