"""One of a thing per environment: all keys of a run share its logins, and another environment gets its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from secrets_gitops.clients.vault_login import hashed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Thing = TypeVar("Thing")


class PerEnvironment(Generic[Thing]):
    """Makes a thing when an environment is first seen. Environments differ by the variables that count."""

    def __init__(self, make: Callable[[Mapping[str, str]], Thing], prefixes: tuple[str, ...]) -> None:
        self._make = make
        self._prefixes = (*prefixes, "HOME", "HTTP", "NO_PROXY", "SSL_", "http", "no_proxy")
        self._lock = threading.Lock()
        self._made: dict[str, Thing] = {}

    def __call__(self, environ: Mapping[str, str]) -> Thing:
        """The thing of this environment."""
        counts = sorted((name, value) for name, value in environ.items() if name.startswith(self._prefixes))
        key = hashed(repr(counts))
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(environ)
            return self._made[key]
