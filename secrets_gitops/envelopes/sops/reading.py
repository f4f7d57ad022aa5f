"""Every leaf of an encrypted document, decrypted with the data key; and the check of the MAC over them."""

from __future__ import annotations

from binascii import a2b_base64
from typing import TYPE_CHECKING

from secrets_gitops.documents.document import LINE_FORMATS
from secrets_gitops.documents.properties import content_start
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.envelopes.sops import mac, tree, value
from secrets_gitops.envelopes.sops.metadata import mac_time
from secrets_gitops.envelopes.sops.selection import Selection
from secrets_gitops.errors import EnvelopeError, Place, Tampered
from secrets_gitops.golang.numbers import format_float
from secrets_gitops.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from secrets_gitops.crypto.aead import Cipher
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.tree import Leaf
    from secrets_gitops.envelopes.sops.value import Sealed, Value

_EXACT_IN_DOUBLE = 1 << 53


class Read(NamedTuple):
    """A leaf and what it holds."""

    leaf: Leaf
    value: Value
    data: bytes
    """The bytes of the value, in the form in which they are encrypted and enter the MAC."""
    type: str
    state: str
    """`sealed`; `clear`: the selector leaves it so; `empty`: null or an empty string; `open`: it ought to be sealed."""
    keys: tuple[str, ...] = ()
    """The keys that opened a comment, where they are not those of the leaf: other writers saw it elsewhere."""

    def __repr__(self) -> str:  # never the value
        return f"<{self.state} {self.type} at {shown(self.leaf.path)}>"


def shown(path: tree.Path) -> str:
    """A path as users write it: `a.b[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path if part != tree.COMMENT_ITEM)
    return text.removeprefix(".") or "."


def leaves(
    document: Document,
    metadata: Metadata,
    cipher: Cipher,
    *,
    keep_open: bool = False,
    known: Mapping[str, Read] | None = None,
) -> list[Read]:
    """All leaves in order. Raises Tampered where an envelope does not open.

    A scalar in clear where the selector wants an envelope is Tampered too, unless `keep_open`. A comment in clear is
    not: old versions of sops left them so. `known` holds values that were opened under the same data key, by
    their envelopes; under the same keys such a one need not be opened again.
    """
    known = known or {}
    selection = Selection(metadata.selector, lenient=True)
    found = tree.walk(document, selection, sealed=True)
    reads: list[Read] = []
    append, make, simple, decode, decrypt = (
        reads.append,
        tuple.__new__,
        value.SIMPLE.fullmatch,
        a2b_base64,
        cipher.decrypt,
    )
    for at, leaf in enumerate(found):
        node = leaf.node
        # Texts, of which files are full, are read here; all else, and whatever is wrong, by `_read`.
        if node is not None and leaf.selected and leaf.path[-1:] != (tree.COMMENT_ITEM,):
            before = known.get(node.text) if known else None
            if before is not None and before.leaf.keys == leaf.keys:
                append(make(Read, (leaf, before.value, before.data, before.type, "sealed", ())))
                continue
            envelope = simple(node.text)
            if envelope is not None and envelope[4] == "str":
                try:
                    data = decrypt(
                        decode(envelope[2], strict_mode=True),
                        decode(envelope[1], strict_mode=True),
                        decode(envelope[3], strict_mode=True),
                        (":".join(leaf.keys) + ":").encode(),
                    )
                    append(make(Read, (leaf, data.decode(), data, "str", "sealed", ())))
                    continue
                except ValueError:
                    pass
        append(_read(document, cipher, found, at, keep_open=keep_open))
    return reads


def _read(document: Document, cipher: Cipher, found: list[Leaf], at: int, *, keep_open: bool) -> Read:
    leaf = found[at]
    if leaf.is_comment:
        return _comment(document, cipher, found, at)
    node = leaf.node
    assert node is not None
    if not leaf.selected:
        return _clear(document, leaf, node, "clear")
    envelope = value.parse(node.text)
    if envelope is None:
        if node.text == "<nil>" and document.format in LINE_FORMATS:  # what sops writes for null, and cannot read
            return Read(leaf, None, b"", "null", "empty")
        read = _clear(document, leaf, node, "open")
        if read.type == "null" or not read.data:
            return read._replace(state="empty")
        if keep_open and not node.text.startswith("ENC["):
            return read
        raise Tampered(
            f"`{shown(leaf.path)}` ought to be encrypted and is not an envelope",
            hints=(f"if it was added in clear, `secrets-gitops encrypt -i {document.path}` encrypts it",),
            place=document.place(node),
        )
    data = _opened(cipher, envelope, leaf.associated)
    if data is None:
        raise Tampered(
            f"the envelope of `{shown(leaf.path)}` does not open: it was changed, moved, or made with another data key",
            place=document.place(node),
        )
    try:
        content = value.from_bytes(data, envelope.type)
    except ValueError as error:
        raise Tampered(f"`{shown(leaf.path)}`: {error}", place=document.place(node)) from None
    canonical, kind = value.to_bytes(content)
    return Read(leaf, content, canonical, kind, "sealed")


def _opened(cipher: Cipher, envelope: Sealed, associated: bytes) -> bytes | None:
    try:
        return cipher.decrypt(envelope.iv, envelope.data, envelope.tag, associated)
    except ValueError:
        return None


def _clear(document: Document, leaf: Leaf, node: Node, state: str) -> Read:
    content = resolve(node, "go_v3", path=document.path)
    data, kind = bytes_of(document, leaf, content)
    return Read(leaf, content, data, kind, state)


def bytes_of(document: Document, leaf: Leaf, content: Value) -> tuple[bytes, str]:
    """The bytes of a value in clear, and its type. Raises EnvelopeError for one that sops does not take."""
    try:
        return value.to_bytes(content)
    except ValueError as error:
        raise EnvelopeError(
            f"`{shown(leaf.path)}` holds {error}, which sops does not take",
            hints=("write it as a string, in quotes",),
            place=document.place(leaf.node) if leaf.node is not None else None,
        ) from None


def _comment(document: Document, cipher: Cipher, found: list[Leaf], at: int) -> Read:
    """A comment in clear, or decrypted under the path of its map or list; other writers may have seen another one."""
    leaf = found[at]
    text = leaf.comment.text if leaf.comment is not None else leaf.node.text if leaf.node is not None else ""
    envelope = value.parse(text) if leaf.selected else None
    if envelope is not None:
        for keys in _candidates(found, at):
            data = _opened(cipher, envelope, tree.associated(keys))
            if data is not None:
                errors = "surrogateescape" if document.format in LINE_FORMATS else "replace"
                return Read(leaf, data.decode("utf-8", errors), data, "comment", "sealed", keys)
        if leaf.node is not None:
            raise Tampered(f"a comment in `{shown(leaf.path)}` does not open", place=document.place(leaf.node))
    return Read(leaf, text, text.encode("utf-8", "surrogateescape"), "comment", "open" if leaf.selected else "clear")


def _candidates(found: list[Leaf], at: int) -> Iterator[tuple[str, ...]]:
    seen: set[tuple[str, ...]] = set()
    for leaf in found[at : at + 2] + found[max(at - 1, 0) : at]:
        for length in range(len(leaf.keys), -1, -1):
            keys = leaf.keys[:length]
            if keys not in seen:
                seen.add(keys)
                yield keys


def raw(document: Document, leaf: Leaf) -> str:
    """The source text of a leaf's content."""
    if leaf.comment is not None:
        return document.text[leaf.comment.start : leaf.comment.end]
    assert leaf.node is not None
    return document.text[start_of_content(document, leaf.node) : leaf.node.end]


