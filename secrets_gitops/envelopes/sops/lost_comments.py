"""Comments that sops drops when it reads a file: where they stand, and so under which keys they are encrypted here."""

from __future__ import annotations

from bisect import bisect_right

from secrets_gitops.envelopes.sops import metadata, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Comment, Document
    from secrets_gitops.envelopes.sops.selection import Selection


def add(document: Document, selection: Selection, leaves: list[tree.Leaf]) -> None:
    """Comments that sops would drop must not stay readable either: they go with the map or list they stand in."""
    seen = {leaf.comment.start for leaf in leaves if leaf.comment is not None}
    blocks = metadata.spans(document)
    for comment in document.comments():
        if comment.start in seen or metadata.inside(blocks, comment.start):
            continue
        at, path, keys = _around(document, comment.start) if document.format == "yaml" else _section(document, comment)
        selected = selection.selects(keys, [[comment.text]], is_comment=True)
        leaves.append(tree.Leaf(at, path, keys, None, comment, None, selected, flow=False))


def _section(document: Document, comment: Comment) -> tuple[int, tree.Path, tuple[str, ...]]:
    """The INI section in which a comment stands that sops drops."""
    sections = document.roots[0].pairs
    at = bisect_right(sections, comment.start, key=lambda pair: pair[1].start) - 1
    return 0, (sections[at][0].text,), (sections[at][0].text,)


def _around(document: Document, offset: int) -> tuple[int, tree.Path, tuple[str, ...]]:
    """The document, and the path of the innermost map or list, whose text encloses `offset`."""
    at = max(bisect_right(document.roots, offset, key=lambda root: root.start) - 1, 0)
    path: tree.Path = ()
    keys: tuple[str, ...] = ()
    node = document.roots[at]
    while node.kind in {"mapping", "sequence"}:
        number = bisect_right(node.pairs, offset, key=lambda pair: pair[1].start) - 1 if node.pairs else -1
        if node.items:
            number = bisect_right(node.items, offset, key=lambda item: item.start) - 1
        if number < 0:
            break
        part = node.pairs[number][0].text if node.pairs else number
        child = node.pairs[number][1] if node.pairs else node.items[number]
        if child.kind not in {"mapping", "sequence"} or offset >= child.end:
            break
        node, path = child, (*path, part)
        keys = (*keys, part) if isinstance(part, str) else keys
    return at, path, keys
