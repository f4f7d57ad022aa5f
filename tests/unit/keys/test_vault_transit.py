"""Transit keys of a real OpenBao: both ways, in batches, and what is refused before or by the server."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import uuid
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.errors import AccessDenied, KeyServiceUnavailable, KeySourceError, NoMatchingKey, SettingsError
from secrets_gitops.keys import catalog, vault_transit
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.recipient import WrappedKey
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from pathlib import Path

DATA_KEY = Plaintext(bytes(range(32)))


@pytest.fixture
def transit(openbao, monkeypatch: pytest.MonkeyPatch) -> str:
    """A transit engine of its own with the key `k`; the environment holds the administrator's token."""
    path = f"transit-{uuid.uuid4().hex[:8]}"
    openbao.ask("POST", f"sys/mounts/{path}", {"type": "transit"})
    openbao.ask("POST", f"{path}/keys/k", {})
    monkeypatch.setenv("VAULT_TOKEN", openbao.token)
    return path


def uri(openbao, engine: str, name: str = "k") -> str:
    return f"{openbao.address}/v1/{engine}/keys/{name}"


def entry(openbao, engine: str, enc: str, name: str = "k") -> WrappedKey:
    fields = {"vault_address": openbao.address, "engine_path": engine, "key_name": name}
    return WrappedKey("hc_vault", uri(openbao, engine, name), enc, fields)


def limited(openbao, *rules: tuple[str, str]) -> str:
    """A token with exactly these (path, capability) pairs."""
    name = f"p-{uuid.uuid4().hex[:8]}"
    text = "".join(f'path "{path}" {{ capabilities = ["{capability}"] }}\n' for path, capability in rules)
    openbao.ask("PUT", f"sys/policies/acl/{name}", {"policy": text})
    return openbao.new_token(name)


