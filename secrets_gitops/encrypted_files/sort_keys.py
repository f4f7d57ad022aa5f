"""The keys of what is encrypted in the order in which the API server keeps them.

The API server sorts the keys of objects, and the MAC of sops covers the order of values: only what is in that order can
be verified in a cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.edit_order import reordered
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.envelopes.sops import tree
from secrets_gitops.envelopes.sops.selection import Selection
from secrets_gitops.errors import DocumentError, Place, SettingsError

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Edit
    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.envelopes.sops.tree import Path

_LEVELS = 500
"""How deep a document can be; each round sorts one level."""


def in_order(plain: Document, selector: Selector) -> Document:
    """The plaintext with every mapping in order that leads to several values which the selector chooses.

    The same document where there is none. Raises SettingsError for a format without nested keys, DocumentError where an
    alias would come before its anchor, or lines cannot be moved.
    """
    if plain.format not in {"yaml", "json"}:
        raise SettingsError(f"only keys of YAML and JSON are sorted: `{plain.path}`", hints=("leave `--sort` out",))
    result = plain
    try:
        for _ in range(_LEVELS):
            edits = _deepest(result, selector)
            if not edits:
                break
            result = result.apply(edits)
    except DocumentError as error:
        raise _hindered(plain, error) from error
    if result is not plain and _values(result) != _values(plain):
        raise _hindered(plain)
    return result


def _deepest(document: Document, selector: Selector) -> list[Edit]:
    """The edits for the deepest mappings that are not in order, which do not overlap."""
    children: dict[tuple[int, Path], dict[str, None]] = {}
    for leaf in tree.walk(document, Selection(selector), sealed=False):
        if leaf.selected and not leaf.is_comment and leaf.alias is None:
            for depth, step in enumerate(leaf.path):
                if isinstance(step, str):
                    children.setdefault((leaf.root, leaf.path[:depth]), {})[step] = None
    unordered = [place for place, keys in children.items() if [*keys] != sorted(keys, key=_bytes)]
    deepest = max((len(path) for _, path in unordered), default=0)
    edits: list[Edit] = []
    for root, path in unordered:
        if len(path) == deepest:
            node = document.roots[root].at(path)
            assert node is not None  # a leaf was found below
            names = [key.resolved().text for key, _ in node.pairs]
            edits += reordered(document, node, sorted(range(len(names)), key=lambda at: _bytes(names[at])))
    return edits


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


def _values(document: Document) -> list[object]:
    return [to_plain(root, "go_v3", path=document.path) for root in document.roots]


def _hindered(plain: Document, error: DocumentError | None = None) -> DocumentError:
    reason = f": {error.message}" if error is not None else ""
    return DocumentError(
        f"the keys cannot be sorted{reason}",
        hints=("sort the keys of what is encrypted by hand",),
        place=(error.place if error is not None else None) or Place(plain.path),
    )
