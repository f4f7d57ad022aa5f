"""The first half of `attachment`: YAML tokens in order, and a note for each run of comment lines between them.

As go-yaml's scanner does it. A run is split at blank lines and changes of column: a part is the foot of the token
before it, or the head of what follows; a comment on the line where a token ends is that token's line comment.
"""

from __future__ import annotations

import yaml

from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Comment

    Lines = tuple[Comment | None, ...]
    """Comment lines; None is a blank line after one."""


class Token(NamedTuple):
    """A token of YAML and where it starts. The end of a block may start before the comments that follow it."""

    kind: str
    start: int


class Note(NamedTuple):
    """A run of comment lines on its way from the scanner to the parser."""

    role: str
    """`head`, `line` or `foot`."""
    lines: Lines
    token_start: int
    """The parser takes the note up when it looks at a token that starts here or later."""
    scan_start: int = 0
    start: int = 0
    column: int = 0
    """Counts from 1."""
    end: int = 0


class Scanner:
    """Fills `tokens` and `notes`."""

    def __init__(self, text: str, comments: list[Comment]) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self.notes: list[Note] = []
        self._first_break = text.find("\n")
        self._comments = comments
        self._at = 0  # the next comment
        self._indents = [-1]
        self._flow = 0
        self._mark = 0  # where scanning stands: after the last token and its line comment
        self._late = -1  # the column of a block mapping whose `:` was not seen yet

    def run(self) -> Scanner:
        """Scan it all."""
        before: list[tuple[str, int, int]] = []
        for kind, start, end, column in _raw_tokens(self.text):
            if start == end and kind in {"Key", "BlockMappingStart", "BlockSequenceStart"}:
                before.append((kind, start, column))
            elif kind != "BlockEnd":  # they are placed anew, by the comments around them
                self._token(kind, start, end, column, before)
                before = []
        return self

    def _token(self, kind: str, start: int, end: int, column: int, before: list[tuple[str, int, int]]) -> None:
        scan_start = self._mark
        if self._at < len(self._comments) and self._comments[self._at].start < start:
            self._scan(scan_start)
        self._unroll(column, scan_start)
        if kind in {"DocumentStart", "DocumentEnd", "StreamEnd"}:
            self._unroll(-1, start)
        owner = start
        if self.tokens and ((not self._flow and kind == "Value") or (self._flow and kind == "FlowEntry")):
            owner = self.tokens[-1].start
        self._open_blocks(kind, before)
        if kind.startswith("Flow") and kind != "FlowEntry":
            self._flow += 1 if kind.endswith("Start") else -1
        self.tokens.append(Token(kind, start))
        self._mark = end
        block_scalar = kind == "Scalar" and self.text[start] in "|>" and not self._flow
        if block_scalar:
            self._line_comment(start, self.text.find("\n", start), start)
            self._mark = max(end, self._mark)
        elif kind not in {"BlockEntry", "StreamStart", "DocumentStart", "DocumentEnd"}:
            self._line_comment(end, len(self.text), owner)
        if self._mark == end and kind == "Scalar" and self.text[start] not in "\"'":
            # A plain scalar is looked through up to the next thing that is no blank: it could go on there.
            while self._mark < len(self.text) and self.text[self._mark] in " \t\r\n":
                self._mark += 1

    def _open_blocks(self, kind: str, before: list[tuple[str, int, int]]) -> None:
        """A block mapping begins when the `:` after its first key is seen; until then the old indentation holds."""
        for name, start, where in before:
            self.tokens.append(Token(name, start))
            if name == "BlockMappingStart" and not self._flow:
                self._late = where
            elif name == "BlockSequenceStart":
                self._roll(where)
        if self._late >= 0 and not self._flow and kind in {"Value", "Key"}:
            self._roll(self._late)
            self._late = -1

    def _roll(self, column: int) -> None:
        if self._indents[-1] < column:
            self._indents.append(column)

    def _unroll(self, column: int, scan_start: int) -> None:
        """End the blocks that are indented deeper; a block ends before foot comments that stand in its column."""
        if self._flow:
            return
        mark = scan_start - 1
        while self._indents[-1] > column:
            stop = mark
            for note in reversed(self.notes):
                if note.end < stop:
                    break
                if note.column == self._indents[-1] + 1:
                    mark = note.start
                stop = note.scan_start
            self.tokens.append(Token("BlockEnd", mark))
            self._indents.pop()

    def _line_comment(self, start: int, stop: int, owner: int) -> None:
        if self._at == len(self._comments):
            return
        comment = self._comments[self._at]
        if start <= comment.start < stop and not self.text[start : comment.start].strip(" \t|>+-0123456789"):
            self.notes.append(Note("line", (comment,), owner, start=comment.start))
            self._at += 1
            self._mark = comment.end

    def _scan(self, scan_start: int) -> None:
        """Split the comments before the next token. The order of the questions is go-yaml's."""
        text = self.text
        at = self._comments[self._at].start
        last = self.tokens[-2] if self.tokens[-1].kind == "FlowEntry" and len(self.tokens) > 1 else self.tokens[-1]
        token_start = last.start
        indent = max(self._indents[-1], 0)
        newlines = _newlines_before(text, at)
        column, line = _column(text, at), 0  # the line of the first comment counts as 0
        foot_line = (
            1 - newlines + (1 if newlines == 0 and column > 2 else 0) if 0 <= self._first_break < scan_start else -1
        )
        first_empty, recent_empty = newlines <= 1, False
        real_line, counted = 0, at
        lines: list[Comment | None] = []
        start = start_line = start_column = 0
        while True:
            char = text[at : at + 1]
            closes = self._flow > 0 and char != "" and char in "]}"
            if closes or char in {"", "\r", "\n"}:
                if closes or not recent_empty:
                    below = start_line == foot_line and last.kind != "Value"
                    if closes or (first_empty and (below or start_column - 1 < indent)):
                        if lines:
                            if start_column - 1 < indent:  # dedented: nothing to do with the token before
                                token_start = start
                            self.notes.append(
                                Note("foot", tuple(lines), token_start, scan_start, start, start_column, at)
                            )
                            scan_start = token_start = at
                            lines = []
                    elif lines and char:
                        lines.append(None)
                if closes or not char:
                    break
                first_empty, recent_empty = False, True
                line += 1
                column = 1
                at += 1
                continue
            if char in " \t":
                column += 1
                at += 1
                continue
            if lines and column - 1 < indent and column != start_column:
                self.notes.append(Note("foot", tuple(lines), token_start, scan_start, start, start_column, at))
                scan_start = token_start = at
                lines = []
            if char != "#" or self._at == len(self._comments):
                break
            comment = self._comments[self._at]
            self._at += 1
            if not lines:
                start, start_line, start_column = at, line, column
            lines.append(comment)
            recent_empty = False
            self._mark = comment.end
            real_line, counted = real_line + _newlines(text, counted, at), at
            line = real_line
            at, column = comment.end + 1, 1  # one character of the line break is passed over, and so is its line
        if lines:
            self.notes.append(Note("head", tuple(lines), start, scan_start, start, start_column, at - 1))


def _raw_tokens(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Kind, start, end and column of every token."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        while loader.check_token():
            token = loader.get_token()
            kind = type(token).__name__.removesuffix("Token")
            column = _column(text, len(text)) - 1 if kind == "StreamEnd" else token.start_mark.column
            yield kind, token.start_mark.index, token.end_mark.index, column
    finally:
        loader.dispose()


def _column(text: str, at: int) -> int:
    """Column of the character at `at`, from 1."""
    return at - text.rfind("\n", 0, at)


def _newlines_before(text: str, at: int) -> int:
    """Line breaks in the blank text before `at`."""
    start = at
    while start and text[start - 1] in " \t\r\n":
        start -= 1
    return _newlines(text, start, at)


def _newlines(text: str, start: int, stop: int) -> int:
    return text[start:stop].replace("\r\n", "\n").replace("\r", "\n").count("\n")
