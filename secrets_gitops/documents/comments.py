"""The comments of a YAML text. The parser drops them, so they are found in the gaps between scalars.

A gap holds white space, indicators, anchors, tags and comments only, and libyaml takes none of the others with a `#`
inside. So every `#` in a gap begins a comment, which reaches to the end of its line.
"""

from __future__ import annotations

from secrets_gitops.documents.document import Comment, walk
from secrets_gitops.documents.lines import YAML_BREAK
from secrets_gitops.documents.properties import content_start
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document

_COMMENT = pattern("#([^\r\n\x85\u2028\u2029]*)")
_BLOCK_HEADER = pattern("[|>][-+0-9]*[ \t]*")


def lex(document: Document) -> list[Comment]:
    """All comments in the order of the text; none for JSON. One behind a tag or a `|` lies in the node's span."""
    text = document.text
    if document.format != "yaml" or "#" not in text:
        return []
    comments: list[Comment] = []
    line, line_start, counted = 1, 0, 0
    for begin, end in _gaps(document):
        for match in _COMMENT.finditer(text, begin, end):
            start = match.start()
            for line_break in YAML_BREAK.finditer(text, counted, start):
                line += 1
                line_start = line_break.end()
            counted = start
            inline = bool(text[line_start:start].strip(" \t"))
            comments.append(Comment(match[1], start, match.end(), line, start - line_start + 1, inline))
    return comments


def _gaps(document: Document) -> Iterator[tuple[int, int]]:
    """The stretches of text outside the content of scalars, in order."""
    text = document.text
    at = 0
    for root in document.roots:
        for node in walk(root):
            if node.kind != "scalar" or node.start == node.end:
                continue
            content = content_start(text, node.start, node.end)
            if node.style in {"literal", "folded"}:
                header = _BLOCK_HEADER.match(text, content)
                content = content if header is None else header.end()
                if text[content : content + 1] == "#":
                    match = _COMMENT.match(text, content)
                    content = content if match is None else match.end()
            if content > at:
                yield at, content
            at = max(at, node.end)
    if at < len(text):
        yield at, len(text)
