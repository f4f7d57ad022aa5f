"""SSH keys as age keys: public ones as rules name them, private ones as OpenSSH keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.crypto.age import ssh_key, ssh_wire
from secrets_gitops.crypto.age.ssh_identity import SshIdentity
from secrets_gitops.errors import KeySourceError, Place
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.crypto.age.ssh import SshRecipient
    from secrets_gitops.crypto.age.ssh_identity import PrivateKey
    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.passphrase import Passphrase
    from secrets_gitops.keys.terminal import Terminal


def recipient(text: str) -> SshRecipient:
    """The recipient of a line `ssh-ed25519 …` or `ssh-rsa …`. Raises KeySourceError, which quotes nothing of it."""
    from secrets_gitops.crypto.age.ssh import SshRecipient  # noqa: PLC0415  slow to import

    try:
        return SshRecipient(ssh_wire.public_key(text))
    except ValueError as error:
        raise KeySourceError(f"the SSH recipient is not usable: {error}") from None


def identity(
    data: bytes,
    source: str,
    *,
    deadline: Deadline | None = None,
    public: Callable[[], bytes] | None = None,
    asked: Terminal | None = None,
) -> SshIdentity:
    """The identity in a file with a private key.

    A passphrase is asked for when an entry is for this key. The old PEM forms hide their public half behind it:
    `public` then reads that, as a line, from the file beside. Raises KeySourceError when the key is not usable.
    """
    found = ssh_key.read(data)
    wire = found.wire or _wire_beside(public)
    kind = ssh_wire.fields(wire)[0].decode()
    secret = Plaintext(data)
    passphrase: Passphrase | None = None
    if found.locked:
        from secrets_gitops.keys.passphrase import Passphrase  # noqa: PLC0415  rare

        passphrase = Passphrase(f"the SSH key {source}", deadline, asked)

    def load() -> PrivateKey:
        try:
            key = ssh_key.load(secret.reveal(), passphrase() if passphrase is not None else None)
        except ssh_key.WrongPassphrase:
            assert passphrase is not None
            raise passphrase.is_wrong() from None
        if ssh_key.public_wire(key) != wire:
            raise KeySourceError("the public half of the SSH key belongs to another one", place=Place(source))
        return key

    return SshIdentity(kind, wire, load, locked=found.locked)


def _wire_beside(public: Callable[[], bytes] | None) -> bytes:
    if public is None:
        raise KeySourceError("the SSH key hides its public half: convert it with `ssh-keygen -p -f FILE`")
    try:
        wire = ssh_wire.public_key(public().decode("utf-8", "replace"))
    except (KeySourceError, ValueError):
        raise KeySourceError("the SSH key hides its public half, and the `.pub` file beside it gives none") from None
    if ssh_wire.fields(wire)[0].decode() not in (ssh_wire.ED25519, ssh_wire.RSA):
        raise ssh_key.wrong_type()
    return wire
