"""age keys: recipients as rules name them, identities as key files hold them.

No message here quotes the text of a key, not even of a public one: what stands in a recipient's place by mistake may
be the private one.
"""

from __future__ import annotations

import contextlib
import functools
import os
from typing import TYPE_CHECKING

from secrets_gitops import bech32
from secrets_gitops.crypto.age import armor, file
from secrets_gitops.crypto.age.x25519 import X25519Identity, X25519Recipient
from secrets_gitops.errors import KeySourceError, NotBuiltYet, Place
from secrets_gitops.keys.recipient import NotMine
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.crypto.age.hybrid import HybridIdentity
    from secrets_gitops.keys.recipient import Identity, WrappedKey

KIND = "age"
_RECIPIENT = "age"
_HYBRID_RECIPIENT = "age1pq"
_IDENTITY = "AGE-SECRET-KEY-"
_HYBRID_IDENTITY = "AGE-SECRET-KEY-PQ-"
_PLUGIN_IDENTITY = "AGE-PLUGIN-"
_ENCRYPTED_FILE = ("age-encryption", "-----BEGIN AGE")
"""How a key file that is itself an age file begins."""
LARGEST_FILE = 16 * 1024 * 1024
"""Bytes; sops' own limit for an identity file."""
_UNBUILT_STANZAS = {
    "scrypt": "a passphrase (`scrypt`)",
    "ssh-ed25519": "an SSH key (`ssh-ed25519`)",
    "ssh-rsa": "an SSH key (`ssh-rsa`)",
    "tag": "a hardware key (`tag`)",
    "p256tag": "a hardware key (`p256tag`)",
    "piv-p256": "the plugin `yubikey`",
}


class AgeRecipient:
    """Somebody with an age key; `text` is the recipient as written."""

    __slots__ = ("_recipient", "text")

    kind = KIND

    def __init__(self, text: str, recipient: file.Recipient) -> None:
        self.text = text
        self._recipient = recipient

    @property
    def fields(self) -> dict[str, str]:
        """The recipient alone."""
        return {"recipient": self.text}

    def wrap(self, data_key: Plaintext) -> str:
        """The data key as an armored age file with this one recipient, as SOPS has it. Raises KeySourceError."""
        try:
            return armor.encode(file.encrypt(data_key.reveal(), [self._recipient]))
        except ValueError:
            raise KeySourceError("the age recipient is not a usable point of the curve") from None

    def __repr__(self) -> str:
        return f"AgeRecipient({self.text!r})"


class AgeIdentity:
    """A private age key; `source` says where it was found."""

    __slots__ = ("_identity", "_recipient", "source")

    kind = KIND

    def __init__(self, identity: X25519Identity | HybridIdentity, source: str) -> None:
        self._identity = identity
        self._recipient = ""
        self.source = source

    @property
    def recipient(self) -> str:
        """The public half as text; empty when that needs ML-KEM and the library has none."""
        if not self._recipient:
            prefix = _RECIPIENT if isinstance(self._identity, X25519Identity) else _HYBRID_RECIPIENT
            with contextlib.suppress(KeySourceError):
                self._recipient = bech32.encode(prefix, self._identity.public)
        return self._recipient

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        """The data key.

        Raises NotMine when the entry is for somebody else, NotBuiltYet when it can only be opened in a way that is
        not built, DocumentError or Tampered when it is broken.
        """
        data = armor.decode(wrapped.enc.encode(errors="replace"))
        try:
            plain = file.decrypt(data, [self._identity])
        except file.NoMatch as no:
            ways = [_UNBUILT_STANZAS[kind] for kind in no.types if kind in _UNBUILT_STANZAS]
            if ways and len(ways) == len(no.types):
                raise NotBuiltYet(f"opening age files with {' or '.join(ways)} is not built yet") from None
            raise NotMine from None
        data_key = Plaintext(plain)
        plain[:] = bytes(len(plain))
        return data_key

    def __repr__(self) -> str:
        return f"AgeIdentity(source={self.source!r})"


