"""Document, Node and Edit: the text of a file, the tree laid over it, and a replacement for one place in it."""

from __future__ import annotations

from secrets_gitops.errors import DocumentError, Place
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Literal

    from secrets_gitops.documents.lines import Lines
    from secrets_gitops.documents.scalars import Scalar

    Format = Literal["yaml", "json", "dotenv", "ini", "binary"]
    Kind = Literal["scalar", "mapping", "sequence", "alias"]
    Style = Literal["plain", "single", "double", "literal", "folded", "json", "block", "flow", "raw", "bytes"]
    Slots = dict[int, list["Comment"]]
    """Position in a map or list → the comments before that item; one past the last: those at its end."""


LINE_FORMATS = ("dotenv", "ini")
"""Formats of lines with a key and a value, without nesting and without types."""


class Edit(NamedTuple):
    """A replacement for the characters `start` (included) to `end` (excluded) of a document's text."""

    start: int
    end: int
    text: str


class Comment(NamedTuple):
    """A comment: the text after its `#`, and the span that begins at the `#`.

    In INI, where comments begin with `;` or `#`, the lines above a key are one comment; its text and span leave out the
    first sign and the blanks behind it.
    """

    text: str
    start: int
    end: int
    line: int
    column: int
    inline: bool
    """Something else stands before it on its line."""


class Node:
    """A value with its place in the text. Identity matters: an alias points to the very node it repeats.

    `start` and `end` are offsets into `Document.text` and include anchor and tag; a block scalar ends before its final
    line break, a block collection with its last value.
    """

    __slots__ = ("anchor", "end", "items", "kind", "lines", "pairs", "start", "style", "tag", "target", "text")

    def __init__(
        self,
        kind: Kind,
        start: int,
        end: int,
        lines: Lines,
        style: Style,
        text: str = "",
        tag: str | None = None,
        anchor: str | None = None,
    ) -> None:
        self.kind: Kind = kind
        self.start = start
        self.end = end
        self.lines = lines
        """Of the whole text; shared by its nodes."""
        self.style: Style = style
        """In JSON, strings are `double`, and numbers, true, false and null are `json`. In dotenv and INI all is `raw`;
        the content of a binary file is `bytes`."""
        self.text = text
        """A scalar's parsed text: quotes and escapes undone. An alias has the text of the scalar that it repeats."""
        self.tag = tag
        """The explicit tag, resolved (`tag:yaml.org,2002:str`, `!vault`); None when there is none."""
        self.anchor = anchor
        self.pairs: Sequence[tuple[Node, Node]] = ()
        self.items: Sequence[Node] = ()
        """Of a sequence. In an INI section: keys and values, in turn, that a later line with the same key hides."""
        self.target: Node | None = None
        """What an alias repeats."""

    @property
    def line(self) -> int:
        """The line on which it begins, from 1."""
        return self.lines.at(self.start)[0]

    @property
    def column(self) -> int:
        """The column at which it begins, from 1, in code points."""
        return self.lines.at(self.start)[1]

    def resolved(self) -> Node:
        """This node, or what it repeats when it is an alias."""
        return self.target if self.target is not None else self

    def get(self, key: str) -> Node | None:
        """The first value under `key` of a mapping (aliases undone), or None."""
        for name, value in self.resolved().pairs:
            if name.text == key and name.resolved().kind == "scalar":
                return value.resolved()
        return None

    def at(self, path: Iterable[str | int]) -> Node | None:
        """What stands under keys and positions below this node (aliases undone), or None."""
        node = self.resolved()
        for step in path:
            below = node.get(step) if isinstance(step, str) else node.items[step] if step < len(node.items) else None
            if below is None:
                return None
            node = below.resolved()
        return node

    def position(self, key: str) -> int | None:
        """Which pair of a mapping has `key`; the last one, which counts for most programs, when several have it."""
        for at in range(len(self.pairs) - 1, -1, -1):
            name = self.pairs[at][0]
            if name.text == key and name.resolved().kind == "scalar":
                return at
        return None

    def __repr__(self) -> str:  # no text: the node may hold a secret
        return f"<{self.kind} at {self.line}:{self.column}>"


