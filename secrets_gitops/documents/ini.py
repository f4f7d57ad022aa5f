"""INI as go-ini reads it for sops: sections of keys; comments belong to the section or key that follows them.

What stands before the first header is the section `DEFAULT`, which is always there. A key that stands twice in a
section has its last value in its first place; sections may have equal names. All values are texts.
"""

from __future__ import annotations

from secrets_gitops.documents.document import Comment, Node
from secrets_gitops.documents.lines import JSON_BREAK, Lines
from secrets_gitops.errors import DocumentError, LimitExceeded, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Slots
    from secrets_gitops.documents.limits import Limits

DEFAULT = "DEFAULT"
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go trims."""
_QUOTES = ('"""', "`")


def parse(text: str, path: str, limits: Limits) -> tuple[Node, list[Comment], dict[int, Slots]]:
    """The map of sections, the comments, and where they belong. What sops drops belongs to no place.

    Comments behind the last key are of the whole file.
    """
    return _Parser(text, path, limits).run()


class _Section:
    """A section that is being read."""

    __slots__ = ("comments", "entries", "hidden", "key", "node")

    def __init__(self, key: Node, node: Node, comments: list[Comment]) -> None:
        self.key = key
        self.node = node
        self.comments = comments
        self.entries: dict[str, tuple[Node, Node, list[Comment]]] = {}
        self.hidden: list[Node] = []


