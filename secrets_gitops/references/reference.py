"""Reference: one value wanted, as settings of a store, a place in it, and the part that is meant.

Here the languages meet: a vals expression, a SecretStore block and `AVP_*` variables all become this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from secrets_gitops.backends.backend import Locator
    from secrets_gitops.errors import Place
    from secrets_gitops.references.pick import Pick


class Store(NamedTuple):
    """A backend and how to reach it. Equal stores are opened once."""

    backend: str
    settings: tuple[tuple[str, str], ...] = ()
    """Sorted by name: address, login and the like; never what differs between two values of one store."""


class Reference(NamedTuple):
    """One value wanted."""

    store: Store
    locator: Locator
    pick: Pick
    text: str
    """Canonical form: two references that mean the same value read the same."""
    place: Place | None = None
    """Where it stands, if in a file."""
