"""Changes of a document's structure, as Edits: set a value, remove one, add a key. The rest of the text stays as it is.

Indentation, line ends and the form of lists follow the file. What goes with a removed key: its own lines, and the
comment lines directly above it at its own indentation, unless a sibling stands on the very next line (then they may
speak of both) or they open the document.

A change is one path's alone. Where it leads through an alias, the alias is written out; where it touches what aliases
elsewhere repeat, the first of them takes over the old value and the anchor.
"""

from __future__ import annotations

from typing import NamedTuple

from secrets_gitops.documents import edit_block, edit_flow, edit_lines
from secrets_gitops.documents.complaints import shown_path
from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.edit_aliases import anchors_moved, nested, remove_in, set_in
from secrets_gitops.documents.emit import yaml_block
from secrets_gitops.documents.geometry import layout_of, line_end, stands_alone
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import Tree

    Path = Sequence[str | int]


class Site(NamedTuple):
    """A value and where it stands in its parent; the root has no parent."""

    node: Node
    position: int
    flow: bool
    """It stands inside brackets or braces."""
    above: tuple[Node, ...]
    """The collections around it, the root first."""

    @property
    def parent(self) -> Node | None:
        """The collection that holds the value; None for the root."""
        return self.above[-1] if self.above else None


def set_path(document: Document, root_index: int, path: Path, value: Tree) -> list[Edit]:
    """The edits that put `value` at `path`; parents that are missing are made, an index beyond the end appends.

    Raises DocumentError when the path leads through a value that is neither a mapping nor a list (nor null).
    """
    if not path:
        raise DocumentError("an empty path names the whole document", place=Place(document.path))
    if document.format not in {"yaml", "json"}:
        return edit_lines.set_path(document, path, value)
    if not document.roots and root_index == 0 and document.format == "yaml":
        return _first_content(document, len(document.text), nested(path, value))
    site, rest = _walk(document, document.roots[root_index], path)
    node = site.node
    if not rest:
        return _replaced(document, site, value)
    taken = len(path) - len(rest)
    if node.kind == "alias":
        tree = to_plain(node, "go_v3", path=document.path)
        if tree is None:
            return _replaced(document, site, nested(rest, value))
        stopped = set_in(tree, rest, value)
        if stopped is not None:
            raise _no_way(document, node, path[: taken + stopped])
        return _replaced(document, site, tree)
    if node.kind == "scalar":
        if resolve(node, "go_v3", path=document.path) is not None:
            raise _no_way(document, node, path[:taken])
        return _replaced(document, site, nested(rest, value))
    step, member = rest[0], nested(rest[1:], value)
    if isinstance(step, str) != (node.kind == "mapping") or (isinstance(step, int) and step < 0):
        raise _no_way(document, node, path[:taken])
    if node.style == "flow" and not node.pairs and not node.items and not site.flow and document.format == "yaml":
        return _replaced(document, site, nested((step,), member))
    layout = layout_of(document)
    moved = anchors_moved(document, _root(site), (*site.above, node), ())
    if node.style == "block":
        key = step if isinstance(step, str) else None
        return [*edit_block.added(document, node, key, member, layout), *moved]
    return [*edit_flow.added(document, node, step, member, layout), *moved]


def remove_path(document: Document, root_index: int, path: Path) -> list[Edit]:
    """The edits that remove the key or item at `path`. Raises DocumentError when there is none."""
    if document.format not in {"yaml", "json"}:
        return edit_lines.remove_path(document, path)
    missing = DocumentError(f"there is no {shown_path(path)}", place=Place(document.path))
    if not path or root_index >= len(document.roots):
        raise missing
    site, rest = _walk(document, document.roots[root_index], path)
    if rest:
        if site.node.kind != "alias":
            raise missing
        tree = to_plain(site.node, "go_v3", path=document.path)
        if not remove_in(tree, rest):
            raise missing
        return _replaced(document, site, tree)
    parent = site.parent
    assert parent is not None  # the path is not empty
    if len(parent.pairs) + len(parent.items) == 1:
        around, _ = _walk(document, document.roots[root_index], path[:-1])
        return _replaced(document, around, {} if parent.kind == "mapping" else [])
    removed = (site.node,) if parent.kind == "sequence" else parent.pairs[site.position]
    moved = anchors_moved(document, _root(site), site.above, removed)
    if parent.style == "block":
        return [*edit_block.removed(document, parent, site.position), *moved]
    return [*edit_flow.removed(document, parent, site.position), *moved]


def _walk(document: Document, root: Node, path: Path) -> tuple[Site, Path]:
    """The deepest value on the path that exists (an alias is not followed), and the rest of the path."""
    node, position, flow = root, 0, document.format == "json"
    above: list[Node] = []
    for depth, step in enumerate(path):
        if node.kind == "mapping" and isinstance(step, str):
            found = node.position(step)
        elif node.kind == "sequence" and isinstance(step, int) and 0 <= step < len(node.items):
            found = step
        else:
            found = None
        if found is None:
            return Site(node, position, flow, tuple(above)), path[depth:]
        above.append(node)
        flow = flow or node.style == "flow"
        position = found
        node = node.pairs[found][1] if node.kind == "mapping" else node.items[found]
    return Site(node, position, flow, tuple(above)), ()


def _root(site: Site) -> Node:
    return site.above[0] if site.above else site.node


def _replaced(document: Document, site: Site, value: Tree) -> list[Edit]:
    """The edits that put `value` in the place of an existing one."""
    node, parent = site.node, site.parent
    layout = layout_of(document)
    moved = anchors_moved(document, _root(site), site.above, (node,))
    if site.flow or (parent is None and document.format == "json"):
        return [*edit_flow.replaced(document, parent, site.position, node, value, layout), *moved]
    if parent is not None:
        return [*edit_block.replaced(document, parent, site.position, value, layout), *moved]
    if not isinstance(value, dict | list) or not value:
        return [Edit(node.start, node.end, "[]" if isinstance(value, list) else "{}"), *moved]
    if node.start < node.end and stands_alone(document.text, node.start):
        return [Edit(node.start, node.end, edit_block.lines_for(document.text, node.end, value, 0, layout)), *moved]
    return [Edit(node.start, node.end, ""), *_first_content(document, node.end, value), *moved]


def _first_content(document: Document, at: int, value: Tree) -> list[Edit]:
    """The edits that put a collection into a document without content, below the line of `at`."""
    layout = layout_of(document)
    assert isinstance(value, dict | list)
    at = line_end(document.text, at)
    body = yaml_block(value, step=layout.step, dash=layout.dash, blocks=False).replace("\n", layout.newline)
    if at == len(document.text):
        lead = "" if stands_alone(document.text, at) else layout.newline
        return [Edit(at, at, lead + body)]
    return [Edit(at, at, layout.newline + body.removesuffix(layout.newline))]


def _no_way(document: Document, node: Node, path: Path) -> DocumentError:
    return DocumentError(
        f"the path does not fit: {shown_path(path)} is {_KINDS[node.resolved().kind]}",
        hints=("keys lead through mappings, indices from 0 through lists; anything else must be removed first",),
        place=document.place(node),
    )


_KINDS = {"scalar": "a single value", "mapping": "a mapping", "sequence": "a list"}
