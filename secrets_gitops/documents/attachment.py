"""Where a YAML comment belongs, as sops' YAML parser sees it: to which map or list, and before which of its items.

An encrypted comment is bound to the path of its map or list, and the comment selectors follow the same order, so a
guess is not good enough. go-yaml notes comments while it scans (`comment_scan`), hands them to its parser's events
as head, line and foot (`comment_events`), and moves some between keys and values; sops then lays them out in front of
items.
Oddities are kept: a second foot comment of one key replaces the first, a comment beside an empty list is lost.
"""

from __future__ import annotations

from secrets_gitops.documents.comment_events import Event, Parser
from secrets_gitops.documents.comment_scan import Scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.comment_scan import Lines
    from secrets_gitops.documents.document import Document, Node, Slots


def attach(document: Document) -> dict[int, Slots]:
    """The id of each map or list (or empty root) → its comments by position; those that go-yaml loses are missing."""
    found = document.comments()
    if not found:
        return {}
    composer = _Composer(document.roots)
    for event in Parser(Scanner(document.text, found).run()).events():
        composer.take(event)
    return composer.slots


class _Frame:
    """A map, list or document that is being put together."""

    __slots__ = ("at", "block", "foot", "head", "is_list", "key", "key_foot", "node", "value_foot")

    def __init__(self, node: Node, event: Event) -> None:
        self.node = node
        self.is_list = event.kind == "sequence"
        self.block = event.kind == "mapping"
        self.head = event.head
        self.at = 0
        self.key: Lines | None = None
        """The foot of a key whose value is still to come."""
        self.key_foot: Lines = ()
        self.value_foot: Lines = ()
        """The feet of the last key and its value."""

    def child(self) -> Node:
        """What the next event is about."""
        if self.is_list:
            return self.node.items[self.at]
        return self.node.pairs[self.at][0 if self.key is None else 1]


class _Composer:
    """Lays the comments of events out over the nodes of the document, in sops' order."""

    def __init__(self, roots: list[Node]) -> None:
        self.slots: dict[int, Slots] = {}
        self.roots = roots
        self.root_at = -1
        self.frames: list[_Frame] = []
        self.document_head: Lines = ()

    def take(self, event: Event) -> None:
        if event.kind == "document":
            self.root_at += 1
            self.document_head = event.head
            return
        if event.kind == "document end":
            self._put(self._root(), self._length(self._root()), event.foot)
            return
        if event.kind == "end":
            self._end(event)
            return
        node = self.frames[-1].child() if self.frames else self._root()
        if event.kind in {"scalar", "alias"}:
            self._done(node, event, leaf=True)
        else:
            self.frames.append(_Frame(node, event))

    def _root(self) -> Node:
        return self.roots[self.root_at]

    @staticmethod
    def _length(node: Node) -> int:
        return len(node.items) or len(node.pairs)

    def _put(self, node: Node, at: int, *parts: Lines, first: bool = False) -> None:
        found = [comment for lines in parts for comment in lines if comment is not None]
        if found:
            slot = self.slots.setdefault(id(node), {}).setdefault(at, [])
            slot[:] = found + slot if first else slot + found

    def _end(self, event: Event) -> None:
        frame = self.frames.pop()
        foot = event.foot
        if not frame.is_list:
            if frame.block and foot and frame.at:
                frame.key_foot, foot = foot, ()
            self._put(frame.node, frame.at, frame.value_foot, frame.key_foot)
        self._done(frame.node, Event("", frame.head, event.line, foot), leaf=False)

    def _done(self, node: Node, notes: Event, *, leaf: bool) -> None:
        """One value, key or item is complete, with its comments."""
        if not self.frames:
            self._put(node, 0, self.document_head, notes.head, notes.line, first=True)
            self._put(node, self._length(node), notes.foot)
            return
        frame = self.frames[-1]
        parent, foot = frame.node, notes.foot
        if frame.is_list:
            self._put(parent, frame.at, notes.head, notes.line)
            frame.at += 1
            self._put(parent, frame.at, foot)
        elif frame.key is None:
            if frame.block and foot and frame.at:
                frame.key_foot, foot = foot, ()
            self._put(parent, frame.at, frame.value_foot, frame.key_foot, notes.head, notes.line)
            frame.key, frame.key_foot, frame.value_foot = foot, (), ()
        else:
            key_foot = frame.key
            if not key_foot:
                key_foot, foot = foot, ()
            if leaf:
                self._put(parent, frame.at, notes.head, notes.line)
                frame.value_foot = foot
            else:
                self._put(node, 0, notes.head, notes.line, first=True)
                self._put(node, self._length(node), foot)
            frame.key_foot, frame.key = key_foot, None
            frame.at += 1
