"""What is looked at before the output is given out: no ciphertext is left, and values have not become structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.document import walk
from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError
from secrets_gitops.references.dialects import vals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.references.pick import Value
    from secrets_gitops.render.chunks import Chunk

CIPHERTEXT = "ENC[AES256_GCM,"
"""How an encrypted value of sops begins."""


def no_ciphertext_left(chunk: Chunk) -> None:
    """Raise DocumentError when a document that is not encrypted as a whole holds an encrypted value all the same."""
    for node in walk(chunk.root):
        if node.kind == "scalar" and node.text.startswith(CIPHERTEXT):
            raise DocumentError(
                "an encrypted value stands in a document without its own `sops` block",
                hints=("objects encrypted inside a List, or without their metadata, cannot be opened",),
                place=chunk.document.place(node),
            )


def almost_references(chunk: Chunk) -> list[str]:
    """A note for every text that looks like a reference and, by the grammar, is none, so that it stays as it is."""
    return [
        f"{chunk.document.place(node)}: this text stays as it is; a reference needs a path of two characters or more"
        for node in walk(chunk.root)
        if node.kind == "scalar" and "ref+" in node.text and vals.almost(node.text)
    ]


def only_values_changed(chunk: Chunk, text: str, changed: Sequence[tuple[Node, Value]]) -> None:
    """Raise DocumentError unless `text` has the tree of `chunk` with the values in the place of those nodes."""
    document = read(text, path=chunk.document.path, format=chunk.document.format, limits=Limits.LARGE)
    wanted = {id(node): value for node, value in changed}
    if len(document.roots) != 1 or not _same(chunk.root, document.roots[0], wanted, document):
        raise DocumentError(
            "a value would change the structure of the document", place=chunk.document.place(chunk.root)
        )


def _same(before: Node, after: Node, wanted: dict[int, Value], document: Document) -> bool:
    waiting = [(before, after)]
    while waiting:
        old, new = waiting.pop()
        if id(old) in wanted:
            if not _is(new, wanted[id(old)], document):
                return False
        elif _shape(old) != _shape(new):
            return False
        else:
            waiting += zip(old.items, new.items, strict=True)
            for (key, value), (new_key, new_value) in zip(old.pairs, new.pairs, strict=True):
                waiting += ((key, new_key), (value, new_value))
    return True


def _shape(node: Node) -> tuple[object, ...]:
    text = node.text if node.kind == "scalar" else ""  # an alias has the text of what it repeats
    return node.kind, text, node.tag, node.anchor, len(node.pairs), len(node.items)


def _is(node: Node, value: Value, document: Document) -> bool:
    if isinstance(value, str):
        return node.kind == "scalar" and node.text == value
    if isinstance(value, (dict, list)):
        return to_plain(node, "go_v3", path=document.path) == value
    return node.kind == "scalar"
