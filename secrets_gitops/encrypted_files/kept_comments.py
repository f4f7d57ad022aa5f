"""Comments of a Secret that stay when it becomes a SealedSecret in its place.

Each goes where its neighbour goes: one about `type` to the template's type. Comments between the items of `data` and
`stringData` are not kept: a value that was commented out is a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.read import read

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Comment, Document, Node

    Path = tuple[str, ...]

_DATA = frozenset(("data", "stringData"))
_TEMPLATE = ("spec", "template")


class Kept(NamedTuple):
    """A comment and the path, in the SealedSecret, of the pair that it goes with; an empty path is the first line."""

    path: Path
    comment: Comment


class Sorted(NamedTuple):
    """What becomes of the comments of one Secret."""

    kept: list[Kept]
    dropped: list[Comment]


def sort_out(document: Document, secret: Node, end: int) -> Sorted:
    """The comments from the start of `secret` up to offset `end`, where the next document or list item begins.

    Those behind the Secret that stand as far left as it does are not its own: they are left where they are.
    """
    kept: list[Kept] = []
    dropped: list[Comment] = []
    for comment in document.comments():
        if not secret.start < comment.start < end:
            continue
        outside = not comment.inline and comment.column <= secret.column
        if outside and comment.start >= secret.end:
            continue
        top = _pair_before(secret, comment)
        if outside:
            kept.append(Kept(_moved(_next_path(secret, comment)), comment))
        elif top is None or top[0].text in _DATA:
            dropped.append(comment)
        else:
            kept.append(Kept(_moved(_path_within(top, comment) or _next_path(secret, comment)), comment))
    return Sorted(kept, dropped)


def weave(block: str, kept: list[Kept]) -> str:
    """The YAML text `block`, one pair a line, with the comments put beside and above the pairs of their paths."""
    if not kept:
        return block
    root = read(block, path="", format="yaml").roots[0]
    above: dict[int, list[str]] = {}
    beside: dict[int, str] = {}
    for path, comment in kept:
        node = _key(root, path)
        text = f"#{comment.text.rstrip()}"
        if comment.inline and path and node.line not in beside:
            beside[node.line] = f"  {text}"
        else:
            above.setdefault(node.line, []).append(" " * (node.column - 1) + text)
    lines: list[str] = []
    for number, line in enumerate(block.split("\n"), 1):
        lines += above.get(number, ())
        lines.append(line + beside.get(number, ""))
    return "\n".join(lines)


def _pair_before(mapping: Node, comment: Comment) -> tuple[Node, Node] | None:
    before = [pair for pair in mapping.pairs if pair[0].start < comment.start]
    return before[-1] if before else None


def _next_path(secret: Node, comment: Comment) -> Path:
    return next(((key.text,) for key, _ in secret.pairs if key.start > comment.start), ())


def _path_within(pair: tuple[Node, Node], comment: Comment) -> Path:
    """The path of the pair at or below `pair` on the comment's line, or after it when the comment has its own line."""
    key, value = pair
    if comment.inline and comment.line == key.line:
        return (key.text,)
    for below in value.pairs:
        if found := _path_within(below, comment):
            return (key.text, *found)
        if not comment.inline and below[0].start > comment.start:
            return (key.text, below[0].text)
    return ()


def _moved(path: Path) -> Path:
    match path:
        case ("metadata", "labels" | "annotations", *_):
            return (*_TEMPLATE, *path)
        case ("type" | "immutable",):
            return (*_TEMPLATE, *path)
        case ("data" | "stringData", *_):
            return ("spec", "encryptedData")
    return path


def _key(root: Node, path: Path) -> Node:
    """The key under `path`, or the nearest above it that exists; the first key when there is none."""
    found = root.pairs[0][0]
    node = root
    for step in path:
        pair = next((pair for pair in node.pairs if pair[0].text == step), None)
        if pair is None:
            break
        found, node = pair
    return found
