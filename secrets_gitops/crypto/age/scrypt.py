"""The passphrase type of age: scrypt makes a key of a passphrase, and that wraps the file key.

Such a file has this one stanza alone, so that whoever knows the passphrase knows that nobody else wrote it. age closes
identity files with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from secrets_gitops.crypto.age import wrapping
from secrets_gitops.crypto.age.header import FILE_KEY_SIZE, Stanza, malformed, only, unbase64
from secrets_gitops.errors import KeySourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.plaintext import Plaintext

TYPE = "scrypt"
LARGEST_WORK_FACTOR = 22
"""The binary logarithm of scrypt's N, as age bounds it: 4 GiB of memory and some 15 seconds. The file names it, so a
stranger may."""
_SALT_SIZE = 16
_LABEL = b"age-encryption.org/v1/scrypt"
_NUMBER = re.compile("[1-9][0-9]*")


class ScryptIdentity:
    """A passphrase, asked for when a file turns out to need it."""

    __slots__ = ("_passphrase",)

    def __init__(self, passphrase: Callable[[], Plaintext]) -> None:
        self._passphrase = passphrase

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytearray | None:
        """The file key; None when the file is not closed with a passphrase, or with another one.

        Raises DocumentError when the stanza is malformed or demands more work than age allows, KeySourceError when
        this machine has too little memory for it, and what asking raises.
        """
        return only(TYPE, stanzas, self._open)

    def _open(self, stanza: Stanza) -> bytearray | None:
        if len(stanza.arguments) != 2:
            raise malformed("a scrypt stanza takes two arguments")
        salt, factor = unbase64(stanza.arguments[0]), stanza.arguments[1]
        if len(salt) != _SALT_SIZE or len(stanza.body) != FILE_KEY_SIZE + 16:
            raise malformed("a scrypt stanza has the wrong length")
        if not _NUMBER.fullmatch(factor):
            raise malformed("the work factor of a scrypt stanza is no number")
        if len(factor) > 2 or int(factor) > LARGEST_WORK_FACTOR:
            raise malformed(f"a scrypt stanza demands more work than 2^{LARGEST_WORK_FACTOR}")
        passphrase = self._passphrase()
        try:
            key = Scrypt(_LABEL + salt, length=32, n=1 << int(factor), r=8, p=1).derive(passphrase.reveal())
        except MemoryError:
            raise KeySourceError(f"there is not enough memory for a passphrase with work factor {factor}") from None
        return wrapping.unwrap(key, stanza.body)
