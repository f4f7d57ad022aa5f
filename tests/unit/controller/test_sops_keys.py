"""Whose keys open a SopsSecret: anybody may write one, so our token goes only to servers that an operator named."""

from __future__ import annotations

import pytest

from secrets_gitops.controller.kinds.enabled import _for_strangers
from secrets_gitops.errors import NoMatchingKey
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import WrappedKey

FIELDS = {"vault_address": "http://127.0.0.1:1", "engine_path": "transit", "key_name": "k"}


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ({}, "does not let a token go to"),
        ({"SOPS_HC_VAULT_ALLOWLIST": ""}, "does not let a token go to"),
        ({"SOPS_HC_VAULT_ALLOWLIST": "http://127.0.0.1:1"}, "cannot reach"),
    ],
    ids=["nothing said", "empty", "named"],
)
def test_a_vault_token_goes_to_servers_that_are_named(listed: dict[str, str], reason: str):
    environ = _for_strangers({"VAULT_TOKEN": "t", "VAULT_MAX_RETRIES": "0", **listed})
    with pytest.raises(NoMatchingKey) as caught:
        Keyring.local((), environ).unwrap([WrappedKey("hc_vault", "u", "vault:v1:x", FIELDS)], "s.yaml")
    assert reason in caught.value.attempts[0].reason
