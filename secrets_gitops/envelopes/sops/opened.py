"""Opened: an encrypted document, decrypted, that can be changed and sealed again with the smallest possible difference.

Sealing writes the old text of every leaf whose place and value did not change, nonce, quotes and all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.crypto.aead import Cipher
from secrets_gitops.documents.document import LINE_FORMATS, Edit, encoded
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.envelopes.sops import binary_store, block, groups, line_comments, reading, spelling, tree
from secrets_gitops.envelopes.sops import metadata as sops_metadata
from secrets_gitops.envelopes.sops.selection import DEFAULT, Selection
from secrets_gitops.errors import NotSealed, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.documents.scalars import Scalar
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.reading import Read
    from secrets_gitops.envelopes.sops.tree import Leaf
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.plaintext import Plaintext


class Opened:
    """A decrypted document: `text` is its plaintext, `plain` the same with its tree."""

    def __init__(self, sealed: Document, metadata: Metadata, data_key: Plaintext, reads: list[Read]) -> None:
        self.sealed = sealed
        self.metadata = metadata
        self.data_key = data_key
        self.reads = reads
        self.expanded: list[int] = []
        """Lines of aliases in the plaintext that had to be written out by the last `seal`."""
        self._plain: Document | None = None
        self._text: str | None = None
        self._as_opened = True
        """Nothing was changed yet."""
        self._one: tuple[int, str | int] | None = None
        """A change that `one_value` can carry out: which leaf, and its new value."""

    @property
    def text(self) -> str:
        """The plaintext, without the `sops` block. Of a binary file: one character for each byte."""
        if self._plain is not None or self._one is not None:
            return self.plain.text
        if self._text is None:
            if self.binary:
                self._text = binary_store.content(self.sealed, self.reads).decode("latin-1")
            elif self.sealed.format == "ini" and any(comment.inline for comment in self.sealed.comments()):
                self._text = _ini_text(self)
            else:
                self._text = self.sealed.splice(_plain_edits(self))
        return self._text

    @property
    def binary(self) -> bool:
        """Is it a binary file, which has no values inside?"""
        return self.sealed.inner == "binary"

    def content(self) -> bytes:
        """The plaintext as a file's content."""
        bom = b"\xef\xbb\xbf" if self.sealed.bom and not self.binary else b""
        return bom + encoded(self.text, "binary" if self.binary else self.sealed.format)

    @property
    def plain(self) -> Document:
        """The plaintext as a document."""
        if self._one is not None:
            from secrets_gitops.documents import edit  # noqa: PLC0415

            (at, value), self._one = self._one, None
            leaf = self.reads[at].leaf
            self._plain = self.plain.apply(edit.set_path(self.plain, leaf.root, leaf.path, value))
        if self._plain is None and self.binary:
            self._plain = read(self.content(), path=self.sealed.path, format="binary", limits=Limits.LARGE)
        elif self._plain is None:
            self._plain = self.sealed.apply([Edit(0, len(self.sealed.text), self.text)])
            self._plain.typed.update(_types(self._plain, self.reads))
        return self._plain

    @property
    def step(self) -> int:
        """By how much the file indents: as its `sops` block does."""
        inner, outer = self.metadata.block, self.sealed.roots[0].resolved()
        if inner.style != "block" or outer.style != "block" or not inner.pairs:
            return 2
        text, (first, own) = self.sealed.text, (inner.pairs[0][0].start, outer.pairs[0][0].start)
        return max(first - text.rfind("\n", 0, first) - own + text.rfind("\n", 0, own), 1)

    def set(self, path: tuple[str | int, ...], value: Tree, *, root: int = 0) -> None:
        """Put a value into the plaintext; missing maps and lists on the way are made."""
        from secrets_gitops.documents import edit  # noqa: PLC0415  decrypting needs none
        from secrets_gitops.envelopes.sops import one_value  # noqa: PLC0415

        at = one_value.place_of(self, path, value, root) if self._as_opened else None
        self._as_opened = False
        if at is not None and isinstance(value, str | int):
            self._one = at, value
        else:
            self._plain = self.plain.apply(edit.set_path(self.plain, root, path, value))

    def can_set_at_once(self, path: tuple[str | int, ...], value: Tree, *, root: int = 0) -> bool:
        """Is this a change of one encrypted value to another, for which the plaintext need not be made?"""
        from secrets_gitops.envelopes.sops import one_value  # noqa: PLC0415

        return self._as_opened and one_value.place_of(self, path, value, root) is not None

    def unset(self, path: tuple[str | int, ...], *, root: int = 0) -> None:
        """Remove a value from the plaintext."""
        from secrets_gitops.documents import edit  # noqa: PLC0415

        self._plain = self.plain.apply(edit.remove_path(self.plain, root, path))
        self._as_opened = False

    def replace_plain(self, document: Document) -> None:
        """Take other plaintext; what it has in common with the old keeps its envelopes."""
        self._plain, self._one = document, None
        self._as_opened = False

    def seal(self, now: str, *, random: Callable[[int], bytes] = os.urandom) -> Document:
        """The document encrypted again, with `now` (RFC 3339, UTC, whole seconds) as the time of the change.

        What comes out was read back and equals the plaintext.
        """
        from secrets_gitops.envelopes.sops import one_value, sealing  # noqa: PLC0415

        if self._one is not None:
            at, new = self._one
            changed = one_value.sealed(self, at, new, now, random)
            if changed is not None:
                self.expanded = []
                return changed
        blocks = [block.cut(self.sealed, root) for root in range(len(self.sealed.roots))]
        sealer = sealing.Sealer(self.metadata.selector, self.data_key, self.metadata.mac_only_encrypted, random)
        sealer.memory.remember(self.sealed, self.reads)
        plain = self.plain
        if self.binary:
            plain = binary_store.refilled(self.sealed, _block_edits(self.sealed), self.content())
        sealed = sealer.seal(plain, blocks, now)
        self.expanded = sealer.expanded
        return sealed


