"""New YAML as go-yaml writes it for sops: indentation, quotes, numbers, and where comments stand.

One difference: what go-yaml cannot read back (text of several lines that begins with a tab) stands in double quotes.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from secrets_gitops.documents.branches import Branch, Items, Remark
from secrets_gitops.golang.numbers import short_float
from secrets_gitops.golang.scalars import resolve_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_gitops.documents.branches import Value
    from secrets_gitops.documents.scalars import Scalar

DEFAULT_INDENT = 4
_OLD_WORDS = ("y", "yes", "on", "n", "no", "off")
_OLD_BOOL = frozenset(spelt for word in _OLD_WORDS for spelt in (word, word.title(), word.upper()))
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_NOT_PRINTABLE = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_ESCAPED = re.compile('[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]|["\\\\]')
_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_SHORT = {
    0: "0", 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 27: "e", 34: '"', 92: "\\",
    0x85: "N", 0xA0: "_", 0x2028: "L", 0x2029: "P",
}  # fmt: skip
_LEADING = frozenset("#,[]{}&*!|>'\"%@`")
_LONGEST_SIMPLE_KEY = 128
_BASE64_LINE = 70


def documents_text(documents: Sequence[Branch], *, indent: int = 0) -> str:
    """A whole file; `indent` 0 stands for sops' four. go-yaml takes two for what it does not like."""
    step = indent or DEFAULT_INDENT
    return "---\n".join(map_text(one, step=step if 2 <= step <= 9 else 2) for one in documents)


def map_text(branch: Branch, *, step: int = DEFAULT_INDENT) -> str:
    """A map as a block."""
    return _Writer(step).run(branch)


def value_text(value: Value, *, step: int = DEFAULT_INDENT) -> str:
    """Any value with its final line break."""
    if isinstance(value, Branch | Items):
        return _Writer(step).run(value)
    return scalar_text(value, indent=step, step=step) + "\n"


class _Open:
    """A map or list that is being written."""

    __slots__ = ("first", "indent", "inline", "lead", "left", "remarks")

    def __init__(self, value: Branch | Items, indent: int, lead: str) -> None:
        self.left: Iterator[object] = iter(value)
        self.indent = indent
        self.lead = lead
        """What stands on the line of its first member already: dashes."""
        self.remarks: list[str] = []
        self.inline: list[str] = []


