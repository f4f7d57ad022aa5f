"""The kinds of keys that SOPS files know, by their names in the metadata, and what reads a recipient of each kind."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from secrets_gitops.errors import Error, NotBuiltYet, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.errors import Place
    from secrets_gitops.keys.recipient import Identity, Recipient

PARSERS = {
    "age": "secrets_gitops.keys.age:parse_recipient",
    "kms": "secrets_gitops.keys.aws_kms:parse_recipient",
    "pgp": "secrets_gitops.keys.pgp:parse_recipient",
    "gcp_kms": "secrets_gitops.keys.gcp_kms:parse_recipient",
    "azure_kv": "secrets_gitops.keys.azure_key_vault:parse_recipient",
    "hc_vault": "secrets_gitops.keys.vault_transit:parse_recipient",
}
"""Kind → `module:function` from a recipient's text to a `Recipient`; imported when a recipient of the kind appears."""

AMBIENT: dict[str, str] = {
    "kms": "secrets_gitops.keys.aws_kms:identity",
    "pgp": "secrets_gitops.keys.pgp:agent",
    "gcp_kms": "secrets_gitops.keys.gcp_kms:identity",
    "azure_kv": "secrets_gitops.keys.azure_key_vault:identity",
    "hc_vault": "secrets_gitops.keys.vault_transit:identity",
}
"""Kind → `module:function` from (environment, deadline) to the Identity that this machine has for the kind by itself:
an agent, an account of a cloud, a login. Imported when a file has an entry of the kind."""

ELSEWHERE = {"hckms": "Huawei Cloud KMS keys"}
"""Kind → what users call it: only the official sops speaks to the service."""


def recipient(kind: str, text: str, place: Place | None = None) -> Recipient:
    """The recipient that `text` names. Raises errors at `place`.

    NotBuiltYet for a kind or form that is known and not handled, KeySourceError for a text that names no recipient,
    SettingsError for an unknown kind.
    """
    if kind in ELSEWHERE:
        hint = "the official sops has them: say `--engine sops`"
        raise NotBuiltYet(f"{ELSEWHERE[kind]} (`{kind}`) are not handled here", hints=(hint,), place=place)
    if kind not in PARSERS:
        known = ", ".join(f"`{name}`" for name in (*PARSERS, *ELSEWHERE))
        raise SettingsError(f"unknown kind of key: `{kind}`", hints=(f"there are {known}",), place=place)
    module, _, name = PARSERS[kind].partition(":")
    try:
        found: Recipient = getattr(importlib.import_module(module), name)(text)
    except Error as error:
        error.place = error.place or place
        raise
    return found


def ambient_identity(kind: str, *, environ: Mapping[str, str], deadline: Deadline | None = None) -> Identity | None:
    """What this machine can open entries of a kind with, beside the identities that were found; None for nothing."""
    if kind not in AMBIENT:
        return None
    module, _, name = AMBIENT[kind].partition(":")
    found: Identity = getattr(importlib.import_module(module), name)(environ, deadline)
    return found
