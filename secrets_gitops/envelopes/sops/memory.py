"""The envelopes that stood in an encrypted document: what did not change is written as it was, nonce and all."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from secrets_gitops.documents.line_values import text_of
from secrets_gitops.envelopes.sops import reading
from secrets_gitops.envelopes.sops.spelling import lossy_text
from secrets_gitops.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.reading import Read
    from secrets_gitops.envelopes.sops.tree import Leaf, Path
    from secrets_gitops.envelopes.sops.value import Value


class Old(NamedTuple):
    """What stood for a leaf in the encrypted text."""

    raw: str
    data: bytes
    type: str
    keys: tuple[str, ...]
    column: int
    """Of a comment that stood as an item of a list; 0 otherwise."""
    opened_by: tuple[str, ...]
    """The keys that opened a comment."""
    home: tuple[int, Path]
    """Document and path of the leaf; for a comment, of its map or list."""
    value: Value = None

    def __repr__(self) -> str:  # never the value
        return f"<old {self.type} at {reading.shown(self.home[1])}>"


class Memory:
    """Gives each old envelope out once: two equal values never come to share a nonce."""

    def __init__(self) -> None:
        self._values: dict[tuple[int, Path], list[Old]] = {}
        self._comments: dict[bytes, deque[Old]] = {}
        """By text, in the order of the file: where a comment belongs can change with what stands around it."""
        self._quotes: dict[tuple[int, Path], str] = {}
        self.known: dict[str, Read] = {}
        """What was opened, by its envelope."""

    def remember(self, sealed: Document, reads: Sequence[Read]) -> None:
        """Take in the sealed leaves of a document, and comments that stand in clear in it."""
        for read in sorted(reads, key=_position):
            leaf = read.leaf
            if leaf.alias is not None:
                continue
            if leaf.is_comment:
                if read.state != "clear":
                    self._comments.setdefault(read.data, deque()).append(_old_comment(sealed, read))
            elif read.state == "sealed":
                raw = reading.raw(sealed, leaf)
                home = leaf.root, leaf.path
                self._quotes[home] = raw[0] if raw[0] in "\"'" else ""
                if leaf.node is not None:
                    self.known[leaf.node.text] = read
                self._values.setdefault(home, []).append(
                    Old(raw, read.data, read.type, leaf.keys, 0, (), home, read.value)
                )

    def with_types(self, reads: Sequence[Read], *, json: bool) -> list[Read]:
        """Dotenv and INI show no types, and JSON no bytes: what is written as an old value is that value."""
        found = []
        for read in reads:
            olds = self._values.get((read.leaf.root, read.leaf.path), ()) if read.type == "str" else ()
            fitting = next((old for old in olds if _shows_as(old.value, json=json) == read.value), None)
            found.append(
                read if fitting is None else read._replace(value=fitting.value, data=fitting.data, type=fitting.type)
            )
        return found

    def quote(self, leaf: Leaf) -> str | None:
        """How the envelope at the place of a leaf was quoted; None when there was none."""
        return self._quotes.get((leaf.root, leaf.path))

    def matches(self, reads: Sequence[Read], *, json: bool) -> dict[int, Old]:
        """The old envelope for each leaf (by its number) that can keep one: of its place, else under equal keys."""
        found: dict[int, Old] = {}
        wanted = [
            at for at in sorted(range(len(reads)), key=lambda at: _position(reads[at])) if reads[at].state == "sealed"
        ]
        moved = []
        for at in wanted:
            read = reads[at]
            if read.type == "comment":
                if waiting := self._comments.get(read.data):
                    found[at] = waiting.popleft()
                continue
            olds = self._values.get((read.leaf.root, read.leaf.path), [])
            fitting = next((old for old in olds if same(old.type, old.data, read, json=json)), None)
            if fitting is None:
                moved.append(at)
            else:
                olds.remove(fitting)
                found[at] = fitting
        spare: dict[tuple[tuple[str, ...], bytes], deque[Old]] = {}
        for olds in self._values.values() if moved else ():
            for old in olds:
                spare.setdefault((old.keys, old.data), deque()).append(old)
        for at in moved:
            candidates = spare.get((reads[at].leaf.keys, reads[at].data))
            if (
                candidates
                and same(candidates[0].type, candidates[0].data, reads[at], json=json)
                and "\n" not in candidates[0].raw
            ):
                found[at] = candidates.popleft()
        return found


def _shows_as(value: Value, *, json: bool) -> str | None:
    """The text of a value that is no text; None when its format shows what it is."""
    if isinstance(value, bytes) and json:
        return lossy_text(value)
    return None if json or isinstance(value, str | bytes | None) else text_of(value)


def _position(read: Read) -> int:
    leaf = read.leaf
    if leaf.comment is not None:
        return leaf.comment.start
    return leaf.node.start if leaf.node is not None else 0


def _old_comment(sealed: Document, read: Read) -> Old:
    leaf = read.leaf
    if leaf.node is None or leaf.flow:
        path = leaf.path if leaf.node is None else leaf.path[:-1]
        return Old(reading.raw(sealed, leaf), read.data, read.type, leaf.keys, 0, read.keys, (leaf.root, path))
    dash = sealed.text.rindex("-", 0, leaf.node.start)
    column = dash - sealed.text.rfind("\n", 0, dash)
    raw = sealed.text[dash : leaf.node.end]
    return Old(raw, read.data, read.type, leaf.keys, column, read.keys, (leaf.root, leaf.path[:-1]))


def same(kind: str, data: bytes, read: Read, *, json: bool) -> bool:
    """Is this the value of `read`? JSON has one kind of number, and no times."""
    if data != read.data:
        return False
    if json:
        numbers, texts = {"int", "float"}, {"str", "time"}
        return kind == read.type or {kind, read.type} == numbers or {kind, read.type} == texts
    return kind == read.type
