"""Edit the plaintext of a file: what to show to the editor, and what its result becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.read import Limits, read
from secrets_gitops.encrypted_files import encrypt, unmerged
from secrets_gitops.encrypted_files.decrypt import decrypt, read_sealed, text
from secrets_gitops.envelopes.sops.creating import refuse_own_block

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document
    from secrets_gitops.encrypted_files.encrypt import Recipe
    from secrets_gitops.keys.keyring import Keyring


class Session:
    """One file being edited."""

    def __init__(self, path: str, data: bytes, keyring: Keyring, *, verify_mac: bool = True) -> None:
        """Open an encrypted file; raises what decrypting raises. A merge that is not finished shows both sides."""
        self.path = path
        self.renews = not verify_mac
        """Is there something to write although the plaintext stays as it is?"""
        self._versions = None
        self.notes: tuple[str, ...] = ()
        """What the user should hear of the last result."""
        if unmerged.sides(data) is not None:
            self._versions = unmerged.Versions(data, path, keyring, verify_mac=verify_mac)
            self.plaintext = self._versions.plaintext()
            self.renews = True
            return
        self._opened = decrypt(read_sealed(data, path), keyring, verify_mac=verify_mac)
        self.plaintext = text(self._opened)

    def result(self, plaintext: bytes, now: str) -> Document:
        """The encrypted document for what the editor left. Raises DocumentError and others when it cannot be that."""
        if self._versions is not None:
            return self._versions.closed(plaintext, now)
        plain = read(plaintext, path=self.path, limits=Limits.LARGE)
        refuse_own_block(plain)
        self._opened.replace_plain(plain)
        sealed = self._opened.seal(now)
        self.notes = encrypt.expansions(self.path, self._opened.expanded)
        return sealed


class NewFile:
    """A file that does not exist yet."""

    def __init__(self, path: str, recipe: Recipe) -> None:
        self.path = path
        self._recipe = recipe
        self.renews = False
        self.plaintext = b""
        self.notes: tuple[str, ...] = ()

    def result(self, plaintext: bytes, now: str) -> Document:
        """The new encrypted document."""
        result = encrypt.encrypt(encrypt.read_plain(plaintext, self.path), self._recipe, now)
        self.notes = result.notes
        return result.document