class _Parser:
    def __init__(self, text: str, path: str, limits: Limits) -> None:
        self.text = text
        self.path = path
        self.limits = limits
        self.lines = Lines(text, JSON_BREAK)
        self.at = 0
        self.above: list[tuple[int, int]] = []
        """Spans of the comment lines since the last key or header, each to the end of its line."""
        self.beside: tuple[int, int] | None = None
        """The comment on the line of the value that was read last."""
        self.behind: tuple[int, int] | None = None
        """The same, where sops drops it: behind a value in quotes."""
        self.count = 0
        self.number = 1
        """What the next key `-` is called."""
        self.comments: list[Comment] = []

    def run(self) -> tuple[Node, list[Comment], dict[int, Slots]]:
        root = Node("mapping", 0, len(self.text), self.lines, "raw")
        section = _Section(self._node(0, 0, DEFAULT), Node("mapping", 0, 0, self.lines, "raw"), [])
        sections = [section]
        while self.at < len(self.text):
            start, end = self._line()
            if start == end:
                continue
            if self.text[start] in "#;":
                self.above.append((start, end))
            elif self.text[start] == "[":
                section = self._header(start, end)
                sections.append(section)
            else:
                self._key(section, start, end)
            if self.count > self.limits.nodes:
                raise LimitExceeded(f"more than {self.limits.nodes} values", place=self._place(start))
        root.pairs = [(one.key, one.node) for one in sections]
        slots: dict[int, Slots] = {id(root): {len(sections): self._taken()}}
        for one in sections:
            entries = list(one.entries.values())
            one.node.pairs = [(key, value) for key, value, _ in entries]
            one.node.items = one.hidden
            slots[id(one.node)] = {0: one.comments} if one.comments else {}
            for position, (_, _, comments) in enumerate(entries, 1):
                if comments:
                    slots[id(one.node)].setdefault(position, []).extend(comments)
        self.comments.sort(key=lambda comment: comment.start)
        return root, self.comments, slots

    def _line(self) -> tuple[int, int]:
        """Start, without white space before it, and end of the next line, which has its line break with it."""
        start = self.at
        end = self.text.find("\n", start) + 1 or len(self.text)
        self.at = end
        line = self.text[start:end]
        return end - len(line.lstrip(SPACE)), end

    def _header(self, start: int, end: int) -> _Section:
        close = self.text.rfind("]", start, end)
        if close < 0:
            raise DocumentError("a section without its `]`", place=self._place(start))
        if close == start + 1:
            raise DocumentError("a section without a name", place=self._place(start))
        key = self._node(start, close + 1, self.text[start + 1 : close])
        self.beside = self._sign(close + 1, end)
        self.number = 1
        self.count += 1
        return _Section(key, Node("mapping", end, end, self.lines, "raw"), self._taken())

    def _key(self, section: _Section, start: int, end: int) -> None:
        name, name_end, value_at = self._name(start, end)
        if name == "-":
            name, self.number = f"#{self.number}", self.number + 1
        key = self._node(start, name_end, name)
        value = self._value(value_at, end)
        self.count += 1
        comments = self._taken()
        before = section.entries.get(name)
        if before is not None:  # its comments are lost for sops, too
            section.hidden += before[:2]
        section.entries[name] = key, value, comments
        section.node.end = value.end

    def _name(self, start: int, end: int) -> tuple[str, int, int]:
        """The name of a key, where its text ends, and where the value begins behind the sign."""
        text = self.text
        quote = next((sign for sign in ('"""', '"', "`") if text.startswith(sign, start)), "")
        if quote == '"""' and end - start <= 6:
            quote = '"'
        if quote:
            close = text.find(quote, start + len(quote), end)
            if close < 0:
                raise DocumentError("a key without its closing quote", place=self._place(start))
            sign, name = self._delimiter(close + len(quote), end), text[start + len(quote) : close].strip(SPACE)
            name_end = close + len(quote)
        else:
            sign = self._delimiter(start, end)
            name = text[start:sign].strip(SPACE) if sign >= 0 else ""
            name_end = start + len(text[start:sign].rstrip(SPACE)) if sign >= 0 else end
        if sign < 0:
            raise DocumentError(
                "a line without `=` or `:`",
                hints=("write `key = value`, or `;` before a comment",),
                place=self._place(start),
            )
        if not name:
            raise DocumentError("a key without a name", place=self._place(start))
        return name, name_end, sign + 1

    def _delimiter(self, start: int, end: int) -> int:
        found = [at for sign in "=:" if (at := self.text.find(sign, start, end)) >= 0]
        return min(found, default=-1)

    def _value(self, at: int, end: int) -> Node:
        text = self.text
        line = text[at:end].lstrip(SPACE)
        if not line:
            at += text[at : at + 1] == " "
            return self._node(at, at, "")
        start = end - len(line)
        for quote in _QUOTES:
            if line.startswith(quote) and len(line) > len(quote) - (quote == "`"):
                return self._quoted(start, end, quote)
        line = line.strip(SPACE)
        if line.endswith("\\"):
            return self._continued(start, line)
        sign = min((found for one in "#;" if (found := line.find(one)) >= 0), default=-1)
        if sign >= 0:
            self.beside = start + sign, start + len(line)
            line = line[:sign].strip(SPACE)
        if surrounded(line):
            return self._node(start, start + len(line), line[1:-1])
        return self._node(start, start + len(line), line)

    def _quoted(self, start: int, end: int, quote: str) -> Node:
        text = self.text
        begin = start + len(quote)
        close = text.rfind(quote, begin, end)
        if close >= 0:
            value = text[begin:close]
            self.behind = self._sign(close + len(quote), end)
            return self._node(start, self._rest(close + len(quote), end, self.behind), value)
        while self.at < len(text):
            line, self.at = self.at, text.find("\n", self.at) + 1 or len(text)
            close = text.rfind(quote, line, self.at)
            if close >= 0 and not text[close + len(quote) : self.at].rstrip("\r\n").strip(SPACE).endswith("\\"):
                self.beside = self._sign(close + len(quote), self.at)
                return self._node(start, self._rest(close + len(quote), self.at, self.beside), text[begin:close])
        raise DocumentError("a value in quotes without its end", place=self._place(start))

    def _rest(self, close: int, end: int, comment: tuple[int, int] | None) -> int:
        """Where a value in quotes ends with what stands behind it: sops drops that, but it must not stay readable."""
        rest = self.text[close : comment[0] if comment is not None else end].strip(SPACE)
        return self.text.index(rest, close) + len(rest) if rest else close

    def _continued(self, start: int, line: str) -> Node:
        """A value whose lines end in backslashes, up to the first that does not or is empty."""
        value, close = line[:-1], start + len(line)
        while self.at < len(self.text):
            begin, end = self._line()
            following = self.text[begin:end].strip(SPACE)
            if not following:
                break
            value, close = value + following, begin + len(following)
            if not value.endswith("\\"):
                break
            value = value[:-1]
        return self._node(start, close, value)

    def _sign(self, start: int, end: int) -> tuple[int, int] | None:
        """The comment that begins in this stretch of a line."""
        sign = min((at for one in "#;" if (at := self.text.find(one, start, end)) >= 0), default=-1)
        return (sign, end) if sign >= 0 else None

    def _taken(self) -> list[Comment]:
        """The comments of the key or header that was just read."""
        found = []
        if self.above:
            found.append(self._comment(self.above, inline=False))
        if self.beside is not None:
            found.append(self._comment([self.beside], inline=True))
        if self.behind is not None:
            self.comments.append(self._comment([self.behind], inline=True))
        self.comments += found
        self.above, self.beside, self.behind = [], None, None
        return found

    def _comment(self, spans: list[tuple[int, int]], *, inline: bool) -> Comment:
        while len(spans) > 1 and not self.text[slice(*spans[0])].strip(f"{SPACE};#"):
            spans = spans[1:]  # an empty line of a comment at its start, with which go-ini cannot write it
        raw = "".join(self.text[start:end] for start, end in spans).strip(SPACE)
        content = raw.lstrip("; " if raw[0] == ";" else "# ")
        start = spans[0][0] + len(raw) - len(content)
        last = self.text[spans[-1][0] : spans[-1][1]].rstrip(SPACE)
        line, column = self.lines.at(start)
        return Comment(content, start, max(spans[-1][0] + len(last), start), line, column, inline)

    def _node(self, start: int, end: int, text: str) -> Node:
        return Node("scalar", start, end, self.lines, "raw", text)

    def _place(self, at: int) -> Place:
        return Place(self.path, *self.lines.at(at))


def surrounded(text: str) -> bool:
    """Does a value stand in a pair of single or double quotes, which are none of it?"""
    return len(text) >= 2 and text[0] in "\"'" and text.find(text[0], 1) == len(text) - 1
