"""The second half of `attachment`: tokens and notes become the events of a parser, each with its comments.

Which event takes a comment depends on when the parser looks at a token, so its states follow go-yaml's one by one.
"""

from __future__ import annotations

from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.comment_scan import Lines, Scanner, Token


class Event(NamedTuple):
    """A step of the parser, and the comments that it takes along."""

    kind: str
    """`document`, `scalar`, `alias`, `sequence`, `mapping`, `flowmapping`, `end`, `document end`."""
    head: Lines = ()
    line: Lines = ()
    foot: Lines = ()


class Parser:
    """The grammar of YAML over tokens that are known to be right; each event takes the comments seen so far."""

    def __init__(self, scanned: Scanner) -> None:
        self.tokens: list[Token] = scanned.tokens
        self.notes = scanned.notes
        self.token_at = 0
        self.note_at = 0
        self.head: Lines = ()
        self.line: Lines = ()
        self.foot: Lines = ()
        self.stem: Lines = ()
        self.states: list[str] = []

    def peek(self) -> str:
        """The kind of the next token; looking at it takes up the notes that are due."""
        token = self.tokens[self.token_at]
        while self.note_at < len(self.notes) and token.start >= self.notes[self.note_at].token_start:
            note = self.notes[self.note_at]
            if note.role == "head":
                if token.kind == "BlockEnd":
                    break  # what ends has no head
                self.head = self.head + note.lines
            elif note.role == "foot":
                self.foot = self.foot + note.lines
            else:
                self.line = self.line + note.lines
            self.note_at += 1
        return token.kind

    def skip(self) -> str:
        """Pass over the token; the kind of the one after it."""
        self.token_at += 1
        return self.peek()

    def event(self, kind: str) -> Event:
        """An event with all comments taken up until now."""
        event = Event(kind, self.head, self.line, self.foot)
        self.head = self.line = self.foot = self.stem = ()
        return event

    def events(self) -> Iterator[Event]:
        """All events after the start of the stream."""
        self.peek()
        implicit = True
        kind = self.skip()
        while True:
            while kind in {"Directive", "DocumentEnd"}:
                kind = self.skip()
            if kind == "StreamEnd":
                return
            if kind == "DocumentStart":
                yield Event("document")
                kind = self.skip()
            else:
                yield Event("document", self._split_head() if implicit else ())
            implicit = False
            if kind in {"Directive", "DocumentStart", "DocumentEnd", "StreamEnd"}:
                yield Event("scalar")
            else:
                self.states = ["node"]
                while self.states:
                    yield from getattr(self, "_" + self.states.pop())()
            if self.peek() == "DocumentEnd":
                self.token_at += 1
            end = self.event("document end")
            yield end if end.foot else end._replace(head=(), foot=end.head)
            kind = self.peek()

    def _split_head(self) -> Lines:
        """The comments of the document: those before the last blank line above its first token."""
        for at in range(len(self.head) - 1, -1, -1):
            if self.head[at] is None:
                top, self.head = self.head[:at], self.head[at + 1 :]
                return top
        return ()

    def _node(self, *, indentless: bool = False) -> Iterator[Event]:
        kind = self.peek()
        if kind == "Alias":
            yield self._scalar("alias")
            return
        bare = True
        while kind in {"Anchor", "Tag"}:
            bare = False
            kind = self.skip()
        if kind == "Scalar":
            yield self._scalar("scalar")
        elif kind in {"FlowSequenceStart", "FlowMappingStart"}:
            mapping = kind == "FlowMappingStart"
            yield self.event("flowmapping" if mapping else "sequence")
            self.token_at += 1
            self.states.append("flowmapping" if mapping else "flowsequence")
        elif kind == "BlockSequenceStart" or (kind == "BlockEntry" and indentless):
            if kind == "BlockEntry":
                yield Event("sequence")
                self.states.append("indentless")
            else:
                yield self._stem("sequence")
                self.token_at += 1
                self.states.append("blocksequence")
        elif kind == "BlockMappingStart":
            yield self._stem("mapping")
            self.token_at += 1
            self.states.append("blockmapping")
        else:
            assert not bare
            yield Event("scalar")

    def _scalar(self, kind: str) -> Event:
        event = self.event(kind)
        self.token_at += 1
        return event

    def _stem(self, kind: str) -> Event:
        event = Event(kind, self.stem)
        self.stem = ()
        return event

    def _split_stem(self, length: int) -> None:
        """Comments before a dash belong to the map or list behind it as a whole, not to its first item."""
        if length and self.peek() in {"BlockSequenceStart", "BlockMappingStart"}:
            self.stem, self.head = self.head[:length], self.head[length:]

    def _blocksequence(self) -> Iterator[Event]:
        if self.peek() == "BlockEnd":
            self.token_at += 1
            yield Event("end")
            return
        before = len(self.head)
        self.token_at += 1
        self._split_stem(before)
        self.states.append("blocksequence")
        if self.peek() in {"BlockEntry", "BlockEnd"}:
            yield Event("scalar")
        else:
            self.states.append("node")

    def _indentless(self) -> Iterator[Event]:
        if self.peek() != "BlockEntry":
            yield Event("end")
            return
        before = len(self.head)
        self.token_at += 1
        self._split_stem(before)
        self.states.append("indentless")
        if self.peek() in {"BlockEntry", "Key", "Value", "BlockEnd"}:
            yield Event("scalar")
        else:
            self.states.append("node")

    def _blockmapping(self) -> Iterator[Event]:
        kind = self.peek()
        if kind == "BlockEnd":
            yield self.event("end")
            self.token_at += 1
            return
        self.states += ("blockmapping", "blockvalue")
        if kind == "Key":
            if self.skip() in {"Key", "Value", "BlockEnd"}:
                yield Event("scalar")
            else:
                yield from self._node(indentless=True)
        else:
            yield Event("scalar")

    def _blockvalue(self) -> Iterator[Event]:
        if self.peek() == "Value" and self.skip() not in {"Key", "Value", "BlockEnd"}:
            yield from self._node(indentless=True)
        else:
            yield Event("scalar")

    def _flowsequence(self) -> Iterator[Event]:
        kind = self.peek()
        if kind == "FlowEntry":
            kind = self.skip()
        if kind == "FlowSequenceEnd":
            yield self.event("end")
            self.token_at += 1
        elif kind == "Key":
            yield Event("flowmapping")
            self.token_at += 1
            self.states += ("flowsequence", "pair_end", "pair_value", "pair_key")
        else:
            self.states += ("flowsequence", "node")

    def _pair_key(self) -> Iterator[Event]:
        if self.peek() in {"Value", "FlowEntry", "FlowSequenceEnd"}:
            yield Event("scalar")
        else:
            yield from self._node()

    def _pair_value(self) -> Iterator[Event]:
        if self.peek() == "Value" and self.skip() not in {"FlowEntry", "FlowSequenceEnd"}:
            yield from self._node()
        else:
            yield Event("scalar")

    def _pair_end(self) -> Iterator[Event]:
        yield Event("end")

    def _flowmapping(self) -> Iterator[Event]:
        kind = self.peek()
        if kind == "FlowEntry":
            kind = self.skip()
        if kind == "FlowMappingEnd":
            yield self.event("end")
            self.token_at += 1
            return
        self.states += ("flowmapping", "flowvalue")
        if kind == "Key" and self.skip() in {"Value", "FlowEntry", "FlowMappingEnd"}:
            yield Event("scalar")
        else:
            yield from self._node()

    def _flowvalue(self) -> Iterator[Event]:
        if self.peek() == "Value" and self.skip() not in {"FlowEntry", "FlowMappingEnd"}:
            yield from self._node()
        else:
            yield Event("scalar")
