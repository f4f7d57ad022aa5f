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
from secrets_gitops.errors import KeySourceError, Place
from secrets_gitops.keys.recipient import NotMine
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.recipient import Identity, WrappedKey

KIND = "age"
_RECIPIENT = "age"
_HYBRID_RECIPIENT = "age1pq"
_PLUGIN_RECIPIENT = "age1"
_IDENTITY = "AGE-SECRET-KEY-"
_HYBRID_IDENTITY = "AGE-SECRET-KEY-PQ-"
_PLUGIN_IDENTITY = "AGE-PLUGIN-"
_ENCRYPTED_FILE = (b"age-encryption", b"-----BEGIN AGE")
"""How a key file that is itself an age file begins."""
LARGEST_FILE = 16 * 1024 * 1024
"""Bytes; sops' own limit for an identity file."""
_STRANGE_STANZAS = {
    "scrypt": "a passphrase closes it",
    "tag": "it is for a hardware key (`tag`)",
    "p256tag": "it is for a hardware key (`p256tag`)",
    "mlkem768p256tag": "it is for a hardware key (`mlkem768p256tag`)",
    "piv-p256": "it needs an identity of the plugin `yubikey`",
}
"""Stanza type → why a key of another type does not open it."""


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

    __slots__ = ("_identity", "_public", "_recipient", "asks", "source")

    kind = KIND

    def __init__(self, identity: file.Identity, source: str, public: Callable[[], str], *, asks: bool = False) -> None:
        """`public` gives the public half as text, or an empty one. `asks`: it may have to ask a person."""
        self._identity = identity
        self._public = public
        self._recipient = ""
        self.source = source
        self.asks = asks

    @property
    def recipient(self) -> str:
        """The public half as text; empty when it is not known, or needs ML-KEM and the library has none."""
        if not self._recipient:
            with contextlib.suppress(KeySourceError):
                self._recipient = self._public()
        return self._recipient

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        """The data key.

        Raises NotMine when the entry is for somebody else, DocumentError or Tampered when it is broken, KeySourceError
        when the key cannot be used.
        """
        data = armor.decode(wrapped.enc.encode(errors="replace"))
        try:
            plain = file.decrypt(data, [self._identity])
        except file.NoMatch as no:
            raise (NotMine(_STRANGE_STANZAS[no.types[0]]) if no.types[0] in _STRANGE_STANZAS else NotMine()) from None
        data_key = Plaintext(plain)
        plain[:] = bytes(len(plain))
        return data_key

    def __repr__(self) -> str:
        return f"AgeIdentity(source={self.source!r})"


@functools.lru_cache(maxsize=256)  # many files name the same few, and a post-quantum one takes a millisecond
def parse_recipient(text: str) -> AgeRecipient:
    """The recipient that `text` names. Raises KeySourceError when it names none."""
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
        from secrets_gitops.keys import age_ssh  # noqa: PLC0415  rare

        return AgeRecipient(text, age_ssh.recipient(text))
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
    from secrets_gitops.keys import age_plugin  # noqa: PLC0415  rare

    name = prefix.removeprefix(_PLUGIN_RECIPIENT)
    if name == prefix or not age_plugin.is_name(name):
        raise KeySourceError("the age recipient is of an unknown type")
    return AgeRecipient(text, age_plugin.PluginRecipient(name, text))


