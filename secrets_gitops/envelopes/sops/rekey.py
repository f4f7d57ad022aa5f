"""Other keys for an encrypted file: a recipient more or less, other groups, another data key; all else stays.

An entry that stays, and still wraps the same, keeps its text. Where there are several groups every key gets a share
anew, as shares of two splits do not fit together. Entries and fields that are not ours to understand stay. What comes
out was read back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.crypto.aead import Cipher
from secrets_gitops.documents.document import Edit
from secrets_gitops.documents.properties import content_start
from secrets_gitops.envelopes.sops import block, groups, metadata, opened, reading, rekey_block, tree, value
from secrets_gitops.envelopes.sops.cut import Stamp
from secrets_gitops.envelopes.sops.metadata import Entry
from secrets_gitops.envelopes.sops.rekey_block import Slot
from secrets_gitops.envelopes.sops.sealing import NONCE_SIZE
from secrets_gitops.envelopes.sops.value import Sealed
from secrets_gitops.errors import EnvelopeError, SettingsError
from secrets_gitops.keys import catalog
from secrets_gitops.patterns import pattern
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.cut import Cut
    from secrets_gitops.envelopes.sops.metadata import Metadata
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.envelopes.sops.reading import Read
    from secrets_gitops.keys.recipient import Recipient

    Member = Entry | Recipient
    """Somebody in a group: an entry of the file, or a recipient who is new to it."""
    Slots = Sequence[Sequence[Slot]]

_ENVELOPE = pattern(r"ENC\[[^\]]*\]")


class Wanted(NamedTuple):
    """The keys that a file shall have."""

    groups: tuple[tuple[Member, ...], ...]
    threshold: int = 0
    """How many groups it takes; 0: all of them."""

    @property
    def number(self) -> int:
        """The threshold as the file names it; with several groups it always does."""
        return (self.threshold or len(self.groups)) if len(self.groups) > 1 else self.threshold


def kept(found: Metadata) -> Wanted:
    """The keys that a file has."""
    return Wanted(found.groups, found.threshold)


def name_of(member: Member) -> tuple[str, str]:
    """Kind and identity of somebody in a group."""
    return member.kind, member.recipient if isinstance(member, Entry) else member.text


def replaced(
    document: Document, data_key: Plaintext, wanted: Wanted, now: str, *, random: Callable[[int], bytes] = os.urandom
) -> Document:
    """The document with these keys; values, MAC and data key, which the caller knows, stay.

    Raises SettingsError for groups that make no sense, what wrapping for a recipient raises, NotBuiltYet where an entry
    must be wrapped anew whose kind is not handled here, EnvelopeError when the result does not read back.
    """
    found = opened.required_metadata(document)
    anew = len(wanted.groups) > 1 or len(found.groups) > 1
    slots = _slots(document, data_key, wanted, now, anew=anew, random=random)
    changed = document.apply(_block_edits(document, slots, wanted, None))
    _check(document, changed, found, slots, wanted)
    return changed


def rotated(result: Opened, wanted: Wanted, now: str, *, random: Callable[[int], bytes] = os.urandom) -> Document:
    """The document with these keys under a new data key, with `now` as the time of the change.

    Every envelope is made anew in its old place, in its old quotes. Raises what `replaced` raises.
    """
    data_key = Plaintext(random(32))
    cipher = Cipher(data_key)
    slots = _slots(result.sealed, data_key, wanted, now, anew=True, random=random)
    stamp = Stamp(now, _mac(result, cipher, now, random))
    envelopes = _envelope_edits(result, cipher, random)
    changed = result.sealed.apply([*envelopes, *_block_edits(result.sealed, slots, wanted, stamp)])
    _check(result.sealed, changed, result.metadata, slots, wanted)
    _compare(result, changed, data_key)
    data_key.wipe()
    return changed


def _slots(
    document: Document,
    data_key: Plaintext,
    wanted: Wanted,
    now: str,
    *,
    anew: bool,
    random: Callable[[int], bytes],
) -> Slots:
    """What is to stand in each group. `anew`: the data key, or a share, is wrapped also for keys that stay."""
    count = len(wanted.groups)
    groups.check([len(group) for group in wanted.groups], wanted.threshold)
    readers = [
        [_reader(member, document) if anew or not isinstance(member, Entry) else None for member in group]
        for group in wanted.groups
    ]
    parts = groups.shares(data_key, count, wanted.number, random=random)
    jobs = [(one, part) for group, part in zip(readers, parts, strict=True) for one in group if one is not None]
    texts = iter(groups.wrapped_for(jobs))
    return [
        [
            Slot(member, None) if reader is None and isinstance(member, Entry) else _slot(member, reader, texts, now)
            for member, reader in zip(group, those, strict=True)
        ]
        for group, those in zip(wanted.groups, readers, strict=True)
    ]


def _reader(member: Member, document: Document) -> Recipient:
    if not isinstance(member, Entry):
        return member
    try:
        return catalog.recipient(member.kind, member.recipient, document.place(member.node))
    except SettingsError as error:  # it is the file that names something which is no key
        raise EnvelopeError(error.message, hints=error.hints, place=error.place) from error


def _slot(member: Member, reader: Recipient | None, texts: Iterator[str], now: str) -> Slot:
    assert reader is not None
    enc = next(texts)
    return Slot(member, enc) if isinstance(member, Entry) else Slot(groups.new_entry(reader, enc, now), enc)


def _block_edits(document: Document, slots: Slots, wanted: Wanted, stamp: Stamp | None) -> list[Edit]:
    """The changed block in every document that has one; equal texts become equal texts."""
    done: dict[tuple[str, bool], str] = {}
    edits = []
    for root, node in enumerate(document.roots):
        cut = block.cut(document, root)
        if cut is None:
            continue
        flow = document.format == "json" or node.resolved().style == "flow"
        if (cut.text, flow) not in done:
            text = rekey_block.changed(cut.text, document, slots, wanted.number, stamp, flow=flow)
            done[cut.text, flow] = text
        edits += _put(document, cut, done[cut.text, flow])
    return edits


def _put(document: Document, cut: Cut, text: str) -> list[Edit]:
    """A changed block in the place of the old one; where that was in several pieces, in the place of the first."""
    if document.format != "dotenv":
        if cut.end == len(document.text) and not document.text.endswith("\n"):
            text = text.removesuffix("\n").removesuffix("\r")  # the file had no line break at its end
        return [Edit(cut.start, cut.end, text)]
    (start, end), *others = cut.pieces
    lead = "\n" if document.text[start] == "\n" else ""  # a piece with the line break before it: none is at its end
    text = lead + text.removesuffix("\n") if lead else text
    return [Edit(start, end, text), *(Edit(*piece, "") for piece in others)]


def _mac(result: Opened, cipher: Cipher, now: str, random: Callable[[int], bytes]) -> str:
    text = reading.computed_mac(result.reads, only_encrypted=result.metadata.mac_only_encrypted)
    return _envelope(cipher, text.encode(), "str", metadata.mac_time(now).encode(), random)


def _envelope(cipher: Cipher, data: bytes, kind: str, associated: bytes, random: Callable[[int], bytes]) -> str:
    nonce = random(NONCE_SIZE)
    sealed, tag = cipher.encrypt(nonce, data, associated)
    return value.format(Sealed(sealed, nonce, tag, kind))


def _envelope_edits(result: Opened, cipher: Cipher, random: Callable[[int], bytes]) -> list[Edit]:
    """A new envelope in the place of each old one."""
    edits: dict[int, Edit] = {}
    text = result.sealed.text
    for read in result.reads:
        leaf = read.leaf
        place = leaf.comment if leaf.comment is not None else leaf.node
        if read.state != "sealed" or leaf.alias is not None or place is None or place.start in edits:
            continue
        keys = read.keys if read.type == "comment" else leaf.keys
        envelope = _envelope(cipher, read.data, read.type, tree.associated(keys), random)
        start = place.start if leaf.comment is not None else content_start(text, place.start, place.end)
        old = _ENVELOPE.search(text, start, place.end)
        # Quotes, `#` and the header of a block of text stay; an envelope written with escapes has its place as a whole.
        edits[place.start] = Edit(*old.span(), envelope) if old is not None else Edit(start, place.end, f'"{envelope}"')
    return list(edits.values())


def _check(before: Document, after: Document, old: Metadata, slots: Slots, wanted: Wanted) -> None:
    """Read the new block as any reader would: it must hold the keys that were meant, and all else be the same."""
    new = opened.required_metadata(after)
    meant = [sorted((slot.kind, slot.recipient) for slot in group) for group in slots]
    found = [sorted((entry.kind, entry.recipient) for entry in group) for group in new.groups]
    same = (old.selector, old.mac_only_encrypted, old.version) == (new.selector, new.mac_only_encrypted, new.version)
    if meant != found or not same or (len(meant) > 1 and new.threshold != wanted.number):
        raise _unreadable(before, old)
    if not all(entry.enc for entry in new.entries):
        raise _unreadable(before, old)


def _compare(result: Opened, changed: Document, data_key: Plaintext) -> None:
    """Raise EnvelopeError unless the new document opens to what the old one held."""
    try:
        again = opened.open_with(changed, opened.required_metadata(changed), data_key)
    except EnvelopeError as error:
        raise _unreadable(changed, result.metadata) from error
    if [_essence(read) for read in again.reads] != [_essence(read) for read in result.reads]:
        raise _unreadable(changed, result.metadata)


def _essence(read: Read) -> tuple[object, ...]:
    return read.leaf.root, read.leaf.path, read.type, read.data, read.state


def _unreadable(document: Document, found: Metadata) -> EnvelopeError:
    return EnvelopeError(
        "the changed file does not read back as it was meant; nothing was written",
        place=metadata.place_of(document, found),
    )
