"""Identity files that age closed with a passphrase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.crypto.age import file
from secrets_gitops.crypto.age.scrypt import ScryptIdentity
from secrets_gitops.errors import Error, KeySourceError, Place
from secrets_gitops.keys.recipient import NotMine

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.keys.passphrase import Passphrase
    from secrets_gitops.keys.recipient import Identity, WrappedKey
    from secrets_gitops.plaintext import Plaintext


class LockedIdentities:
    """The identities of a file that age closed with a passphrase."""

    __slots__ = ("_data", "_inside", "_passphrase", "_read", "source")

    kind = "age"
    asks = True
    recipient = ""

    def __init__(
        self, data: bytes, source: str, passphrase: Passphrase, read: Callable[[bytes, str], list[Identity]]
    ) -> None:
        """`data` is the binary form of the file; `read` makes identities of what is inside."""
        self._data = data
        self.source = source
        self._passphrase = passphrase
        self._read = read
        self._inside: list[Identity] | Error | None = None

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        """The data key.

        Raises NotMine when no identity inside opens the entry, KeySourceError when the file cannot be opened.
        """
        if self._inside is None:
            try:
                self._inside = self._open()
            except Error as error:
                self._inside = error
        if isinstance(self._inside, Error):
            raise self._inside
        for identity in self._inside:
            try:
                return identity.unwrap(wrapped)
            except NotMine:
                continue
        raise NotMine

    def _open(self) -> list[Identity]:
        try:
            plain = file.decrypt(self._data, [ScryptIdentity(self._passphrase)])
        except file.NoMatch as no:
            if no.types == (file.PASSPHRASE,):
                raise self._passphrase.is_wrong() from None
            raise KeySourceError("the identity file is encrypted, and not with a passphrase") from None
        try:
            return self._read(bytes(plain), self.source)
        except Error as error:
            line = f"line {error.place.line} inside: " if error.place is not None and error.place.line else ""
            raise KeySourceError(f"{line}{error.message}", place=Place(self.source)) from None
        finally:
            plain[:] = bytes(len(plain))

    def __repr__(self) -> str:
        return f"LockedIdentities(source={self.source!r})"