def parse_identity(text: str, source: str, deadline: Deadline | None = None) -> Identity:
    """The identity that `text` is, without blanks around it. Raises KeySourceError when it is none.

    `deadline` ends plugins that do not answer.
    """
    if text.startswith(_PLUGIN_IDENTITY):
        return _plugin_identity(text, source, deadline)
    if text.startswith("age1"):
        raise KeySourceError("a recipient stands where a private key belongs: it begins with `age1`")
    if not text.startswith(_IDENTITY):
        if text.upper().startswith(_IDENTITY):
            raise KeySourceError("an age identity is written in capitals")
        raise KeySourceError("an age identity begins with `AGE-SECRET-KEY-`")
    prefix, secret = _decoded(text, "the age identity")
    try:
        if prefix == _IDENTITY.lower():
            x25519 = X25519Identity(secret)
            return AgeIdentity(x25519, source, lambda: bech32.encode(_RECIPIENT, x25519.public))
        if prefix == _HYBRID_IDENTITY.lower():
            from secrets_gitops.crypto.age.hybrid import HybridIdentity  # noqa: PLC0415  rare, and slow to import

            hybrid = HybridIdentity(secret)
            return AgeIdentity(hybrid, source, lambda: bech32.encode(_HYBRID_RECIPIENT, hybrid.public))
    except ValueError:
        raise KeySourceError("the age identity has the wrong length") from None
    raise KeySourceError("the age identity is of an unknown type")


def _plugin_identity(text: str, source: str, deadline: Deadline | None) -> AgeIdentity:
    from secrets_gitops.keys import age_plugin  # noqa: PLC0415  rare

    prefix, _ = _decoded(text, "the plugin identity")
    name = prefix.removeprefix(_PLUGIN_IDENTITY.lower()).removesuffix("-")
    if not prefix.endswith("-") or not age_plugin.is_name(name):
        raise KeySourceError("the plugin identity names no plugin")
    return AgeIdentity(age_plugin.PluginIdentity(name, text, deadline=deadline), source, str, asks=True)


def ssh_identity(
    data: bytes, source: str, *, deadline: Deadline | None = None, public: Callable[[], bytes] | None = None
) -> Identity:
    """The identity in a file with an SSH private key; `public` reads the `.pub` file beside it if it must be.

    Raises KeySourceError when age has no use for it.
    """
    from secrets_gitops.crypto.age import ssh_wire  # noqa: PLC0415  rare
    from secrets_gitops.keys import age_ssh  # noqa: PLC0415

    identity = age_ssh.identity(data, source, deadline=deadline, public=public)
    return AgeIdentity(identity, source, lambda: ssh_wire.line_of(identity.type, identity.wire), asks=identity.locked)


def parse_identities(data: bytes, source: str, deadline: Deadline | None = None) -> list[Identity]:
    """The identities of an identity file: one per line, comment lines and empty lines between them.

    One line that is neither spoils the file, as it does for age. A file that age closed with a passphrase is opened
    when an entry needs it. Raises KeySourceError with the line as its place, DocumentError for broken armor.
    """
    if len(data) > LARGEST_FILE:
        raise KeySourceError("an identity file larger than 16 MiB is not read", place=Place(source))
    if data.startswith(_ENCRYPTED_FILE):
        from secrets_gitops.keys.age_locked import LockedIdentities  # noqa: PLC0415  rare
        from secrets_gitops.keys.gpg_agent import name_of  # noqa: PLC0415
        from secrets_gitops.keys.passphrase import Passphrase  # noqa: PLC0415

        binary = armor.decode(data) if data.startswith(_ENCRYPTED_FILE[1]) else data
        passphrase = Passphrase(f"the identity file {source}", deadline, name=name_of(binary))
        return [LockedIdentities(binary, source, passphrase, functools.partial(_parse_lines, deadline=deadline))]
    return _parse_lines(data, source, deadline)


def _parse_lines(data: bytes, source: str, deadline: Deadline | None) -> list[Identity]:
    # A comment may be in any encoding; a key is ASCII.
    text = data.decode("utf-8", "replace")
    if text.startswith("-----BEGIN ") and "PRIVATE KEY-----" in text[:80]:
        raise KeySourceError(
            "an SSH key stands where age identities belong",
            hints=("name it in `SOPS_AGE_SSH_PRIVATE_KEY_FILE` or with `--identity FILE`",),
            place=Place(source),
        )
    identities: list[Identity] = []
    for number, line in enumerate(text.split("\n"), 1):
        word = line.removesuffix("\r")
        if not word or word.startswith("#"):
            continue
        try:
            if word != word.strip():
                raise KeySourceError("a blank stands before or after the key")
            identities.append(parse_identity(word, source, deadline))
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
