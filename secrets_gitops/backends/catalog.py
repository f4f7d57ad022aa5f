"""Every backend by name, imported when a reference names it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from secrets_gitops.errors import NotBuiltYet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.backends.backend import Backend, Surroundings

BACKENDS: dict[str, str] = {
    "env": "env:connect",
    "fake": "fake:connect",
    "file": "file:connect",
    "kubernetes": "kubernetes:connect",
    "sops": "sops:connect",
    "vault": "vault:connect",
    "openbao": "vault:connect_openbao",
    "vault-store": "vault_store:connect",
}
"""Name → module in this package and its function `(settings, surroundings) -> Backend`."""


def connect(name: str, settings: Mapping[str, str], surroundings: Surroundings) -> Backend:
    """The backend `name` under these settings. Raises NotBuiltYet for one that this version does not have."""
    if name not in BACKENDS:
        raise NotBuiltYet(
            f"the backend `{name}` is not built yet", hints=(f"backends of this version: {', '.join(BACKENDS)}",)
        )
    module, _, attribute = BACKENDS[name].partition(":")
    opener: Callable[[Mapping[str, str], Surroundings], Backend] = getattr(
        import_module(f"secrets_gitops.backends.{module}"), attribute
    )
    return opener(settings, surroundings)
