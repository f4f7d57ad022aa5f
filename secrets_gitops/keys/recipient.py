"""The two small interfaces of a key, and what passes between them.

A `Recipient` wraps a data key for somebody, an `Identity` unwraps what was wrapped for it. No cryptography here:
whoever only reads metadata can use these names for nothing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from secrets_gitops.plaintext import Plaintext

    Field = str | Mapping[str, str]
    """The content of a field of a key entry: text, or for the encryption context of AWS a map of texts."""


FAR = frozenset({"kms", "gcp_kms", "azure_kv", "hc_vault", "hckms"})
"""Kinds of keys that never leave a service: each use is a request."""


class WrappedKey(NamedTuple):
    """One key entry of a SOPS file: which kind of key, for whom, and the wrapped data key."""

    kind: str
    """As the metadata names it: `age`, `pgp`, `kms`, `gcp_kms`, `azure_kv`, `hc_vault`, `hckms`."""
    recipient: str
    """What the file says about the reader; nothing proves it."""
    enc: str
    """The wrapped data key, or a share of it; for age an armored file."""
    fields: Mapping[str, Field] = MappingProxyType({})
    """The other fields of the entry, as they stand in the file."""


def bare(recipient: str) -> str:
    """A recipient's text without the comment that an SSH key has, so that it can be compared."""
    return " ".join(recipient.split(None, 2)[:2]) if recipient.startswith("ssh-") else recipient


class NotMine(Exception):
    """This identity cannot open this entry: try the next. Says why, without a word of a key."""

    def __init__(self, reason: str = "not a recipient") -> None:
        super().__init__(reason)
        self.reason = reason


class Recipient(Protocol):
    """Somebody who shall be able to open a document."""

    @property
    def kind(self) -> str:
        """As in `WrappedKey`."""

    @property
    def text(self) -> str:
        """What tells it from others of its kind, as sops has it: for age the recipient, for OpenPGP the fingerprint."""

    @property
    def fields(self) -> Mapping[str, Field]:
        """The fields of its SOPS entry that name it, beside `enc` and `created_at`."""

    def wrap(self, data_key: Plaintext) -> str:
        """The data key, wrapped for this recipient: the `enc` text of a SOPS entry."""


class Identity(Protocol):
    """A key at hand, which opens what was wrapped for it.

    One that may have to ask a person, or run a command, says so by an attribute `asks`; it is tried after the others.
    """

    @property
    def kind(self) -> str:
        """As in `WrappedKey`."""

    @property
    def source(self) -> str:
        """Where the key was found, for messages: a path or the name of a variable. Empty: by the entry's recipient."""

    @property
    def recipient(self) -> str:
        """The recipient text that this identity opens, an SSH key without comment; empty when it is not known."""

    def unwrap(self, wrapped: WrappedKey) -> Plaintext:
        """The data key. Raises `NotMine` when the entry is for somebody else, an error of ours when it is broken."""


@runtime_checkable
class Prepares(Protocol):
    """An identity that opens several entries sooner than one after the other."""

    def prepare(self, entries: Iterable[WrappedKey]) -> None:
        """Open these together, so that `unwrap` has the answers. Raises none of our errors: `unwrap` does."""