def requests_of(openbao, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The requests that go out from now on, as (method, path)."""
    from secrets_gitops.clients import vault_transport

    seen: list[tuple[str, str]] = []
    once = vault_transport.Transport._once

    def noted(self, method, path, *more):
        seen.append((method, path))
        return once(self, method, path, *more)

    monkeypatch.setattr(vault_transport.Transport, "_once", noted)
    return seen


def test_a_uri_names_address_engine_and_key():
    found = vault_transit.parse_recipient(" https://vault.example.com:8200/v1/team/sops/transit/keys/app/ ")
    assert found.text == "https://vault.example.com:8200/v1/team/sops/transit/keys/app"
    assert found.fields == {
        "vault_address": "https://vault.example.com:8200",
        "engine_path": "team/sops/transit",
        "key_name": "app",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vault.example.com/v1/transit/keys/k",
        "https://vault/transit/keys/k",
        "https://proxy/vault/v1/transit/keys/k",
        "https://user:pass@vault/v1/transit/keys/k",
        "https://vault/v1/transit/encrypt/k",
        "https://vault/v1/transit/keys/",
        "https://vault/v1/../sys/keys/k",
        "https://vault/v1/transit/keys/..",
        "https://vault/v1/transit/keys/k?x=y",
        "https://vault/v1/tran sit/keys/k",
    ],
)
def test_what_is_no_uri_of_a_key_is_refused(text: str):
    with pytest.raises(KeySourceError):
        vault_transit.parse_recipient(text)


def test_what_was_wrapped_opens_and_is_what_the_server_itself_says(openbao, transit: str):
    text = catalog.recipient("hc_vault", uri(openbao, transit)).wrap(DATA_KEY)
    plain = openbao.ask("POST", f"{transit}/decrypt/k", {"ciphertext": text})["data"]["plaintext"]
    assert base64.b64decode(plain) == DATA_KEY.reveal()
    assert Keyring.local().unwrap([entry(openbao, transit, text)], "s.yaml") == DATA_KEY


def test_many_entries_of_a_run_open_in_one_request(openbao, transit: str, monkeypatch: pytest.MonkeyPatch):
    recipient = catalog.recipient("hc_vault", uri(openbao, transit))
    keys = [Plaintext(bytes([number]) * 32) for number in range(20)]
    groups = [[entry(openbao, transit, recipient.wrap(key))] for key in keys]
    seen = requests_of(openbao, monkeypatch)
    keyring = Keyring.local()
    keyring.prepare(groups)
    assert [keyring.unwrap(group, "s.yaml") for group in groups] == keys
    assert seen == [("put", f"/v1/{transit}/decrypt/k")]


def test_one_bad_entry_among_many_leaves_the_others_open(openbao, transit: str):
    good = catalog.recipient("hc_vault", uri(openbao, transit)).wrap(DATA_KEY)
    groups = [[entry(openbao, transit, text)] for text in (good, good[:-8] + "AAAAAAA=", "vault:v1:zz", "junk")]
    keyring = Keyring.local()
    keyring.prepare(groups)
    assert keyring.unwrap(groups[0], "s.yaml") == DATA_KEY
    for group in groups[1:]:
        with pytest.raises(NoMatchingKey, match="none of your keys") as caught:
            keyring.unwrap(group, "s.yaml")
        assert "does not open it" in caught.value.attempts[0].reason


def test_an_answer_is_kept_for_the_run_and_whoever_wipes_it_wipes_a_copy(openbao, transit: str, monkeypatch):
    group = [entry(openbao, transit, catalog.recipient("hc_vault", uri(openbao, transit)).wrap(DATA_KEY))]
    seen = requests_of(openbao, monkeypatch)
    keyring = Keyring.local()
    keyring.unwrap(group, "s.yaml").wipe()
    assert keyring.unwrap(group, "s.yaml") == DATA_KEY
    assert len(seen) == 1


def test_a_misspelled_name_makes_no_key(openbao, transit: str):
    with pytest.raises(KeySourceError, match="has no transit key"):
        catalog.recipient("hc_vault", uri(openbao, transit, "kk")).wrap(DATA_KEY)
    assert openbao.ask("GET", f"{transit}/keys?list=true")["data"]["keys"] == ["k"]


def test_a_token_that_may_only_encrypt_encrypts(openbao, transit: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VAULT_TOKEN", limited(openbao, (f"{transit}/encrypt/k", "update")))
    text = catalog.recipient("hc_vault", uri(openbao, transit)).wrap(DATA_KEY)
    with pytest.raises(NoMatchingKey) as caught:
        Keyring.local().unwrap([entry(openbao, transit, text)], "s.yaml")
    assert "does not let us decrypt" in caught.value.attempts[0].reason
    assert caught.value.exit_code == 3


def test_an_engine_that_is_not_there_is_told(openbao, transit: str):
    with pytest.raises(KeySourceError, match="no secrets engine at `nowhere/`"):
        catalog.recipient("hc_vault", uri(openbao, "nowhere")).wrap(DATA_KEY)


def test_a_token_from_the_file_that_vault_login_writes(openbao, transit: str, monkeypatch, tmp_path: Path):
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".vault-token").write_text(openbao.token + "\n")
    assert catalog.recipient("hc_vault", uri(openbao, transit)).wrap(DATA_KEY).startswith("vault:v1:")


def test_no_token_and_a_wrong_token_are_denied(openbao, transit: str, monkeypatch: pytest.MonkeyPatch):
    for token in ("", "s.wrong"):
        monkeypatch.setenv("VAULT_TOKEN", token)
        with pytest.raises(AccessDenied):
            catalog.recipient("hc_vault", uri(openbao, transit)).wrap(DATA_KEY)


def test_vault_addr_does_not_count(openbao, transit: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
    assert catalog.recipient("hc_vault", uri(openbao, transit)).wrap(DATA_KEY)


def test_a_server_that_is_away_is_worth_another_try(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VAULT_TOKEN", "t")
    monkeypatch.setenv("VAULT_MAX_RETRIES", "0")
    fields = {"vault_address": "http://127.0.0.1:1", "engine_path": "transit", "key_name": "k"}
    away = WrappedKey("hc_vault", "http://127.0.0.1:1/v1/transit/keys/k", "vault:v1:x", fields)
    with pytest.raises(KeyServiceUnavailable) as caught:
        Keyring.local().unwrap([away], "s.yaml")
    assert (caught.value.exit_code, caught.value.retry) == (4, True)
    assert "connection refused" in caught.value.attempts[0].reason


@pytest.mark.parametrize("field", ["engine_path", "key_name"])
@pytest.mark.parametrize("text", ["../sys", "a/../../sys/seal", "x?y", "a%2fb", "", "a b", "."])
def test_a_file_cannot_lead_the_token_to_another_path(field: str, text: str):
    fields = {"vault_address": "http://127.0.0.1:1", "engine_path": "transit", "key_name": "k"} | {field: text}
    with pytest.raises(NoMatchingKey) as caught:
        Keyring.local().unwrap([WrappedKey("hc_vault", "x", "vault:v1:x", fields)], "s.yaml")
    assert "not usable" in caught.value.attempts[0].reason


@pytest.mark.parametrize(
    ("listed", "address", "allowed"),
    [
        ("", "https://any:8200", True),
        ("all", "https://any:8200", True),
        ("none", "https://any:8200", False),
        ("all,https://x", "https://any:8200", False),
        ("https://h:8200", "https://h:8200", True),
        ("https://h:8200/", "https://h:8200", True),
        ("https://h:8200", "https://h:8200/", True),
        ("http://h:820", "http://h:8200", False),
        ("http://h:8200/v1", "http://h:8200", False),
        ("https://a, https://h:8200 ", "https://h:8200", True),
        ("https://H:8200", "https://h:8200", False),
        ("h:8200", "https://h:8200", False),
        ("https://h", "https://h.evil.example", False),
    ],
)
def test_the_allow_list_compares_as_sops_does(listed: str, address: str, allowed: bool):
    environ = {"SOPS_HC_VAULT_ALLOWLIST": listed}
    if allowed:
        vault_transit.check_allowed(address, environ)
    else:
        with pytest.raises(AccessDenied, match="does not let a token go to"):
            vault_transit.check_allowed(address, environ)


def test_an_empty_entry_of_the_allow_list_is_an_error():
    with pytest.raises(SettingsError, match="empty entry"):
        vault_transit.check_allowed("https://h", {"SOPS_HC_VAULT_ALLOWLIST": "https://h,"})


class _Catcher(http.server.BaseHTTPRequestHandler):
    tokens: list[str | None]

    def do_PUT(self) -> None:
        self.server.tokens.append(self.headers.get("X-Vault-Token"))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"data": {}}).encode())

    def log_message(self, *_: object) -> None:
        pass


def test_no_byte_goes_to_an_address_that_is_not_allowed(monkeypatch: pytest.MonkeyPatch):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Catcher) as server:
        server.tokens = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("VAULT_TOKEN", "s.secret")
        monkeypatch.setenv("SOPS_HC_VAULT_ALLOWLIST", "https://vault.example.com")
        fields = {"vault_address": address, "engine_path": "transit", "key_name": "k"}
        with pytest.raises(NoMatchingKey) as caught:
            Keyring.local().unwrap([WrappedKey("hc_vault", "x", "vault:v1:x", fields)], "s.yaml")
        assert "SOPS_HC_VAULT_ALLOWLIST" in caught.value.attempts[0].reason
        assert server.tokens == []  # type: ignore[attr-defined]
        server.shutdown()
