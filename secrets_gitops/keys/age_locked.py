"""age keys behind a passphrase: identity files that age closed with one, and SSH keys that have one.

A passphrase is asked for when a file needs the key and no other key at hand opens it, once in a run.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from secrets_gitops.crypto.age import armor, file
from secrets_gitops.crypto.age.scrypt import ScryptIdentity
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import Error, KeySourceError, Place
from secrets_gitops.keys import terminal
from secrets_gitops.keys.recipient import NotMine

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.keys.recipient import Identity, WrappedKey
    from secrets_gitops.keys.terminal import Terminal
    from secrets_gitops.plaintext import Plaintext

_ARMORED = b"-----BEGIN AGE"


class Passphrase:
    """The passphrase of one thing, asked for once in a run: later uses have the first answer, or the first failure."""

    __slots__ = ("_answer", "_deadline", "_lock", "_terminal", "_what")

    def __init__(self, what: str, deadline: Deadline | None, asked: Terminal | None = None) -> None:
        """`what` stands in the question: `for the SSH key …`."""
        self._what = what
        self._deadline = deadline
        self._terminal = asked or terminal.Tty()
        self._lock = threading.Lock()
        self._answer: Plaintext | Error | None = None

    def __call__(self) -> Plaintext:
        """The passphrase. Raises KeySourceError when nobody gives one, or the one that was given is wrong."""
        with self._lock:
            if self._answer is None:
                self._answer = self._ask()
            if isinstance(self._answer, Error):
                raise self._answer
            return self._answer

    def is_wrong(self) -> Error:
        """Note that it does not fit, and give the error that says so, from now on."""
        error = KeySourceError("the passphrase is wrong")
        self._answer = error
        return error

    def _ask(self) -> Plaintext | Error:
        deadline = self._deadline or Deadline(terminal.ANSWER_SECONDS)
        try:
            with terminal.ASKING:
                answer = self._terminal.secret(f"Passphrase for {self._what}:", deadline)
        except KeySourceError as error:
            return KeySourceError(f"it has a passphrase, and {error.message}")
        return answer if len(answer) else KeySourceError("it has a passphrase, and none was given")


class LockedIdentities:
    """The identities of a file that age closed with a passphrase."""

    __slots__ = ("_data", "_inside", "_passphrase", "_read", "source")

    kind = "age"
    asks = True
    recipient = ""

    def __init__(
        self, data: bytes, source: str, passphrase: Passphrase, read: Callable[[bytes, str], list[Identity]]
    ) -> None:
        """`read` makes identities of what is inside."""
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
        data = armor.decode(self._data) if self._data.startswith(_ARMORED) else self._data
        try:
            plain = file.decrypt(data, [ScryptIdentity(self._passphrase)])
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