def start_of_content(document: Document, node: Node) -> int:
    """Where the content of a scalar begins, behind its anchor and tag in YAML."""
    return content_start(document.text, node.start, node.end) if document.format == "yaml" else node.start


def computed_mac(reads: Sequence[Read], *, only_encrypted: bool) -> str:
    """The MAC over these leaves."""
    return mac.compute((read.data for read in reads if _counts(read, only_encrypted)), only_encrypted=only_encrypted)


def _counts(read: Read, only_encrypted: bool) -> bool:
    return read.type != "comment" and not read.leaf.hidden and (read.leaf.selected or not only_encrypted)


def check_mac(document: Document, metadata: Metadata, cipher: Cipher, reads: Sequence[Read]) -> None:
    """Raise Tampered unless the MAC of the file fits these leaves."""

    def tampered(message: str) -> Tampered:
        hints = (
            f"look at what changed: `git log -p -- {document.path}`",
            "`decrypt --ignore-mac` shows it nevertheless",
        )
        return Tampered(message, hints=hints, place=Place(document.path, metadata.block.line, metadata.block.column))

    if not metadata.mac:
        raise tampered("the file has no MAC")
    envelope = value.parse(metadata.mac)
    stored = None if envelope is None else _opened(cipher, envelope, mac_time(metadata.lastmodified).encode())
    if stored is None:
        raise tampered("the MAC does not open: it or `lastmodified` was changed")
    only_encrypted = metadata.mac_only_encrypted
    if stored.decode("ascii", "replace") == computed_mac(reads, only_encrypted=only_encrypted):
        return
    # sops before 3.13.2 read every JSON number as a double, and hashed it so.
    rounded = [_rounded(read) for read in reads] if document.format == "json" else reads
    if stored.decode("ascii", "replace") == computed_mac(rounded, only_encrypted=only_encrypted):
        return
    raise tampered(
        "the MAC does not fit: values were changed, removed or put in another order by someone without the key"
    )


def _rounded(read: Read) -> Read:
    content = read.value
    if isinstance(content, int) and abs(content) > _EXACT_IN_DOUBLE and read.state == "clear":
        return read._replace(data=format_float(float(content)).encode())
    return read
