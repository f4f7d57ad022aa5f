"""Changes of a document's structure, as Edits: set a value, remove one, add a key. The rest of the text stays as it is.

Indentation, line ends and the form of lists follow the file. What goes with a removed key: its own lines, and the
comment lines directly above it at its own indentation, unless a sibling stands on the very next line (then they may
speak of both) or they open the document. When a changed value carried an anchor, its first alias takes over the old
value and the anchor. A path that leads through an alias changes that place alone: the alias is written out.
"""

from __future__ import annotations

from typing import NamedTuple

from secrets_gitops.documents import edit_block, edit_flow
from secrets_gitops.documents.complaints import shown_path
from secrets_gitops.documents.document import Edit, walk
from secrets_gitops.documents.emit import yaml_block, yaml_flow
from secrets_gitops.documents.geometry import layout_of, line_end, stands_alone
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from typing import Any

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import PlainTree, Tree

    Path = Sequence[str | int]


class Site(NamedTuple):
    """A value and where it stands in its parent; the root has no parent."""

    node: Node
    parent: Node | None
    position: int
    flow: bool
    """It stands inside brackets or braces."""


def set_path(document: Document, root_index: int, path: Path, value: Tree) -> list[Edit]:
    """The edits that put `value` at `path`; parents that are missing are made, an index beyond the end appends.

    Raises DocumentError when the path leads through a value that is neither a mapping nor a list (nor null).
    """
    if not path:
        raise DocumentError("an empty path names the whole document", place=Place(document.path))
    if not document.roots and root_index == 0 and document.format == "yaml":
        return _first_content(document, len(document.text), _nested(path, value))
    site, rest = _walk(document, document.roots[root_index], path)
    node = site.node
    if not rest:
        return _replaced(document, site, value)
    if node.kind == "alias":
        tree = to_plain(node, "go_v3", path=document.path)
        _set_in(tree, rest, value, path, document, node)
        return _replaced(document, site, tree)
    if node.kind == "scalar":
        if resolve(node, "go_v3", path=document.path) is not None:
            raise _blocked(document, node, path, len(path) - len(rest))
        return _replaced(document, site, _nested(rest, value))
    _check_step(node.kind == "mapping", rest[0], path, document, node, len(path) - len(rest))
    member = _nested(rest[1:], value)
    if node.style == "block":
        key = rest[0] if isinstance(rest[0], str) else None
        return edit_block.added(document, node, key, member, layout_of(document))
    if not node.pairs and not node.items and not site.flow and document.format == "yaml":
        return _replaced(document, site, {str(rest[0]): member} if node.kind == "mapping" else [member])
    return edit_flow.added(document, node, rest[0], member, layout_of(document))


def append_key(
    document: Document, mapping: Node, key: str, value: Tree, *, rewritten: Container[Node] = ()
) -> list[Edit]:
    """The edits that add a key as the last one of a mapping, which must not have it yet.

    `rewritten` names nodes that the caller replaces in the same step.
    """
    layout = layout_of(document)
    if mapping.style == "block":
        return edit_block.added(document, mapping, key, value, layout, rewritten=rewritten)
    return edit_flow.added(document, mapping, key, value, layout)


def remove_path(document: Document, root_index: int, path: Path) -> list[Edit]:
    """The edits that remove the key or item at `path`. Raises DocumentError when there is none."""
    missing = DocumentError(f"there is no {shown_path(path)}", place=Place(document.path))
    if not path or root_index >= len(document.roots):
        raise missing
    site, rest = _walk(document, document.roots[root_index], path)
    if rest:
        if site.node.kind != "alias":
            raise missing
        tree = to_plain(site.node, "go_v3", path=document.path)
        if not _remove_in(tree, rest):
            raise missing
        return _replaced(document, site, tree)
    parent = site.parent
    assert parent is not None  # the path is not empty
    moved = _moved_anchors(document, site.node, document.roots[root_index])
    if len(parent.pairs) + len(parent.items) == 1:
        parent_site, _ = _walk(document, document.roots[root_index], path[:-1])
        return _replaced(document, parent_site, {} if parent.kind == "mapping" else [])
    if parent.style == "block":
        return [*edit_block.removed(document, parent, site.position), *moved]
    return [*edit_flow.removed(parent, site.position), *moved]


def _walk(document: Document, root: Node, path: Path) -> tuple[Site, Path]:
    """The deepest value on the path that exists (an alias is not followed), and the rest of the path."""
    site = Site(root, None, 0, document.format == "json")
    for depth, step in enumerate(path):
        node = site.node
        flow = site.flow or node.style == "flow"
        if node.kind == "mapping" and isinstance(step, str):
            found = [
                at for at, (key, _) in enumerate(node.pairs) if key.text == step and key.resolved().kind == "scalar"
            ]
            if not found:
                return site, path[depth:]
            site = Site(node.pairs[found[-1]][1], node, found[-1], flow)
        elif node.kind == "sequence" and isinstance(step, int) and 0 <= step < len(node.items):
            site = Site(node.items[step], node, step, flow)
        else:
            return site, path[depth:]
    return site, ()