def required_metadata(document: Document) -> Metadata:
    """The metadata of a document that must be encrypted; raises NotSealed when it is not."""
    metadata = sops_metadata.read(document)
    if metadata is None:
        raise NotSealed(
            f"`{document.path}` is not encrypted with sops: it has no `sops` block",
            hints=(f"`secrets-gitops encrypt -i {document.path}` encrypts it",),
            place=Place(document.path),
        )
    return metadata


def open(  # noqa: A001  always used as opened.open
    document: Document, keyring: Keyring, *, verify_mac: bool = True, keep_open: bool = False
) -> Opened:
    """Decrypt a document and check its MAC.

    Raises NotSealed, NoMatchingKey, Tampered (an envelope or the MAC does not fit), EnvelopeError (metadata that makes
    no sense). `keep_open` takes scalars that stand in clear where envelopes should be; the MAC cannot fit then.
    """
    metadata = required_metadata(document)
    return open_with(
        document, metadata, groups.data_key_of(document, metadata, keyring), verify_mac=verify_mac, keep_open=keep_open
    )


def open_with(
    document: Document, metadata: Metadata, data_key: Plaintext, *, verify_mac: bool = True, keep_open: bool = False
) -> Opened:
    """Decrypt a document with its data key."""
    cipher = Cipher(data_key)
    reads = reading.leaves(document, metadata, cipher, keep_open=keep_open)
    if verify_mac:
        reading.check_mac(document, metadata, cipher, reads)
    return Opened(document, metadata, data_key, reads)


def verify_mac(opened: Opened, reads: Sequence[Read]) -> None:
    """Raise Tampered unless the MAC fits these of its leaves."""
    reading.check_mac(opened.sealed, opened.metadata, Cipher(opened.data_key), reads)


def _types(plain: Document, reads: Sequence[Read]) -> Iterator[tuple[int, Scalar]]:
    """Values whose type the plaintext does not show, by where they start in it: all but texts in dotenv and INI."""
    if plain.format == "yaml":
        return
    shown = {"str"} if plain.format in LINE_FORMATS else {"str", "int", "bool", "null"}
    values = [one for one in reads if not one.leaf.is_comment]
    if all(found.type in shown and not isinstance(found.value, bytes) for found in values):
        return
    leaves = tree.walk(plain, Selection(DEFAULT), sealed=False)
    nodes = [leaf.node for leaf in leaves if leaf.node is not None]
    for node, found in zip(nodes, values, strict=True):
        if found.type not in shown or isinstance(found.value, bytes):
            yield node.start, found.value


def _block_edits(document: Document) -> list[Edit]:
    """What takes the blocks of all documents out."""
    edits = []
    for root in range(len(document.roots)):
        cut = block.cut(document, root)
        if cut is not None:
            edits += block.removals(document, root, cut)
    return edits


def _ini_text(opened: Opened) -> str:
    """The plaintext of an INI file with comments beside values: these are opened first, for quotes depend on them."""
    document = opened.sealed
    edits = _block_edits(document)
    for found in opened.reads:
        if found.leaf.comment is not None and found.state == "sealed":
            edits.append(line_comments.plain_edit(document, found.leaf.comment, str(found.value)))
    document = document.apply(edits)
    nodes = [leaf.node for leaf in tree.walk(document, Selection(DEFAULT), sealed=False) if leaf.node is not None]
    values = [found for found in opened.reads if found.leaf.node is not None]
    edits = []
    for node, found in zip(nodes, values, strict=True):
        if found.state == "sealed":
            text = spelling.value_text(found.value, document, node, flow=False, step=0)
            edits.append(Edit(node.start, node.end, text))
    return document.splice(edits)


def _plain_edits(opened: Opened) -> list[Edit]:
    document, step = opened.sealed, opened.step
    edits = _block_edits(document)
    done: set[int] = set()
    items: list[tuple[Leaf, str]] = []
    shared = any(one.leaf.alias is not None for one in opened.reads)
    value_text, make, form = spelling.value_text, tuple.__new__, document.format
    for leaf, value, _, kind, state, _ in opened.reads:
        if state != "sealed":
            continue
        if leaf.comment is not None and form in LINE_FORMATS:
            edits.append(line_comments.plain_edit(document, leaf.comment, str(value)))
            continue
        if leaf.comment is not None:
            edits.append(Edit(leaf.comment.start, leaf.comment.end, spelling.comment_text(str(value))))
            continue
        node = leaf.node
        assert node is not None
        if shared:
            if id(node) in done:  # reached again through an alias
                continue
            done.add(id(node))
        if kind == "comment" and leaf.is_comment:
            items.append((leaf, str(value)))
            continue
        text = value_text(value, document, node, flow=leaf.flow, step=step)
        start = node.start
        if node.tag is not None or node.anchor is not None:
            start = reading.start_of_content(document, node)
        edits.append(make(Edit, (start, node.end, text)))
    return edits + spelling.comment_item_edits(document, items)