class UnbuiltIdentity:
    """An identity of a kind that is known and not built: it opens nothing and says why."""

    __slots__ = ("reason", "source")

    kind = KIND
    recipient = ""

    def __init__(self, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:  # noqa: ARG002  the protocol's
        """Raise NotMine with the reason."""
        raise NotMine(self.reason)


@functools.lru_cache(maxsize=256)  # many files name the same few, and a post-quantum one takes a millisecond
def parse_recipient(text: str) -> AgeRecipient:
    """The recipient that `text` names.

    Raises KeySourceError when it names none, NotBuiltYet for SSH and plugin recipients.
    """
    text = text.strip()
    if text.upper().startswith((_IDENTITY, _PLUGIN_IDENTITY)):
        raise KeySourceError(
            "a private age key stands where a recipient belongs",
            hints=(
                "put the public key there, which begins with `age1`: `secrets-gitops keys list` shows it",
                "a private key that was in a shared file is burnt: make a new one with `secrets-gitops keys generate`",
            ),
        )
    kind = text.split(" ", 1)[0]
    if kind in ("ssh-ed25519", "ssh-rsa"):
        raise NotBuiltYet(f"SSH recipients (`{kind}`) are not built yet", hints=("use an age recipient: `age1…`",))
    if kind.startswith(("ssh-", "ecdsa-", "sk-")):
        raise KeySourceError("age takes no SSH key of this type", hints=("use an age recipient: `age1…`",))
    if not text.startswith("age1"):
        raise KeySourceError("an age recipient begins with `age1`")
    prefix, public = _decoded(text, "the age recipient")
    try:
        if prefix == _RECIPIENT:
            return AgeRecipient(text, X25519Recipient(public))
        if prefix == _HYBRID_RECIPIENT:
            from secrets_gitops.crypto.age.hybrid import HybridRecipient  # noqa: PLC0415  rare, and slow to import

            return AgeRecipient(text, HybridRecipient(public))
    except ValueError:
        raise KeySourceError("the age recipient holds no usable key") from None
    raise NotBuiltYet("age recipients of plugins are not built yet", hints=("use an age recipient: `age1…`",))


def parse_identity(text: str, source: str) -> Identity:
    """The identity that `text` is, without blanks around it. Raises KeySourceError when it is none."""
    if text.startswith(_PLUGIN_IDENTITY):
        _decoded(text, "the plugin identity")
        return UnbuiltIdentity(source, "age plugins are not built yet")
    if text.startswith("age1"):
        raise KeySourceError("a recipient stands where a private key belongs: it begins with `age1`")
    if not text.startswith(_IDENTITY):
        if text.upper().startswith(_IDENTITY):
            raise KeySourceError("an age identity is written in capitals")
        raise KeySourceError("an age identity begins with `AGE-SECRET-KEY-`")
    prefix, secret = _decoded(text, "the age identity")
    try:
        if prefix == _IDENTITY.lower():
            return AgeIdentity(X25519Identity(secret), source)
        if prefix == _HYBRID_IDENTITY.lower():
            from secrets_gitops.crypto.age.hybrid import HybridIdentity  # noqa: PLC0415  rare, and slow to import

            return AgeIdentity(HybridIdentity(secret), source)
    except ValueError:
        raise KeySourceError("the age identity has the wrong length") from None
    raise KeySourceError("the age identity is of an unknown type")


def parse_identities(data: bytes, source: str) -> list[Identity]:
    """The identities of an identity file: one per line, comment lines and empty lines between them.

    One line that is neither spoils the file, as it does for age. Raises KeySourceError with the line as its place,
    NotBuiltYet for a file with a passphrase and for an SSH key.
    """
    if len(data) > LARGEST_FILE:
        raise KeySourceError("an identity file larger than 16 MiB is not read", place=Place(source))
    # A comment may be in any encoding; a key is ASCII.
    text = data.decode("utf-8", "replace")
    if text.startswith(_ENCRYPTED_FILE):
        hints = ("decrypt it to a file that only you can read: `age -d -o keys.txt FILE`",)
        raise NotBuiltYet("identity files with a passphrase are not built yet", hints=hints, place=Place(source))
    if text.startswith("-----BEGIN ") and "PRIVATE KEY-----" in text[:80]:
        raise NotBuiltYet("SSH identities are not built yet", place=Place(source))
    identities: list[Identity] = []
    for number, line in enumerate(text.split("\n"), 1):
        word = line.removesuffix("\r")
        if not word or word.startswith("#"):
            continue
        try:
            if word != word.strip():
                raise KeySourceError("a blank stands before or after the key")
            identities.append(parse_identity(word, source))
        except KeySourceError as error:
            error.place = Place(source, number, 1)
            raise
    return identities


def generate(*, post_quantum: bool = False, random: Callable[[int], bytes] = os.urandom) -> tuple[Plaintext, str]:
    """A new identity as text, and its recipient. Raises KeySourceError when the library cannot do ML-KEM."""
    secret = random(32)
    if post_quantum:
        from secrets_gitops.crypto.age.hybrid import HybridIdentity  # noqa: PLC0415  rare, and slow to import

        recipient = bech32.encode(_HYBRID_RECIPIENT, HybridIdentity(secret).public)
        return Plaintext(bech32.encode(_HYBRID_IDENTITY.lower(), secret).upper()), recipient
    recipient = bech32.encode(_RECIPIENT, X25519Identity(secret).public)
    return Plaintext(bech32.encode(_IDENTITY.lower(), secret).upper()), recipient


def _decoded(text: str, what: str) -> tuple[str, bytes]:
    try:
        return bech32.decode(text)
    except ValueError as error:
        raise KeySourceError(f"{what} is not whole: {error}") from None
