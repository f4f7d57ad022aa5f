"""Plaintext to an encrypted document: choose the leaves, encrypt each, put the block in, read back, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.crypto.aead import Cipher
from secrets_gitops.documents.document import LINE_FORMATS, Edit
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.envelopes.sops import aliases, block, line_comments, metadata, reading, spelling, tree, value
from secrets_gitops.envelopes.sops.cut import Stamp
from secrets_gitops.envelopes.sops.memory import Memory, same
from secrets_gitops.envelopes.sops.readable import refuse_unreadable
from secrets_gitops.envelopes.sops.selection import Selection
from secrets_gitops.envelopes.sops.value import Sealed
from secrets_gitops.errors import DocumentError, EnvelopeError, Tampered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.documents.document import Comment, Document, Node
    from secrets_gitops.envelopes.sops.cut import Cut
    from secrets_gitops.envelopes.sops.memory import Old
    from secrets_gitops.envelopes.sops.reading import Read
    from secrets_gitops.envelopes.sops.selection import Selector
    from secrets_gitops.plaintext import Plaintext

NONCE_SIZE = 32
"""Bytes, as sops writes them."""


class Sealer:
    """Seals plaintext under one data key."""

    def __init__(
        self,
        selector: Selector,
        data_key: Plaintext,
        mac_only_encrypted: bool,
        random: Callable[[int], bytes],
    ) -> None:
        self.selection = Selection(selector, lenient=True)
        self.expanded: list[int] = []
        """Lines of aliases that were written out."""
        self._cipher = Cipher(data_key)
        self._only_encrypted = mac_only_encrypted
        self._random = random
        self.memory = Memory()
        """What it is told to remember is used again."""

    def seal(
        self,
        plain: Document,
        blocks: Sequence[Cut | None],
        now: str,
        *,
        check: Callable[[Sequence[Read]], None] | None = None,
    ) -> Document:
        """The encrypted document, with one block for each document that has one in `blocks`.

        `check` is shown the leaves before anything is encrypted, and may raise.
        """
        plain, self.expanded = aliases.expand(plain, self.selection)
        if plain.format == "ini":
            plain = line_comments.gathered(plain, self.selection)
        reads = plaintext_leaves(plain, self.selection)
        if plain.format != "yaml":
            reads = self.memory.with_types(reads, json=plain.format == "json")
        if check is not None:
            check(reads)
        refuse_unreadable(plain, {id(read.leaf.node) for read in reads if read.state == "sealed"})
        raws = self.memory.matches(reads, json=plain.format == "json")
        stamp = Stamp(now, self._mac(reads, now))
        block_edits = []
        for root in range(len(plain.roots)):
            cut = blocks[root] if root < len(blocks) else blocks[0]
            if cut is not None:
                block_edits.append(block.insertion(plain, root, cut, stamp))
        try:
            sealed = self._with_items(plain, reads, raws, block_edits, items=True)
        except DocumentError:  # what was written over several lines, or as items of lists, does not fit any more
            sealed = self._with_items(plain, reads, raws, block_edits, items=False)
        self._verify(sealed, reads)
        return sealed

    def _with_items(
        self, plain: Document, reads: Sequence[Read], raws: dict[int, Old], edits: Sequence[Edit], *, items: bool
    ) -> Document:
        edits = list(edits)
        comments: dict[int, tuple[Read, Old | None]] = {}
        gone: set[int] = set()
        empty: dict[int, Node] = {}
        for at, read in enumerate(reads):
            leaf, old = read.leaf, raws.get(at)
            if read.state != "sealed" or leaf.alias is not None:
                continue
            if leaf.comment is not None and plain.format in LINE_FORMATS:
                kept = old is not None and leaf.keys in {old.keys, old.opened_by}
                raw = old.raw if old is not None and kept else self._envelope(read.data, "comment", leaf.keys)
                edits.append(line_comments.sealed_edit(plain, leaf.comment, raw, old=kept))
                continue
            if leaf.comment is not None:
                home = _list_of(plain, leaf.comment, old) if old is not None and old.column and items else None
                if old is not None and home is not None:
                    edits.append(Edit(leaf.comment.start, leaf.comment.end, old.raw))
                    gone.add(leaf.comment.start)
                    if not home.items:
                        empty[id(home)] = home
                else:
                    comments[leaf.comment.start] = (read, old if old is not None and not old.column else None)
                continue
            node = leaf.node
            assert node is not None
            if old is not None:
                edits.append(spelling.content_edit(plain, node, old.raw, flow=leaf.flow, as_line=not items))
            else:
                envelope = self._envelope(read.data, read.type, leaf.keys)
                quote = self.memory.quote(leaf)
                text = spelling.envelope_text(envelope, plain, node, read.value, flow=leaf.flow, quote=quote)
                edits.append(Edit(node.start, node.end, text))
        for node in empty.values():  # its comments are its items again; `[]` stood for them
            edits.append(Edit(len(plain.text[: node.start].rstrip()), node.end, ""))
        sealed = plain.apply(edits)
        if not comments:
            return sealed
        return sealed.apply(self._comment_edits(plain, sealed, comments, gone))

    def _comment_edits(
        self, plain: Document, sealed: Document, comments: dict[int, tuple[Read, Old | None]], gone: set[int]
    ) -> list[Edit]:
        """Comments are bound to where they belong in the encrypted text, which may differ: `sops:` follows the last."""
        before = [comment for comment in plain.comments() if comment.start not in gone]
        blocks = metadata.spans(sealed)
        after = [comment for comment in sealed.comments() if not metadata.inside(blocks, comment.start)]
        homes = {
            leaf.comment.start: leaf.keys
            for leaf in tree.walk(sealed, self.selection, sealed=True)
            if leaf.comment is not None and leaf.selected
        }
        edits = []
        for old_place, place in zip(before, after, strict=True):
            if old_place.start in comments and place.start in homes:
                read, old = comments[old_place.start]
                keys = homes[place.start]
                kept = old is not None and keys in {old.keys, old.opened_by}
                raw = old.raw if old is not None and kept else "#" + self._envelope(read.data, "comment", keys)
                edits.append(Edit(place.start, place.end, raw))
        return edits

    def _envelope(self, data: bytes, kind: str, keys: tuple[str, ...]) -> str:
        nonce = self._random(NONCE_SIZE)
        sealed, tag = self._cipher.encrypt(nonce, data, tree.associated(keys))
        return value.format(Sealed(sealed, nonce, tag, kind))

    def _mac(self, reads: Sequence[Read], now: str) -> str:
        text = reading.computed_mac(reads, only_encrypted=self._only_encrypted)
        nonce = self._random(NONCE_SIZE)
        sealed, tag = self._cipher.encrypt(nonce, text.encode(), metadata.mac_time(now).encode())
        return value.format(Sealed(sealed, nonce, tag, "str"))

    def _verify(self, sealed: Document, wanted: Sequence[Read]) -> None:
        """Read back what was made: it must open, its MAC fit, and its values be those that were wanted."""
        found_metadata = metadata.read(sealed)
        if found_metadata is None:  # as where a second `[sops]` stood in an INI file
            raise _not_the_same("the block is not found in it")
        try:
            found = reading.leaves(sealed, found_metadata, self._cipher, known=self.memory.known)
            reading.check_mac(sealed, found_metadata, self._cipher, found)
        except Tampered as error:
            raise _not_the_same(error.message) from error
        json = sealed.format == "json"
        values = [read for read in found if read.type != "comment"]
        intended = [read for read in wanted if read.type != "comment"]
        if len(values) != len(intended) or not all(
            one.leaf.root == two.leaf.root
            and one.leaf.path == two.leaf.path
            and same(one.type, one.data, two, json=json)
            for one, two in zip(values, intended, strict=True)
        ):
            raise _not_the_same("the values differ")
        texts = sorted(read.data for read in found if read.type == "comment" and read.data)
        if texts != sorted(read.data for read in wanted if read.type == "comment" and read.data):
            raise _not_the_same("the comments differ")


def _not_the_same(reason: str) -> EnvelopeError:
    return EnvelopeError(
        f"the encrypted text does not read back as what was to be encrypted: {reason}",
        hints=("nothing was written; a comment selector that matches an encrypted comment can do this",),
    )


def _list_of(plain: Document, comment: Comment, old: Old) -> Node | None:
    """The list among whose items a comment may stand, as it did; None where that list looks otherwise now."""
    root, path = old.home
    node = plain.roots[root].at(path) if root < len(plain.roots) else None
    if node is None or node.kind != "sequence" or comment.column != old.column:
        return None
    if not node.items:  # `[]` behind its comments
        return node if comment.end < node.start else None
    first = node.items[0].start
    dash = plain.text.rfind("-", 0, first)
    column = dash - plain.text.rfind("\n", 0, dash)
    return node if node.style == "block" and column == old.column else None


def plaintext_leaves(plain: Document, selection: Selection) -> list[Read]:
    """All leaves of plaintext, with `sealed` as the state of those that shall be."""
    reads = []
    typed = plain.typed
    for leaf in tree.walk(plain, selection, sealed=False):
        if leaf.comment is not None:
            text = leaf.comment.text
            if not text and leaf.selected and leaf.within is not None and leaf.within.kind == "sequence":
                text = " "  # sops would make an item of an empty comment in a list
            data = text.encode("utf-8", "surrogateescape")
            state = "sealed" if leaf.selected and data else "clear"
            reads.append(reading.Read(leaf, text, data, "comment", state))
            continue
        node = leaf.node
        assert node is not None
        content = (
            typed[node.start] if leaf.selected and node.start in typed else resolve(node, "go_v3", path=plain.path)
        )
        data, kind = reading.bytes_of(plain, leaf, content)
        state = "clear" if not leaf.selected else "sealed" if data else "empty"
        reads.append(reading.Read(leaf, content, data, kind, state))
    return reads