class Document:
    """The text of one file and its roots: one node per YAML document, exactly one for other formats.

    Not changed after it is made: `apply` gives a new one. A byte order mark is kept apart, so that offsets count the
    text alone; `to_bytes` puts it back.
    """

    __slots__ = ("_comments", "_reread", "bom", "format", "inner", "path", "roots", "slots", "text", "typed")

    def __init__(
        self,
        path: str,
        text: str,
        format: Format,  # noqa: A002  the field's standard word
        roots: list[Node],
        *,
        bom: bool,
        comments: list[Comment] | Callable[[Document], list[Comment]],
        reread: Callable[[str], Document],
        slots: dict[int, Slots] | None = None,
    ) -> None:
        self.path = path
        self.text = text
        self.format: Format = format
        """How the text is written."""
        self.inner: Format = format
        """What it holds: `binary` for the JSON into which sops closes a binary file; else the format."""
        self.roots = roots
        self.bom = bom
        self.slots = slots
        """The id of each map → its comments by position, where the reader of the format knows them; None otherwise."""
        self.typed: dict[int, Scalar] = {}
        """Values by where their nodes start, for texts of a format that cannot show what type they have."""
        self._comments: list[Comment] | Callable[[Document], list[Comment]] = comments
        self._reread = reread

    def comments(self) -> list[Comment]:
        """All comments in the order of the text; found at the first call."""
        if not isinstance(self._comments, list):
            self._comments = self._comments(self)
        return self._comments

    def place(self, node: Node) -> Place:
        """Where `node` stands, for messages."""
        return Place(self.path, *node.lines.at(node.start))

    def splice(self, edits: Iterable[Edit]) -> str:
        """The text after all `edits`, which may touch but not overlap. Raises DocumentError when they overlap."""
        from operator import itemgetter  # noqa: PLC0415  who only reads needs none

        out: list[str] = []
        at, old, length = 0, self.text, len(self.text)
        for start, end, new in sorted(edits, key=itemgetter(0, 1)):
            if not at <= start <= end <= length:
                raise DocumentError("two changes meet in one place", place=Place(self.path))
            out += (old[at:start], new)
            at = end
        out.append(old[at:])
        return "".join(out)

    def apply(self, edits: Iterable[Edit]) -> Document:
        """The document after all `edits`, read again under the same limits, so that what is handed on can be read."""
        return self._reread(self.splice(edits))

    def replaced(self, edits: Iterable[Edit]) -> Document:
        """As `apply`, for edits that are known to leave a text that can be read: it is when somebody asks for nodes."""
        reread = self._reread
        document = Document(
            self.path,
            self.splice(edits),
            self.format,
            [],
            bom=self.bom,
            comments=lambda new: reread(new.text).comments(),
            reread=reread,
        )
        document.inner = self.inner
        del document.roots
        return document

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name != "roots":
                raise AttributeError(name)
            self.roots = self._reread(self.text).roots
            return self.roots

    def to_bytes(self) -> bytes:
        """The file's content: UTF-8, with the byte order mark it came with; a binary file's bytes."""
        return (b"\xef\xbb\xbf" if self.bom else b"") + encoded(self.text, self.format)


def encoded(text: str, format: Format) -> bytes:  # noqa: A002  the field's standard word
    """The bytes of a text of that format. In dotenv and INI, bytes that are not UTF-8 come back as they were."""
    if format == "binary":
        return text.encode("latin-1")
    return text.encode("utf-8", "surrogateescape" if format in LINE_FORMATS else "strict")


def walk(node: Node) -> Iterator[Node]:
    """Every node at and below `node` once, parents first; an alias is yielded but not followed."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        if current.kind == "mapping":
            for key, value in reversed(current.pairs):
                stack += (value, key)
        elif current.kind == "sequence":
            stack += reversed(current.items)