def _replaced(document: Document, site: Site, value: Tree) -> list[Edit]:
    root = next(root for root in document.roots if root.start <= site.node.start <= site.node.end <= root.end)
    moved = _moved_anchors(document, site.node, root)
    if site.parent is None and document.format == "yaml" and value and isinstance(value, dict | list | tuple):
        if site.node.start < site.node.end and stands_alone(document.text, site.node.start):
            body = edit_block.lines_for(document.text, site.node.end, value, 0, layout_of(document))
            return [Edit(site.node.start, site.node.end, body), *moved]
        return [Edit(site.node.start, site.node.end, ""), *_first_content(document, site.node.end, value), *moved]
    if site.flow or site.parent is None:
        return [
            *edit_flow.replaced(document, site.parent, site.position, site.node, value, layout_of(document)),
            *moved,
        ]
    return [*edit_block.replaced(document, site.parent, site.position, value, layout_of(document)), *moved]


def _first_content(document: Document, at: int, value: Tree) -> list[Edit]:
    """The edits that put a collection into a document without content, below the line of `at`."""
    layout = layout_of(document)
    assert isinstance(value, dict | list | tuple)
    at = line_end(document.text, at)
    body = yaml_block(value, step=layout.step, dash=layout.dash, blocks=False).replace("\n", layout.newline)
    if at == len(document.text):
        lead = "" if at == 0 or stands_alone(document.text, at) else layout.newline
        return [Edit(at, at, lead + body)]
    return [Edit(at, at, layout.newline + body.removesuffix(layout.newline))]


def _moved_anchors(document: Document, removed: Node, root: Node) -> list[Edit]:
    """Edits that give the anchors inside `removed` to their first aliases outside of it."""
    anchored = {id(node) for node in walk(removed) if node.anchor is not None}
    if not anchored:
        return []
    edits: list[Edit] = []
    text = document.text
    for node in walk(root):
        target = node.target
        if target is None or id(target) not in anchored or removed.start <= node.start < removed.end:
            continue
        anchored.discard(id(target))
        value = yaml_flow(to_plain(target, "go_v3", path=document.path))
        edits.append(Edit(node.start, node.end, f"&{text[node.start + 1 : node.end]} {value}"))
    return edits


def _nested(path: Path, value: Tree) -> Tree:
    """`value` under the steps of `path`."""
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [value]
    return value


def _set_in(tree: PlainTree, rest: Path, value: Tree, path: Path, document: Document, node: Node) -> None:
    """Put `value` into a tree that was copied from what an alias repeats."""
    depth = len(path) - len(rest)
    for position, step in enumerate(rest):
        if not isinstance(tree, dict | list):
            raise _blocked(document, node, path, depth + position)
        _check_step(isinstance(tree, dict), step, path, document, node, depth + position)
        members: Any = tree
        new = _nested(rest[position + 1 :], value)
        if isinstance(tree, list) and isinstance(step, int) and step >= len(tree):
            members.append(new)
            return
        below = tree.get(str(step)) if isinstance(tree, dict) else members[step]
        if below is None or position == len(rest) - 1:
            members[step] = new
            return
        tree = below


def _remove_in(tree: PlainTree, rest: Path) -> bool:
    """Remove what is at `rest` from a copied tree; False when there is none."""
    members: Any = tree
    for position, step in enumerate(rest):
        in_dict = isinstance(members, dict) and isinstance(step, str) and step in members
        in_list = isinstance(members, list) and isinstance(step, int) and 0 <= step < len(members)
        if not in_dict and not in_list:
            return False
        if position == len(rest) - 1:
            del members[step]
        else:
            members = members[step]
    return True


def _check_step(mapping: bool, step: str | int, path: Path, document: Document, node: Node, depth: int) -> None:
    if mapping != isinstance(step, str) or (isinstance(step, int) and step < 0):
        kind = "a mapping, which needs a key" if mapping else "a list, which needs an index from 0"
        raise DocumentError(f"{shown_path(path[:depth])} is {kind}", place=document.place(node))


def _blocked(document: Document, node: Node, path: Path, depth: int) -> DocumentError:
    return DocumentError(
        f"{shown_path(path[:depth])} is neither a mapping nor a list",
        hints=("remove it first if it may be replaced",),
        place=document.place(node),
    )
