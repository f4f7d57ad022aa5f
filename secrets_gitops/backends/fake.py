"""A store whose values stand in its settings: the `fake` provider of External Secrets."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from secrets_gitops.backends.backend import Fetched
from secrets_gitops.errors import SecretNotFound
from secrets_gitops.plaintext import Plaintext
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.backends.backend import Locator, Surroundings
    from secrets_gitops.deadline import Deadline
    from secrets_gitops.errors import Error

NEWEST = "\0newest"
"""The `version` parameter that stands for the last one by comparing texts, so that `v9` is newer than `v10`."""


class Fake:
    """Values by key and version."""

    def __init__(self, items: str) -> None:
        """`items`: a JSON list of key, version and value."""
        self._values = {(key, version): value for key, version, value in json.loads(items)}
        self.identity = f"fake {hashlib.sha256(items.encode()).hexdigest()}"

    def fetch(self, locators: Sequence[Locator], deadline: Deadline) -> Sequence[Fetched | Error]:  # noqa: ARG002
        """The value of each; both key and version must fit."""
        return [self._one(locator) for locator in locators]

    def _one(self, locator: Locator) -> Fetched | Error:
        if locator.asks_names:
            names = sorted({key for key, _ in self._values if key.startswith(locator.path)})
            return Fetched(Plaintext(json.dumps(names)))
        version = locator.parameter("version") or ""
        if version == NEWEST:
            version = max((each for key, each in self._values if key == locator.path), default="")
        value = self._values.get((locator.path, version))
        if value is None:
            return SecretNotFound(f"`{printable(locator.path)}` is not in the store")
        return Fetched(Plaintext(value), version=version or None)


def connect(settings: Mapping[str, str], surroundings: Surroundings) -> Fake:  # noqa: ARG001  it needs nothing
    """The store that `settings` holds."""
    return Fake(settings["items"])
