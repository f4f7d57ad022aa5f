"""A binary file as sops closes it: JSON with one value, `data`. Its plaintext are bytes, which JSON could not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.errors import EnvelopeError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.envelopes.sops.reading import Read

_KEY = "data"


def holder(plain: Document, indent: int | None = None) -> Document:
    """JSON that holds the bytes of a binary file, before it is encrypted for the first time.

    `indent`: by how many blanks; without it, or with -1, by a tab.
    """
    lead = "\t" if indent is None or indent < 0 else " " * indent
    document = read(f'{{\n{lead}"data": ""\n}}\n', path=plain.path, format="binary", sealed=True, limits=Limits.LARGE)
    return _filled(document, plain.to_bytes())


def refilled(sealed: Document, edits: Sequence[Edit], content: bytes) -> Document:
    """An encrypted binary file after `edits`, which take its block out, and with other bytes in it."""
    node = _data(sealed)
    kept = [edit for edit in edits if edit.start != node.start]
    return _filled(sealed.apply([*kept, Edit(node.start, node.end, '""')]), content)


def _filled(document: Document, content: bytes) -> Document:
    document.typed[_data(document).start] = content
    return document


def _data(document: Document) -> Node:
    node = document.roots[0].get(_KEY) if document.roots else None
    if node is None or node.kind != "scalar":
        raise EnvelopeError(
            "this is no binary file that sops encrypted: it has no text `data`",
            hints=("name the format of its content, with `--input-type` or by the end of its name",),
            place=Place(document.path),
        )
    return node


def content(sealed: Document, reads: Sequence[Read]) -> bytes:
    """The bytes in a decrypted binary file. Raises EnvelopeError when it holds none."""
    node = _data(sealed)
    found = next((read for read in reads if read.leaf.node is node), None)
    if found is None or found.type not in {"str", "bytes"}:
        raise EnvelopeError("`data` in this binary file is no text", place=sealed.place(node))
    return found.data
