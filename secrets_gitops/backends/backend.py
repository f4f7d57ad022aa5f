"""The protocol of a secret store, and the values that go in and out of it.

A backend is opened by a function `(settings, surroundings) -> Backend`, named in `backends.catalog`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.errors import Error
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.plaintext import Plaintext


class Locator(NamedTuple):
    """Where in a store a value lies: what differs between two values of one store."""

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    """Sorted by name, so that equal places are equal locators."""

    def parameter(self, name: str) -> str | None:
        """The parameter `name`, or None."""
        return dict(self.parameters).get(name)

    @classmethod
    def names(cls, path: str, **parameters: str) -> Locator:
        """Asks for what lies below `path` instead of a value: the answer is a JSON list of paths, which may be empty.

        Only stores that can be searched answer it; see External Secrets' `find`.
        """
        return cls(path, tuple(sorted({**parameters, NAMES: "all"}.items())))

    @property
    def asks_names(self) -> bool:
        """Whether it was made by `names`."""
        return self.parameter(NAMES) is not None


NAMES = "\0names"
"""The parameter that asks for names; no reference can hold it."""


class Hidden(str):
    """A setting that is a credential: text like any other, but not in a repr, and so in no log of settings."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Hidden(…)"


@dataclass(frozen=True)
class Fetched:
    """What a store gave for one locator."""

    value: Plaintext
    version: str | None = None
    """The store's word for it; None when it keeps no versions."""
    expires_at: float | None = None
    """When it must be asked for again, in seconds of the monotonic clock; None: good for the whole run."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Not secret. `format` says how a document is to be read: `yaml` or `json`."""


class Backend(Protocol):
    """A store, reached with one login."""

    @property
    def identity(self) -> str:
        """Server and login in one text without secrets: two backends of one identity give the same answers."""

    def fetch(self, locators: Sequence[Locator], deadline: Deadline) -> Sequence[Fetched | Error]:
        """One answer for each locator, in order: the value, or why there is none (SecretNotFound, AccessDenied …).

        Raises an Error when the store as a whole gives no answers (Unavailable: try again later).
        """


@dataclass(frozen=True)
class Surroundings:
    """What of this machine a backend may use. A controller gives less than a command line."""

    environ: Mapping[str, str]
    directory: str
    """Relative paths begin here."""
    root: str
    """Files must lie below it, links followed; see `allow_outside`."""
    allow_outside: bool = False
    keyring: Callable[[], Keyring] | None = None
    """Makes the keys that open encrypted files; called when the first one is met. None: no file may be opened."""
    service_account_token: Callable[[str, str, tuple[str, ...], int, Deadline], Plaintext] | None = None
    """Makes a token for a service account: namespace, name, audiences, seconds. None outside of a cluster."""
