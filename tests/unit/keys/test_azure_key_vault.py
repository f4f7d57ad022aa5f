"""Azure Key Vault keys against a small TLS server: Azure's own libraries log in there, and what each failure is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from fakes.azure_vault import AzureVault

from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, KeyServiceUnavailable, KeySourceError, NoMatchingKey, SettingsError
from secrets_gitops.keys import azure_key_vault, catalog
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from pathlib import Path

DATA_KEY = Plaintext(bytes(range(32)))
URL = "https://team.vault.azure.net/keys/sops"
VERSION = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def _vault(tmp_path_factory: pytest.TempPathFactory):
    vault = AzureVault(tmp_path_factory.mktemp("azure"))
    vault.key("k")
    yield vault
    vault.stop()


@pytest.fixture
def vault(_vault: AzureVault, monkeypatch: pytest.MonkeyPatch):
    """An Azure whose managed identity the environment leads to; `k` is a key."""
    for name, value in _vault.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("secrets_gitops.clients.retrying._FIRST_WAIT", 0.01)
    _vault.requests.clear()
    _vault.script.clear()
    _vault.logins = 0
    return _vault


def entry(url: str, enc: str | None = None) -> WrappedKey:
    recipient = catalog.recipient("azure_kv", url)
    enc = recipient.wrap(DATA_KEY) if enc is None else enc
    return WrappedKey("azure_kv", recipient.text, enc, recipient.fields)


def unwrap(*entries: WrappedKey) -> Plaintext:
    return Keyring.local().unwrap(entries, "s.yaml")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (URL, {"vault_url": "https://team.vault.azure.net", "name": "sops", "version": ""}),
        (f"{URL}/", {"vault_url": "https://team.vault.azure.net", "name": "sops", "version": ""}),
        (f" {URL}/{VERSION}", {"vault_url": "https://team.vault.azure.net", "name": "sops", "version": VERSION}),
    ],
)
def test_a_url_names_vault_key_and_version(text: str, fields: dict[str, str]):
    found = azure_key_vault.parse_recipient(text)
    assert found.fields == fields
    assert found.text == text.strip().rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "team",
        URL.replace("https", "http"),
        f"{URL}/v/w",
        "https://t/secrets/x",
        f"{URL}?x",
        "https://u@t/keys/k",
        "https://t/keys/..",
    ],
)
def test_what_is_no_url_of_a_key_is_refused(text: str):
    with pytest.raises(KeySourceError):
        azure_key_vault.parse_recipient(text)


def test_what_was_wrapped_opens_and_names_the_newest_version(vault: AzureVault):
    found = entry(vault.key("versioned", VERSION))
    assert found.fields["version"] == VERSION
    assert found.recipient.endswith(f"/keys/versioned/{VERSION}")
    assert "=" not in found.enc
    vault.key("versioned", "f" * 32)
    assert unwrap(found) == DATA_KEY


def test_a_run_logs_in_once_and_makes_one_request_for_each_key(vault: AzureVault, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AZURE_TEST", "an environment of its own")
    groups = [[entry(f"{vault.address}/keys/k/{'1' * 32}")] for _ in range(6)]
    vault.requests.clear()
    keyring = Keyring.local()
    keyring.prepare(groups)
    assert [keyring.unwrap(group, "s.yaml") for group in groups] == [DATA_KEY] * 6
    assert vault.requests == [("POST", f"/keys/k/{'1' * 32}/decrypt")] * 6
    assert vault.logins == 1


def test_the_newest_version_is_looked_up_once_for_many_files(vault: AzureVault):
    url = vault.key("many")
    for _ in range(3):
        entry(url)
    assert [request for request in vault.requests if request[0] == "GET"] == [("GET", "/keys/many")]


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, "Forbidden", NoMatchingKey, "denies us the key"),
        (404, "KeyNotFound", NoMatchingKey, "there is no key"),
        (429, "Throttled", KeyServiceUnavailable, "fewer requests"),
        (503, "ServiceUnavailable", KeyServiceUnavailable, "trouble of its own"),
        (400, "BadParameter", NoMatchingKey, "wrapped with another key or version, or changed"),
        (409, "SomethingNew", NoMatchingKey, "SomethingNew"),
        (418, "", NoMatchingKey, "does not answer like a key vault"),
    ],
)
def test_each_failure_has_its_kind_and_never_quotes_the_service(vault: AzureVault, status, code, kind, words):
    vault.script += [(status, code)] * 3
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(entry(f"{vault.address}/keys/k/{'1' * 32}", "AAAA"))
    assert type(caught.value) is kind
    assert words in caught.value.attempts[0].reason
    assert "secret words" not in str(caught.value.attempts)


def test_a_throttled_request_is_made_again(vault: AzureVault):
    found = entry(f"{vault.address}/keys/k")
    vault.script += [(429, "Throttled"), (500, "x")]
    assert unwrap(found) == DATA_KEY


def test_an_entry_that_is_no_base64url_is_told(vault: AzureVault):
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(entry(f"{vault.address}/keys/k/1", "§"))
    assert "not base64url" in caught.value.attempts[0].reason


def test_a_vault_that_asks_for_the_login_of_another_service_gets_none(vault: AzureVault, monkeypatch):
    monkeypatch.setenv("AZURE_TEST", "nothing cached")
    monkeypatch.setattr(vault, "resource", "https://vault.example.com")
    from azure.keyvault.keys._shared import http_challenge_cache

    http_challenge_cache.clear()
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(entry(f"{vault.address}/keys/k/1", "AAAA"))
    assert "another service" in caught.value.attempts[0].reason
    assert vault.logins == 0


def test_a_server_that_is_not_trusted_is_told(vault: AzureVault, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(entry(f"{vault.address}/keys/k/1", "AAAA"))
    assert "cannot trust the certificate" in caught.value.attempts[0].reason


def test_azure_that_is_away_is_worth_another_try(vault: AzureVault):
    with pytest.raises(KeyServiceUnavailable) as caught:
        Keyring.local(deadline=Deadline(5.0)).unwrap([entry("https://127.0.0.1:1/keys/k/1", "AAAA")], "s.yaml")
    assert caught.value.exit_code == 4


def test_without_a_login_the_hint_says_how_to_log_in(vault: AzureVault, monkeypatch, tmp_path: Path):
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AccessDenied, match="no Azure login") as caught:
        catalog.recipient("azure_kv", f"{vault.address}/keys/k").wrap(DATA_KEY)
    assert caught.value.hints == ("log in: `az login`",)


@pytest.mark.parametrize("fields", [{"vault_url": "https://evil/x?y"}, {"name": "../secrets"}, {"version": "1/../x"}])
def test_a_file_cannot_lead_the_login_to_another_path(vault: AzureVault, fields: dict[str, str]):
    good = entry(f"{vault.address}/keys/k/1", "AAAA")
    with pytest.raises(NoMatchingKey) as caught:
        unwrap(good._replace(fields={**good.fields, **fields}))
    assert "not usable" in caught.value.attempts[0].reason


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(SettingsError, match="azure-identity") as caught:
        catalog.recipient("azure_kv", URL).wrap(DATA_KEY)
    assert caught.value.hints == ("pip install 'secrets-gitops[azure]'",)
