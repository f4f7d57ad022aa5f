"""Merge two versions of an encrypted file by key, with the keys at hand; without one, `merge_sealed` does what it can.

Changes of theirs are spliced into the text of ours, and what did not change keeps its envelope. Who rotated or changed
the recipients gives the block; where both changed who can read, that is a conflict, never a union. A conflict stands
between markers, encrypted: each side of the markers is a whole file whose MAC fits.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents import conflicts
from secrets_gitops.documents.document import encoded
from secrets_gitops.encrypted_files import merge_comments, merge_sealed
from secrets_gitops.encrypted_files.decrypt import read_sealed
from secrets_gitops.encrypted_files.merge_close import close
from secrets_gitops.encrypted_files.merge_text import transplant, trees
from secrets_gitops.encrypted_files.merge_trees import ABSENT, Absent, Digests, Merged
from secrets_gitops.encrypted_files.merge_trees import merge as merge_trees
from secrets_gitops.envelopes.sops import groups, metadata, opened
from secrets_gitops.envelopes.sops.creating import refuse_own_block
from secrets_gitops.envelopes.sops.reading import shown
from secrets_gitops.errors import DocumentError, NoMatchingKey, NotSealed, Place, Tampered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.documents.plain import PlainTree
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.plaintext import Plaintext


class Outcome(NamedTuple):
    """The merged file, and what stands in conflict in it: paths, or `sops` for who can read."""

    data: bytes
    conflicts: tuple[str, ...]
    no_key: NoMatchingKey | None = None
    """Why only the text could be merged; a MAC must be made by somebody with a key then."""


class Markers(NamedTuple):
    """How git wants conflicts to look."""

    size: int = conflicts.SIZE
    labels: tuple[str, str] = ("ours", "theirs")


GIT = Markers()
"""As git has them by itself."""


class Side(NamedTuple):
    """One version: its plaintext, and how it was closed; `opened` is None for one that is not encrypted."""

    plain: Document
    opened: Opened | None

    @property
    def policy(self) -> object:
        """Who can read what."""
        if self.opened is None:
            return None
        found = self.opened.metadata
        names = [sorted((entry.kind, entry.recipient) for entry in group) for group in found.groups]
        return sorted(names), found.threshold, found.selector, found.mac_only_encrypted

    @property
    def key(self) -> bytes | None:
        """The data key."""
        return self.opened.data_key.reveal() if self.opened is not None else None


def merge(
    versions: tuple[bytes, bytes, bytes],
    path: str,
    keyring: Keyring,
    now: str,
    *,
    markers: Markers = GIT,
    random: Callable[[int], bytes] = os.urandom,
) -> Outcome:
    """Merge base, ours and theirs. An empty base stands for none: both sides added the file.

    Raises NotSealed when none of them is encrypted, Tampered when one of them was changed without a key, DocumentError
    for what cannot be read or not be merged.
    """
    base, ours, theirs = (read_sealed(data, path) if data.strip() else None for data in versions)
    if ours is None or theirs is None:
        raise DocumentError("one side is empty", place=Place(path))
    if not any(one is not None and metadata.find(one) is not None for one in (base, ours, theirs)):
        raise NotSealed(f"`{path}` is not encrypted with sops", place=Place(path))
    try:
        sides = _open([base, ours, theirs], keyring)
    except NoMatchingKey as error:
        text, names = merge_sealed.merge(base, ours, theirs, *markers)
        return Outcome(_bytes(ours, text), names, error)
    known, mine, other = sides
    assert mine is not None
    assert other is not None
    return _Merger(known, mine, other, markers, now, random).outcome(ours, theirs)


def _open(documents: Sequence[Document | None], keyring: Keyring) -> list[Side | None]:
    """Open all versions. A data key that opens one is tried on the others: their recipients may not include us."""
    keys: dict[int, Plaintext] = {}
    failure: NoMatchingKey | None = None
    groups.prepare([one for one in documents if one is not None], keyring)
    sealed = [one for one in documents if one is not None and metadata.find(one) is not None]
    for document in sealed:
        try:
            keys[id(document)] = groups.data_key_of(document, opened.required_metadata(document), keyring)
        except NoMatchingKey as error:
            failure = error
    if failure is not None and not keys:
        raise failure
    sides: list[Side | None] = []
    for one in documents:
        if one is None:
            sides.append(None)
        elif metadata.find(one) is None:
            refuse_own_block(one)
            sides.append(Side(one, None))
        else:
            result = _opened(one, keys, failure)
            sides.append(Side(result.plain, result))
    return sides


def _opened(document: Document, keys: dict[int, Plaintext], failure: NoMatchingKey | None) -> Opened:
    found = opened.required_metadata(document)
    own = keys.get(id(document))
    for key in [own] if own is not None else list(keys.values()):
        try:
            return opened.open_with(document, found, key)
        except Tampered:
            if own is not None:
                raise
    assert failure is not None
    raise failure


class _Merger:
    def __init__(
        self, base: Side | None, ours: Side, theirs: Side, markers: Markers, now: str, random: Callable[[int], bytes]
    ) -> None:
        self.base = base
        self.ours = ours
        self.theirs = theirs
        self.markers = markers
        self.now = now
        self.random = random
        self.digests = Digests()
        self._known: dict[int, list[PlainTree]] = {}

    def _trees_of(self, plain: Document) -> list[PlainTree]:
        """The values of one of the versions, looked at once."""
        if id(plain) not in self._known:
            self._known[id(plain)] = [plain.text] if plain.format == "binary" else trees(plain)
        return self._known[id(plain)]

    def outcome(self, ours: Document, theirs: Document) -> Outcome:
        """The merged file."""
        merged = self._trees()
        names = tuple(shown(path) for path in merged.conflicts)
        keepers = self._keepers()
        one = self._text(merged.ours)
        if not names and keepers[0] is keepers[1]:
            if one.text == self.ours.plain.text and keepers[0] is self.ours.opened:
                return Outcome(ours.to_bytes(), ())
            if one.text == self.theirs.plain.text and keepers[0] is self.theirs.opened:
                return Outcome(theirs.to_bytes(), ())
            return Outcome(self._sealed(one, keepers[0]).to_bytes(), ())
        sealed = self._sealed(one, keepers[0])
        if keepers[0] is not keepers[1]:
            names += (metadata.KEY,)
        other = self._text(merged.theirs)
        known = (
            [opened.open_with(sealed, opened.required_metadata(sealed), keepers[0].data_key)]
            if keepers[0].data_key.reveal() == keepers[1].data_key.reveal()
            else []
        )
        second = self._sealed(other, keepers[1], known)
        return Outcome(
            _bytes(
                sealed, conflicts.join(sealed.text, second.text, size=self.markers.size, labels=self.markers.labels)
            ),
            names,
        )

    def _trees(self) -> Merged:
        """The trees of all documents of the file; where their number differs, they merge as the items of a list do."""
        ours, theirs = self._trees_of(self.ours.plain), self._trees_of(self.theirs.plain)
        base = self._trees_of(self.base.plain) if self.base is not None else None
        if len(ours) == len(theirs) and (base is None or len(base) == len(ours)):
            parts = [
                merge_trees(base[at] if base is not None else ABSENT, ours[at], theirs[at], self.digests)
                for at in range(len(ours))
            ]
            paths = tuple(path for part in parts for path in part.conflicts)
            return Merged([_present(part.ours) for part in parts], [_present(part.theirs) for part in parts], paths)
        return merge_trees(base if base is not None else ABSENT, ours, theirs, self.digests)

    def _keepers(self) -> tuple[Opened, Opened]:
        """Whose block the result has; two where that is a conflict."""
        ours, theirs, base = self.ours, self.theirs, self.base
        if ours.opened is None or theirs.opened is None:
            keeper = ours.opened or theirs.opened
            if keeper is None:
                raise NotSealed("neither side is encrypted any more", place=Place(ours.plain.path))
            return keeper, keeper
        known_key, known = (base.key, base.policy) if base is not None else (None, None)
        theirs_wins = theirs.key != known_key and ours.key == known_key
        if ours.key == theirs.key:
            theirs_wins = ours.policy == known and theirs.policy != known
        winner, other = (theirs, ours) if theirs_wins else (ours, theirs)
        assert winner.opened is not None
        if other.policy in (winner.policy, known):
            return winner.opened, winner.opened
        return ours.opened, theirs.opened

    def _text(self, wanted: PlainTree | Absent) -> Document:
        """The plaintext that holds the wanted values, and the comments of both sides."""
        assert isinstance(wanted, list)
        ours, theirs = self.ours.plain, self.theirs.plain
        if self.digests.same(wanted, self._trees_of(ours)) and self._unchanged(theirs):
            return ours
        if self.digests.same(wanted, self._trees_of(theirs)) and (self._unchanged(ours) or ours.format == "binary"):
            return theirs
        try:
            merged = transplant(ours, wanted, theirs, self.digests)
        except DocumentError:
            merged = transplant(theirs, wanted, ours, self.digests)
        carried = merge_comments.carry(merged, self.base.plain if self.base is not None else None, (ours, theirs))
        return carried if carried is merged or self.digests.same(trees(carried), wanted) else merged

    def _unchanged(self, plain: Document) -> bool:
        return self.base is not None and plain.text == self.base.plain.text

    def _sealed(self, plain: Document, keeper: Opened, known: Sequence[Opened] = ()) -> Document:
        return close(plain, keeper, (*known, self.ours.opened, self.theirs.opened), self.now, random=self.random)


def _present(tree: PlainTree | Absent) -> PlainTree:
    return None if isinstance(tree, Absent) else tree


def _bytes(document: Document, text: str) -> bytes:
    return (b"\xef\xbb\xbf" if document.bom else b"") + encoded(text, document.format)
