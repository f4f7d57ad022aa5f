"""Loose reading: a tree of what looks like YAML in a text that is none, by lines and their indentation.

It never fails and does not understand: so a broken line hides nothing but itself. Positions are those of the text.
"""

from __future__ import annotations

import re

from secrets_gitops.documents.document import Document, Node
from secrets_gitops.documents.lines import JSON_BREAK, Lines
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = pattern(r"[^\n]*\n?")
_ITEM = pattern(r"-(?:[ \t]+|$)")
_KEY = pattern(
    r"(\"[^\"\n]{1,250}\"|'[^'\n]{1,250}'|[^\s\"'#\[\]{},&*!|>%@`:-][^\n:#]{0,250}?|[A-Za-z_-]+)[ \t]*:(?=\s|$)"
)
_BLOCK = pattern(r"[|>][-+0-9]{0,2}[ \t]*(?:#.*)?")
_FLOW = pattern(r"[\"']?([\w./-]{1,250})[\"']?\s*:\s*(\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[^\s,{}\[\]\"']+)|\S")
_COMMENT = pattern(r"[ \t]#.*$")
_DEEPEST = 200


class _Open:
    """A mapping or a list that may go on, and the key that waits for its value."""

    __slots__ = ("indent", "node", "waiting")

    def __init__(self, indent: int, node: Node) -> None:
        self.indent = indent
        self.node = node
        self.waiting: Node | None = None


def read(text: str, path: str) -> Document:
    """The tree of `text`, with a root for each document; comments are not kept."""
    reader = _Reader(text)
    reader.run()
    return Document(path, text, "yaml", reader.roots, bom=False, comments=[], reread=lambda new: read(new, path))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text, JSON_BREAK)
        self._stack: list[_Open] = []
        self.roots: list[Node] = []

    def run(self) -> None:
        at = 0
        while at < len(self._text):
            found = _LINE.match(self._text, at)
            assert found is not None
            start, at = at, found.end()
            line = found[0].rstrip("\r\n")
            content = line.lstrip(" \t")
            if not content or content.startswith("#"):
                continue
            if line.startswith("---"):
                self._stack.clear()
                continue
            at = self._content(start + len(line) - len(content), content.rstrip(), start, at)

    def _content(self, start: int, content: str, begin: int, after: int) -> int:
        """One line from its first character that is no blank; gives where to go on."""
        while (item := _ITEM.match(content)) and len(self._stack) < _DEEPEST:
            self._list_at(start - begin, start)
            start, content = start + item.end(), content[item.end() :]
        key = _KEY.match(content)
        if key is None:
            if content and self._stack and self._stack[-1].node.kind == "sequence":
                self._put(self._flow(start, content) if content[0] == "{" else self._scalar(start, content))
            return after
        self._mapping_at(start - begin, start)
        top = self._stack[-1]
        top.waiting = self._scalar(start, key[1])
        rest = content[key.end() :]
        value = rest.lstrip()
        where = start + key.end() + len(rest) - len(value)
        if not value or value.startswith("#"):
            return after
        if _BLOCK.fullmatch(value):
            return self._block(where, start - begin, after)
        self._put(self._flow(where, value) if value[0] == "{" else self._scalar(where, value))
        return after

    def _put(self, child: Node) -> None:
        if not self._stack:
            self.roots.append(child)
            return
        top = self._stack[-1]
        if top.node.kind == "sequence":
            assert isinstance(top.node.items, list)
            top.node.items.append(child)
        elif top.waiting is not None:
            assert isinstance(top.node.pairs, list)
            top.node.pairs.append((top.waiting, child))
            top.waiting = None

    def _close(self, indent: int, *, item: bool) -> None:
        """Leave what stands deeper than `indent`; a list may stand as deep as the key that holds it."""
        while self._stack and (
            self._stack[-1].indent > indent
            or (self._stack[-1].indent == indent and not item and self._stack[-1].node.kind == "sequence")
        ):
            self._stack.pop()

    def _list_at(self, indent: int, start: int) -> None:
        self._close(indent, item=True)
        top = self._stack[-1] if self._stack else None
        if top is None or top.node.kind != "sequence" or top.indent != indent:
            if top is not None and top.indent == indent and top.waiting is None:
                self._stack.pop()
            self._open(indent, Node("sequence", start, start, self._lines, "block"))

    def _mapping_at(self, indent: int, start: int) -> None:
        self._close(indent, item=False)
        top = self._stack[-1] if self._stack else None
        if top is None or top.indent != indent:
            self._open(indent, Node("mapping", start, start, self._lines, "block"))

    def _open(self, indent: int, node: Node) -> None:
        node.pairs, node.items = [], []
        if len(self._stack) >= _DEEPEST:
            self._stack.clear()
        self._put(node)
        self._stack.append(_Open(indent, node))

    def _scalar(self, start: int, written: str) -> Node:
        if written[:1] in {'"', "'"}:
            end = written.find(written[0], 1)
            end = len(written) - 1 if end < 0 else end
            text = written[1 : end + 1] if written[end] != written[0] or not end else written[1:end]
            return Node("scalar", start, start + end + 1, self._lines, "double", text)
        text = re.sub(_COMMENT.pattern, "", written).rstrip()
        return Node("scalar", start, start + len(text), self._lines, "plain", text)

    def _block(self, start: int, indent: int, after: int) -> int:
        """A block scalar: the deeper lines that follow."""
        at, end, lines = after, start + 1, []
        while at < len(self._text):
            found = _LINE.match(self._text, at)
            assert found is not None
            line = found[0].rstrip("\r\n")
            if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
                break
            lines.append(line)
            if line.strip():
                end = at + len(line)
            at = found.end()
        depth = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        text = "\n".join(line[depth:] for line in lines).rstrip() + "\n"
        self._put(Node("scalar", start, end, self._lines, "literal", text))
        return at

    def _flow(self, start: int, written: str) -> Node:
        """A flow mapping on one line: its scalars."""
        node = Node("mapping", start, start + len(written), self._lines, "flow")
        node.pairs = list(self._flow_pairs(start, written))
        return node

    def _flow_pairs(self, start: int, written: str) -> Iterator[tuple[Node, Node]]:
        for found in _FLOW.finditer(written):
            if found[1]:
                key = Node("scalar", start + found.start(1), start + found.end(1), self._lines, "plain", found[1])
                yield key, self._scalar(start + found.start(2), found[2])