class _Writer:
    def __init__(self, step: int) -> None:
        self.step = step
        self.lines: list[str] = []

    def run(self, value: Branch | Items) -> str:
        if not any(not isinstance(item, Remark) for item in value):
            self._remarks([item.text for item in value if isinstance(item, Remark)], 0)
            self.lines.append("{}" if isinstance(value, Branch) else "[]")
            return "\n".join([*self.lines, ""])
        stack = [_Open(value, 0, "")]
        while stack:
            frame = stack[-1]
            item = next(frame.left, _END)
            if item is _END:
                self._remarks(frame.remarks + frame.inline, frame.indent)
                stack.pop()
            elif isinstance(item, Remark):
                (frame.inline if item.inline else frame.remarks).append(item.text)
            else:
                opened = self._member(frame, item)
                if opened is not None:
                    stack.append(opened)
        return "\n".join([*self.lines, ""])

    def _member(self, frame: _Open, item: object) -> _Open | None:
        if frame.remarks and frame.lead:
            self.lines.append(f"{frame.lead.rstrip()}")
            frame.lead = ""
        self._remarks(frame.remarks, frame.indent)
        frame.remarks = []
        lead, frame.lead = frame.lead or " " * frame.indent, ""
        if isinstance(item, tuple) and not isinstance(item, Remark):
            name, value = item
            key = _key_text(name)
            simple = len(key) <= _LONGEST_SIMPLE_KEY and _BREAK.search(name) is None
            head = f"{lead}{key}:" if simple else f"{lead}? {key}\n{' ' * frame.indent}:"
            in_list = False
        else:
            value, head, in_list = item, f"{lead}-", True
        beside = "".join(f" #{text}" for text in frame.inline[:1])
        above, frame.inline = frame.inline[1:], []
        self._remarks(above, frame.indent)
        if isinstance(value, Branch | Items):
            inner = self.step * ((frame.indent + self.step) // self.step)
            if in_list:
                inner = frame.indent + 2
            members = any(not isinstance(one, Remark) for one in value)
            if not members:
                self._remarks([one.text for one in value if isinstance(one, Remark)], frame.indent)
                self.lines.append(f"{head} {'{}' if isinstance(value, Branch) else '[]'}{beside}")
                return None
            if in_list:
                return _Open(value, inner, f"{head} ")
            self.lines.append(head + beside)
            return _Open(value, inner, "")
        inner = frame.indent + 2 if in_list else self.step * ((frame.indent + self.step) // self.step)
        text = scalar_text(value, indent=inner, step=inner - frame.indent)
        first, newline, rest = text.partition("\n")
        self.lines.append(f"{head} {first}{beside}{newline}{rest}")
        return None

    def _remarks(self, texts: Sequence[str], indent: int) -> None:
        for text in texts:
            first, *more = text.split("\n")
            self.lines += [f"{' ' * indent}#{first}", *(f"{' ' * indent}# {line}" for line in more)]


_END = object()


def _key_text(key: str) -> str:
    if key == "<<":
        return "!!merge <<"
    text = scalar_text(key, indent=0, step=2)
    return text if "\n" not in text else _double(key)


def scalar_text(value: Scalar, *, indent: int, step: int) -> str:
    """A value without a final line break; the lines of a literal block are indented by `indent`."""
    if isinstance(value, str):
        return _string(value, indent, step)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = short_float(value)
        return {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}.get(text, text)
    if isinstance(value, bytes):
        return _bytes(value, indent, step)
    return value.text


def _bytes(value: bytes, indent: int, step: int) -> str:
    """Text where the bytes are text; else base64, in lines of 70 characters when it is long."""
    try:
        return _string(value.decode(), indent, step)
    except UnicodeDecodeError:
        text = binascii.b2a_base64(value, newline=False).decode()
    if len(text) >= _BASE64_LINE:
        parts = (text[at : at + _BASE64_LINE] for at in range(0, len(text), _BASE64_LINE))
        text = _literal("".join(f"{part}\n" for part in parts), indent, step)
    return f"!!binary {text}"


def _string(text: str, indent: int, step: int) -> str:
    if not text:
        return '""'
    if "\n" in text:
        special = _NOT_PRINTABLE.search(text.replace("\t", "")) is not None
        if special or " \n" in text or text[-1] == " " or text[0] == "\t" or "\u2028" in text or "\u2029" in text:
            return _double(text)
        return _literal(text, indent, step)
    resolved = resolve_plain(text, "go_v3")
    if not isinstance(resolved, str) or text in _OLD_BOOL or text == "<<" or _BASE_60.fullmatch(text):
        return _double(text)
    if _NOT_PRINTABLE.search(text) is not None or "\u2028" in text or "\u2029" in text:
        return _double(text)
    if text[0] == " " or text[-1] == " " or _has_indicators(text):
        return "'" + text.replace("'", "''") + "'"
    return text


def _has_indicators(text: str) -> bool:
    """May the text not stand without quotes in a block?"""
    first = text[0]
    return (
        first in _LEADING
        or (first in "?:-" and text[1:2] in {"", " "})
        or text.startswith(("---", "..."))
        or ": " in text
        or text[-1] == ":"
        or " #" in text
    )


def _double(text: str) -> str:
    if text[0] == "\ufeff":  # go-yaml then takes every character for this one
        return '"' + "".join(map(_escaped, text)) + '"'
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    return _escaped(match[0])


def _escaped(char: str) -> str:
    code = ord(char)
    if code in _SHORT:
        return "\\" + _SHORT[code]
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _literal(text: str, indent: int, step: int) -> str:
    hint = str(step) if text[0] in " \n" else ""
    chomp = "" if text.endswith("\n") else "-"
    if text.endswith("\n\n") or text == "\n":
        chomp = "+"
    lines = text.removesuffix("\n").split("\n") if chomp != "-" else text.split("\n")
    lead = " " * indent
    return f"|{hint}{chomp}" + "".join(f"\n{lead}{line}" if line else "\n" for line in lines)
