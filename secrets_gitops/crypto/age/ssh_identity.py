"""An SSH key as identity of age: recognised cheaply, loaded when a file is for it.

A stanza names the key by the first four bytes of its hash, so a file tells whose key opens it, and a key with a
passphrase need not be unlocked in vain. The cryptography, slow to import, stands in `ssh`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes

from secrets_gitops.crypto.age.header import FILE_KEY_SIZE, Stanza, base64, malformed, only, unbase64
from secrets_gitops.crypto.age.ssh_wire import ED25519

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey = Ed25519PrivateKey | RSAPrivateKey


class SshIdentity:
    """An SSH private key: known by its public half, loaded when a file is for it."""

    __slots__ = ("_load", "_loaded", "_tag", "locked", "type", "wire")

    def __init__(self, kind: str, wire: bytes, load: Callable[[], PrivateKey], *, locked: bool = False) -> None:
        """`kind` is `ssh-ed25519` or `ssh-rsa`, `wire` the public half.

        `load` is called when a file is for this key; `locked` says that it asks for a passphrase.
        """
        self.locked = locked
        self.type = kind
        self.wire = wire
        self._tag = tag(wire)
        self._load = load
        self._loaded: PrivateKey | None = None

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytearray | None:
        """The file key, or None when all is for somebody else.

        Raises DocumentError for a malformed stanza, and what loading the key raises.
        """
        return only(self.type, stanzas, self._open)

    def _open(self, stanza: Stanza) -> bytearray | None:
        if len(stanza.arguments) != (2 if self.type == ED25519 else 1):
            raise malformed(f"an {self.type} stanza has the wrong number of arguments")
        share = unbase64(stanza.arguments[1]) if self.type == ED25519 else bytes(32)
        if len(share) != 32 or (self.type == ED25519 and len(stanza.body) != FILE_KEY_SIZE + 16):
            raise malformed(f"an {self.type} stanza has the wrong length")
        if stanza.arguments[0] != self._tag:
            return None
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415  see above

        from secrets_gitops.crypto.age import ssh  # noqa: PLC0415

        if self._loaded is None:
            self._loaded = self._load()
        if isinstance(self._loaded, RSAPrivateKey):
            return ssh.unwrap_rsa(self._loaded, stanza.body)
        return ssh.unwrap_ed25519(self._loaded, self.wire, share, stanza.body)


def tag(wire: bytes) -> str:
    """How a stanza calls a key: the first four bytes of the SHA-256 of its wire form."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(wire)
    return base64(digest.finalize()[:4])
