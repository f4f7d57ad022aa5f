"""Conflict markers as git writes them: two texts with lines of their own become one, and one becomes the two again.

The markers count only together: `<<<<<<<`, then `=======`, then `>>>>>>>`, each alone on its line or with a label.
"""

from __future__ import annotations

from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

SIZE = 7
"""Signs in a marker, unless git says otherwise."""

_MARKER = pattern(r"(?m)^(<{7,}(?= |\r?$)|\|{7,}(?= |\r?$)|={7,}(?=\r?$)|>{7,}(?= |\r?$))[^\r\n]*\r?\n?")


class Sides(NamedTuple):
    """The two texts of one with markers, and the line on which the first marker stands."""

    ours: str
    theirs: str
    line: int


def split(text: str) -> Sides | None:
    """The two sides of a text with conflict markers; None when it has none. Markers out of order are text."""
    ours: list[str] = []
    theirs: list[str] = []
    state, size, at, first = "both", 0, 0, 0
    for found in _MARKER.finditer(text):
        sign, length = found[1][0], len(found[1])
        wanted = {"both": "<", "ours": "|=", "base": "=", "theirs": ">"}[state]
        if sign not in wanted or (size and length != size):
            continue
        part = text[at : found.start()]
        if state in {"both", "ours"}:
            ours.append(part)
        if state in {"both", "theirs"}:
            theirs.append(part)
        at = found.end()
        if sign == "<":
            state, size = "ours", length
            first = first or text.count("\n", 0, found.start()) + 1
        elif sign == ">":
            state, size = "both", 0
        else:
            state = "base" if sign == "|" else "theirs"
    if not first or state != "both":
        return None
    return Sides("".join(ours) + text[at:], "".join(theirs) + text[at:], first)


def join(
    ours: str, theirs: str, *, size: int = SIZE, labels: tuple[str, str] = ("ours", "theirs"), whole: bool = False
) -> str:
    """One text of two, with markers around the lines in which they differ; the text itself when they do not.

    `whole`: one pair of markers stands around all of the text.
    """
    import difflib  # noqa: PLC0415  what only reads markers needs none

    one, other = _lines(ours), _lines(theirs)
    newline = "\r\n" if one and one[0].endswith("\r\n") else "\n"
    out: list[str] = []
    steps = difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    if whole and ours != theirs:
        steps = [("replace", 0, len(one), 0, len(other))]
    for tag, i, j, k, m in steps:
        if tag == "equal":
            out += one[i:j]
            continue
        out += (f"{'<' * size} {labels[0]}{newline}", *_whole_lines(one[i:j], newline))
        out += (f"{'=' * size}{newline}", *_whole_lines(other[k:m], newline))
        out.append(f"{'>' * size} {labels[1]}{newline}")
    return "".join(out)


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _whole_lines(lines: list[str], newline: str) -> list[str]:
    return [line if line.endswith("\n") else line + newline for line in lines]
