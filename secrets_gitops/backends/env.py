"""The environment as a store: `ref+env://NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.backends.backend import Fetched
from secrets_gitops.errors import AccessDenied, Error, SecretNotFound
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.backends.backend import Locator, Surroundings
    from secrets_gitops.deadline import Deadline

PRIVATE = frozenset({"SOPS_AGE_KEY"})
"""Variables that hold a private key; no manifest may ask for them."""


class Environment:
    """The variables that the process was started with."""

    identity = "env"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def fetch(self, locators: Sequence[Locator], deadline: Deadline) -> Sequence[Fetched | Error]:  # noqa: ARG002  never waits
        """The value of each variable; an empty one is a value, an unset one is not found."""
        values = [self.value(locator.path) for locator in locators]
        return [
            value if isinstance(value, Error) else Fetched(Plaintext(value.encode("utf-8", "surrogateescape")))
            for value in values
        ]

    def value(self, name: str) -> str | Error:
        """The variable `name`, or why it is not given."""
        if name in PRIVATE:
            return AccessDenied(f"the environment variable `{name}` holds a private key and is not given out")
        if name not in self._environ:
            return SecretNotFound(f"there is no environment variable `{name}`")
        return self._environ[name]


def connect(settings: Mapping[str, str], surroundings: Surroundings) -> Environment:  # noqa: ARG001  it has no settings
    """Open the environment of `surroundings`."""
    return Environment(surroundings.environ)
