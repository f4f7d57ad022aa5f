"""One value for another in an encrypted document: its envelope, the MAC and the time are replaced, and nothing else.

What `Opened.seal` does for any change costs as much as encrypting the file. Here the tree is known to stay as it is: a
scalar on one line, in quotes or in none, becomes another one, and all other text is the same. Whatever is not as simple
as that is left to the long way, which gives the same text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.crypto.aead import Cipher
from secrets_gitops.documents import emit
from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.read import read
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.envelopes.sops import block, metadata, reading, spelling, tree, value
from secrets_gitops.envelopes.sops.cut import Stamp
from secrets_gitops.errors import EnvelopeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.envelopes.sops.tree import Leaf

_NONCE_SIZE = 32
_LINE_BREAKS = frozenset("\r\n\x85\u2028\u2029")


def place_of(opened: Opened, path: tree.Path, new: Tree, root: int) -> int | None:
    """Which of the leaves `new` takes the place of; None where the long way must be taken."""
    document = opened.sealed
    if document.format not in {"yaml", "json"} or document.inner == "binary" or new == "":
        return None
    if opened.metadata.selector.field.endswith("comment_regex") or not isinstance(new, str | int):
        return None
    if isinstance(new, int) and not -value.INT_LIMIT <= new < value.INT_LIMIT:
        return None
    found = None
    for at, one in enumerate(opened.reads):
        leaf = one.leaf
        if leaf.alias is not None or (leaf.node is not None and leaf.is_comment):
            return None
        if leaf.path == path and leaf.root == root and leaf.node is not None:
            if found is not None:
                return None
            found = at
    if found is None:
        return None
    one = opened.reads[found]
    simple = one.state == "sealed" and isinstance(one.value, str | int) and one.value != new
    return found if simple and _is_simple(document, one.leaf) else None


def _is_simple(document: Document, leaf: Leaf) -> bool:
    """Is it an envelope and nothing else, on one line?"""
    node = leaf.node
    assert node is not None
    text = document.text[node.start : node.end].strip("\"'")
    return node.tag is None and node.anchor is None and text == node.text and value.looks_sealed(text)


def sealed(opened: Opened, at: int, new: str | int, now: str, random: Callable[[int], bytes]) -> Document | None:
    """The encrypted document with `new` in the place of a leaf; None where the long way must be taken.

    What is new in it was opened again.
    """
    document, leaf = opened.sealed, opened.reads[at].leaf
    node = leaf.node
    assert node is not None
    text = _text(document, leaf, new)
    if text is None:
        return None
    mini, item = text
    cipher = Cipher(opened.data_key)

    def envelope(data: bytes, kind: str, associated: bytes) -> str:
        nonce = random(_NONCE_SIZE)
        content, tag = cipher.encrypt(nonce, data, associated)
        made = value.format(value.Sealed(content, nonce, tag, kind))
        back = value.parse(made)
        if back is None or cipher.decrypt(back.iv, back.data, back.tag, associated) != data:
            raise EnvelopeError("what was encrypted does not open again; nothing was written")
        return made

    data, kind = value.to_bytes(new)
    quote = document.text[node.start] if document.text[node.start] in "\"'" else ""
    fresh = spelling.envelope_text(envelope(data, kind, leaf.associated), mini, item, new, flow=leaf.flow, quote=quote)
    edits = [Edit(node.start, node.end, fresh)]
    reads = list(opened.reads)
    reads[at] = reads[at]._replace(value=new, data=data, type=kind)
    mac = reading.computed_mac(reads, only_encrypted=opened.metadata.mac_only_encrypted)
    stamp = Stamp(now, envelope(mac.encode(), "str", metadata.mac_time(now).encode()))
    for root in range(len(document.roots)):
        cut = block.cut(document, root)
        if cut is None:
            continue
        if len(cut.fields) != 2 or any(_LINE_BREAKS & set(cut.text[start:end]) for _, start, end in cut.fields):
            return None
        edits.append(Edit(cut.start, cut.end, cut.stamped(stamp)))
    return document.replaced(edits)


def _text(document: Document, leaf: Leaf, new: str | int) -> tuple[Document, Node] | None:
    """How the plaintext would be written, by itself: the quotes of the envelope follow from it."""
    if document.format == "json":
        mini = read(f"[{emit.json_scalar(new)}]", path=document.path, format="json")
    else:
        written = emit.yaml_scalar(new)
        mini = read(f"[{written}]" if leaf.flow else f"- {written}", path=document.path, format="yaml")
    items = mini.roots[0].items
    if len(items) != 1 or items[0].kind != "scalar" or resolve(items[0], "go_v3") != new:
        return None
    return mini, items[0]
