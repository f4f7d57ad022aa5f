"""The `fake` provider: its values stand in the store itself, for tests and for working without a store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from secrets_gitops.backends.backend import Hidden, Locator
from secrets_gitops.backends.fake import NEWEST
from secrets_gitops.errors import NotBuiltYet, SecretNotFound
from secrets_gitops.manifests.external_secret import Remote
from secrets_gitops.manifests.known_fields import known, required
from secrets_gitops.materialize.providers.provider import called, members_of
from secrets_gitops.references.json_values import Json
from secrets_gitops.references.reference import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.manifests.external_secret import Find
    from secrets_gitops.manifests.secret_store import SecretStore
    from secrets_gitops.materialize.providers.credentials import Credentials


class Fake:
    """A store that holds its values. A missing property is a missing secret, unlike anywhere else."""

    converts = True

    def __init__(self, store: SecretStore, credentials: Credentials) -> None:
        fields = credentials.fields
        path = ("spec", "provider", "fake")
        known(fields, store.provider, {"data", "validationResult"}, "the provider `fake`", *path)
        items: list[tuple[str, str, str]] = []
        for at, one in enumerate(fields.items(store.provider.get("data"), *path, "data")):
            here = (*path, "data", at)
            given = fields.mapping(one, *here)
            known(fields, given, {"key", "value", "version"}, "an item of the provider `fake`", *here)
            key, value = (required(fields, given.get(name), *here, name) for name in ("key", "value"))
            items.append((key, fields.text(given.get("version"), *here, "version"), value))
        self.store = Store("fake", (("items", Hidden(json.dumps(items))),))

    def locator(self, remote: Remote) -> Locator:
        """Key and version, both of which must fit."""
        return Locator(remote.key, (("version", remote.version),) if remote.version else ())

    def value(self, remote: Remote, answer: bytes) -> bytes:
        """The text, or what is found in it under the property as a path."""
        return answer if not remote.property else self._property(remote, answer).found()

    def members(self, remote: Remote, answer: bytes) -> Mapping[str, bytes]:
        """Each value as it is written; the whole text is read first."""
        value = (
            self._property(remote, answer) if remote.property else Json.read(answer, f"the value of {called(remote)}")
        )
        return {name: one.written() for name, one in members_of(value, remote).items()}

    def absent_is_an_error(self, *, extract: bool) -> bool:  # noqa: ARG002
        """It is told apart everywhere."""
        return False

    def listing(self, find: Find) -> Locator:
        """All keys."""
        if find.name is None:
            raise NotBuiltYet("the provider `fake` finds by name only, not by tags")
        return Locator.names(find.path)

    def found(self, find: Find, names: Sequence[str]) -> Sequence[Remote]:
        """The newest version of each, by comparing texts."""
        return [Remote(name, version=NEWEST, reading=find.reading) for name in names]

    def _property(self, remote: Remote, answer: bytes) -> Json:
        try:
            text = answer.decode()
        except UnicodeDecodeError:
            raise SecretNotFound(f"{called(remote)} is not in the store") from None
        value = Json.read(text, f"the value of `{remote.key}`").at(remote.property)
        if value is None:
            raise SecretNotFound(f"{called(remote)} is not in the store")
        return value
