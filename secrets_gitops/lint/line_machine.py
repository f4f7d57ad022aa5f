"""The line machine: reads a Secret's values from text that cannot be parsed, by lines and their indentation.

It sees `data:` before or after `kind: Secret`, block scalars, quotes, and flow mappings on one line. It does not
understand; it only makes sure that broken YAML is not clean by error.
"""

from __future__ import annotations

import re

from secrets_gitops.lint.finding import Region
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class LooseValue(NamedTuple):
    """A value that seems to stand in a Secret: the field (`data` or `stringData`), its key, its text and its place."""

    field: str
    key: str
    text: str
    region: Region


_KIND = pattern(r"([ \t]*(?:-[ \t]+)*)[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z]+)[\"']?[ \t]*,?[ \t]*(?:#.*)?$")
_FIELD = pattern(r"([ \t]*(?:-[ \t]+)*)[\"']?(data|stringData)[\"']?[ \t]*:[ \t]*(.*)$")
_PAIR = pattern(r"([ \t]*)[\"']?([A-Za-z0-9_.\-]{1,253})[\"']?[ \t]*:(?:[ \t]+(.*)|)$")
_FLOW_PAIR = pattern(r"[\"']?([A-Za-z0-9_.\-]{1,253})[\"']?\s*:\s*(\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[^\s,{}\"']+)")
_FLOW = pattern(r"[\"']?\b(data|stringData)[\"']?\s*:\s*\{([^{}]*)\}")
_FLOW_KIND = pattern(r"[\"']kind[\"']\s*:\s*[\"'](?:Secret|SecretList)[\"']")
_BLOCK_HEAD = pattern(r"[|>][-+0-9]*\s*(?:#.*)?$")
_SECRETS = frozenset({"Secret", "SecretList"})
_SEPARATOR = pattern(r"---(?:\s|$)")


def find(text: str) -> Iterator[LooseValue]:
    """The values of everything in `text` that looks like a Secret."""
    lines = text.split("\n")
    start = 0
    for at in range(len(lines) + 1):
        if at == len(lines) or _SEPARATOR.match(lines[at]):
            yield from _document(lines, start, at)
            start = at + 1


class _Block:
    """Lines of one indentation with nothing lesser between them: what would be one mapping."""

    __slots__ = ("fields", "indent", "kinds")

    def __init__(self, indent: int) -> None:
        self.indent = indent
        self.kinds: list[str] = []
        self.fields: list[tuple[int, str, str]] = []


def _document(lines: list[str], start: int, stop: int) -> Iterator[LooseValue]:
    blocks: list[_Block] = []
    stack: list[_Block] = []
    flow = False
    for at in range(start, stop):
        line = lines[at].rstrip("\r")
        kind = _KIND.match(line) if "kind" in line else None
        field = _FIELD.match(line) if "ata" in line else None
        flow = flow or (_FLOW_KIND.search(line) is not None)
        found = kind or field
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        indent = len(found[1]) if found else _indent(line)
        is_item = stripped.startswith("- ")
        while stack and (stack[-1].indent > indent or (is_item and stack[-1].indent == indent)):
            stack.pop()
        if not stack or stack[-1].indent < indent:
            stack.append(_Block(indent))
            blocks.append(stack[-1])
        if kind:
            stack[-1].kinds.append(kind[2])
        elif field:
            stack[-1].fields.append((at, field[2], field[3]))
    if not flow and not any(_SECRETS.intersection(block.kinds) for block in blocks):
        return
    for block in blocks:
        if block.kinds and not _SECRETS.intersection(block.kinds):
            continue
        for at, name, rest in block.fields:
            if rest.startswith("{"):
                flow = True
            else:
                yield from _block(lines, at + 1, stop, block.indent, name)
    if flow:
        yield from _flow(lines, start, stop)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _block(lines: list[str], at: int, stop: int, indent: int, field: str) -> Iterator[LooseValue]:
    """The pairs below a `data:` line, as long as the indentation is deeper."""
    while at < stop:
        line = lines[at].rstrip("\r")
        if line.strip() and _indent(line) <= indent and not line.lstrip().startswith("#"):
            return
        pair = _PAIR.match(line)
        at += 1
        if pair is None:
            continue
        depth, value = len(pair[1]), (pair[3] or "").strip()
        first = at
        if not value or _BLOCK_HEAD.match(value):
            while at < stop and (not lines[at].strip() or _indent(lines[at]) > depth):
                at += 1
            value = "\n".join(line.strip() for line in lines[first:at]).strip()
        last = max(first, at)
        yield LooseValue(
            field, pair[2], _unquoted(value), Region(first, depth + 1, last, len(lines[last - 1].rstrip("\r")) + 1)
        )


def _flow(lines: list[str], start: int, stop: int) -> Iterator[LooseValue]:
    """The pairs of every `data: {…}` in the document."""
    text = "\n".join(lines[start:stop])
    line, counted = start + 1, 0
    for flow in _FLOW.finditer(text):
        for pair in _FLOW_PAIR.finditer(text, flow.start(2), flow.end(2)):
            line += text.count("\n", counted, pair.start())
            counted = pair.start()
            column = pair.start() - text.rfind("\n", 0, pair.start())
            region = Region(line, column, line, column + pair.end() - pair.start())
            yield LooseValue(flow[1], pair[1], _unquoted(pair[2]), region)


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    if value[:1] in {'"', "'"}:
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value[1:]
    return re.sub(r"[ \t]#.*$", "", value)
