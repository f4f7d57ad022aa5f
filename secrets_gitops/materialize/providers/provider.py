"""Provider: one store as an ExternalSecret sees it. It fetches nothing: it says what to ask and reads the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from secrets_gitops.errors import BackendError
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.backends.backend import Locator
    from secrets_gitops.manifests.external_secret import Find, Remote
    from secrets_gitops.references.json_values import Json
    from secrets_gitops.references.reference import Store


class Provider(Protocol):
    """What each provider of the catalogue makes of a store."""

    @property
    def store(self) -> Store:
        """What the Fetcher opens: provider, server and login."""

    @property
    def converts(self) -> bool:
        """Whether the keys of `find` arrive converted already, also before a rewrite."""

    def locator(self, remote: Remote) -> Locator:
        """Where the secret lies."""

    def value(self, remote: Remote, answer: bytes) -> bytes:
        """For `data`: the value, or its property. Raises SecretNotFound where the provider says so of a property."""

    def members(self, remote: Remote, answer: bytes) -> Mapping[str, bytes]:
        """For `extract`: every member of the secret, or of its property."""

    def absent_is_an_error(self, *, extract: bool) -> bool:
        """Whether a missing secret is no reason to skip the entry, whatever the deletion policy."""

    def listing(self, find: Find) -> Locator:
        """Where the names are that `find` chooses from; the answer is a JSON list of them."""

    def found(self, find: Find, names: Sequence[str]) -> Sequence[Remote]:
        """What is to be fetched of the names that fit."""


def members_of(value: Json, remote: Remote) -> dict[str, Json]:
    """The members of a JSON object. Raises BackendError for any other value."""
    members = value.members()
    if members is None:
        raise BackendError(f"the value of {called(remote)} is not a JSON object, which `extract` needs")
    return members


def called(remote: Remote) -> str:
    """A remote secret in a message: its key, and its property."""
    name = f"`{printable(remote.key)}`"
    return f"{name}, property `{printable(remote.property)}`" if remote.property else name
