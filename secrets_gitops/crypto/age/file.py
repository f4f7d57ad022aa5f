"""A whole age file in its binary form: header and payload. `armor` makes text of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from secrets_gitops.crypto.age import header, stream
from secrets_gitops.crypto.age.header import FILE_KEY_SIZE, Header, Stanza
from secrets_gitops.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PASSPHRASE = "scrypt"  # noqa: S105  the name of a stanza type


class Recipient(Protocol):
    """What can wrap a file key."""

    @property
    def post_quantum(self) -> bool:
        """Whether a quantum computer leaves it closed."""

    def wrap(self, file_key: bytes) -> Sequence[Stanza]:
        """The file key for this recipient, in one stanza or, by a plugin, in several."""


class Identity(Protocol):
    """What can unwrap a file key."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytearray | None:
        """The file key, or None when all stanzas are for somebody else.

        Raises DocumentError for a stanza of its type that is malformed.
        """


class NoMatch(Exception):
    """None of the identities opens the file; carries the types of its stanzas."""

    def __init__(self, types: tuple[str, ...]) -> None:
        super().__init__("no identity matches")
        self.types = types


def encrypt(data: bytes, recipients: Sequence[Recipient], *, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """The binary age file. `random` gives the file key and the payload's nonce.

    Raises ValueError for no recipient, and for post-quantum recipients beside others: the others would undo what
    the former promise.
    """
    if not recipients:
        raise ValueError("an age file needs a recipient")
    if len({recipient.post_quantum for recipient in recipients}) > 1:
        raise ValueError("post-quantum recipients are not mixed with others")
    file_key = random(FILE_KEY_SIZE)
    nonce = random(stream.NONCE_SIZE)
    head = header.encode(tuple(stanza for each in recipients for stanza in each.wrap(file_key)), file_key)
    return head + nonce + stream.encrypt(file_key, nonce, data)


def decrypt(data: bytes, identities: Sequence[Identity]) -> bytearray:
    """The plaintext of a binary age file, in a buffer that the caller can wipe.

    Raises NoMatch when no identity opens it, DocumentError for a malformed header, Tampered when the MAC of
    the header or the payload does not fit. Nothing of the payload is given out before all of it is proved.
    """
    head = header.decode(data)
    at = head.size + stream.NONCE_SIZE
    if len(data) < at:
        raise header.malformed("the file ends before its payload")
    file_key = _file_key(head, identities)
    try:
        if not header.is_genuine(head, file_key):
            raise Tampered("the MAC of the age header does not fit: a recipient was added, removed or changed")
        return stream.decrypt(file_key, data[head.size : at], memoryview(data)[at:])
    finally:
        file_key[:] = bytes(FILE_KEY_SIZE)


def _file_key(head: Header, identities: Sequence[Identity]) -> bytearray:
    types = tuple(stanza.type for stanza in head.stanzas)
    if PASSPHRASE in types and len(types) > 1:
        raise header.malformed("a passphrase stands beside other recipients")
    for identity in identities:
        file_key = identity.unwrap(head.stanzas)
        if file_key is not None:
            return file_key
    raise NoMatch(types)
