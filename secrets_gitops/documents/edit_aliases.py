"""What an edit owes to aliases: they keep the value that they repeat, and a change behind one is its own."""

from __future__ import annotations

import re

from secrets_gitops.documents.document import Edit, walk
from secrets_gitops.documents.emit import yaml_flow
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.properties import content_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import PlainTree, Tree

_ANCHOR = re.compile("[ \t]*&[0-9A-Za-z_-]+(?=[\r\n\x85\u2028\u2029]|$)|&[0-9A-Za-z_-]+[ \t]*")


def anchors_moved(document: Document, root: Node, changed: Sequence[Node], removed: Sequence[Node]) -> list[Edit]:
    """The edits by which the first alias of each anchor that a change touches takes over the old value and the anchor.

    `changed` are the collections whose content changes, and whose anchor goes then; `removed` go as a whole.
    """
    gone = {id(node) for part in removed for node in walk(part) if node.anchor is not None}
    kept = {id(node): node for node in changed if node.anchor is not None}
    edits: list[Edit] = []
    if not gone and not kept:
        return edits
    text = document.text
    for node in walk(root):
        target = node.target
        if target is None or not (id(target) in gone or id(target) in kept):
            continue
        if any(part.start <= node.start < part.end for part in removed):
            continue
        gone.discard(id(target))
        if kept.pop(id(target), None) is not None:
            anchor = _ANCHOR.search(text, max(target.start - 1, 0), content_start(text, target.start, target.end))
            assert anchor is not None
            edits.append(Edit(max(anchor.start(), target.start), anchor.end(), ""))
        name = text[node.start + 1 : node.end]
        edits.append(Edit(node.start, node.end, f"&{name} {yaml_flow(to_plain(target, 'go_v3', path=document.path))}"))
    return edits


def set_in(tree: PlainTree, path: Sequence[str | int], value: Tree) -> int | None:
    """Put `value` into a tree that was copied from what an alias repeats.

    Gives back how many steps of `path` could be taken when the next one does not fit, None when all went well.
    """
    members: Any = tree
    for depth, step in enumerate(path):
        if isinstance(members, dict) and isinstance(step, str):
            below = members.get(step)
        elif isinstance(members, list) and isinstance(step, int) and step >= 0:
            below = members[step] if step < len(members) else None
        else:
            return depth
        if below is None or depth == len(path) - 1:
            new = nested(path[depth + 1 :], value)
            if isinstance(members, list) and isinstance(step, int) and step >= len(members):
                members.append(new)
            else:
                members[step] = new
            return None
        members = below
    return len(path)


def remove_in(tree: PlainTree, path: Sequence[str | int]) -> bool:
    """Remove what is at `path` from a copied tree; False when there is none."""
    members: Any = tree
    for depth, step in enumerate(path):
        in_dict = isinstance(members, dict) and isinstance(step, str) and step in members
        in_list = isinstance(members, list) and isinstance(step, int) and 0 <= step < len(members)
        if not in_dict and not in_list:
            return False
        if depth == len(path) - 1:
            del members[step]
        else:
            members = members[step]
    return True


def nested(path: Sequence[str | int], value: Tree) -> Tree:
    """`value` under the steps of `path`."""
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [value]
    return value
