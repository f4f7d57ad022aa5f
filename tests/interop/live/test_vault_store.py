"""Secret stores of External Secrets on a real OpenBao: values, metadata, search and logins."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.backends import catalog
from secrets_gitops.backends.backend import Fetched, Hidden, Locator, Surroundings
from secrets_gitops.backends.vault_store import METADATA
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, BackendError, BadReference, Error, SecretNotFound, SettingsError

if TYPE_CHECKING:
    from openbao import OpenBao

pytestmark = pytest.mark.live


@pytest.fixture
def kv(openbao: OpenBao) -> str:
    mount = openbao.mount()
    for attempt in range(50):  # a new mount of version 2 may still be upgrading
        try:
            openbao.put(mount, "team/db", {"user": "u", "n": 1.5})
            break
        except OSError:
            assert attempt < 49
            time.sleep(0.05)
    openbao.put(mount, "team/deep/er/one", {"k": "1"})
    openbao.put(mount, "top", {"k": "2"})
    return mount


@pytest.fixture
def ask(openbao: OpenBao, kv: str):
    """A maker: the answer of a store with these settings beside address, mount and token."""

    def run(locator: Locator, **settings: str) -> Fetched:
        given = {"address": openbao.address, "mount": kv, "auth": "token", "secret": Hidden(openbao.token), **settings}
        store = catalog.connect("vault-store", {k: v for k, v in given.items() if v}, Surroundings({}, ".", "."))
        (answer,) = store.fetch([locator], Deadline(20))
        if isinstance(answer, Error):
            raise answer
        return answer

    return run


def test_values_by_every_spelling_of_the_key(ask, kv):
    for key in ("team/db", f"{kv}/team/db", f"{kv}/data/team/db"):
        answer = ask(Locator(key))
        assert json.loads(answer.value.reveal()) == {"user": "u", "n": 1.5}
        assert answer.version == "1"
    assert ask(Locator(f"{kv}/team/db"), mount="").version == "1"


def test_version_1(ask, openbao):
    mount = openbao.mount(1)
    openbao.ask("POST", f"{mount}/a", {"k": "v"})
    assert json.loads(ask(Locator("a"), mount=mount, kv="1").value.reveal()) == {"k": "v"}
    with pytest.raises(SecretNotFound):
        ask(Locator("b"), mount=mount, kv="1")
    assert json.loads(ask(Locator.names(""), mount=mount, kv="1").value.reveal()) == ["a"]


def test_what_is_gone(ask, kv, openbao):
    openbao.put(kv, "gone", {"k": "v"})
    openbao.ask("DELETE", f"{kv}/data/gone")
    with pytest.raises(SecretNotFound, match="was deleted"):
        ask(Locator("gone"))
    openbao.ask("PUT", f"{kv}/destroy/gone", {"versions": [1]})
    with pytest.raises(SecretNotFound, match="was destroyed"):
        ask(Locator("gone"))
    for locator in (Locator("never"), Locator("team/db", (("version", "9"),)), Locator("never", ((METADATA, "1"),))):
        with pytest.raises(SecretNotFound):
            ask(locator)
    with pytest.raises(SecretNotFound, match="no secrets engine"):
        ask(Locator("a"), mount="nowhere")
    with pytest.raises(BadReference):
        ask(Locator("../../sys/mounts"))


def test_names_are_found_in_all_folders(ask, kv):
    def names(path: str) -> list[str]:
        return json.loads(ask(Locator.names(path)).value.reveal())

    assert names("") == ["team/db", "team/deep/er/one", "top"]
    assert names("team") == names("team/") == ["team/db", "team/deep/er/one"]
    assert names("none") == []
    assert ask(Locator(names("team")[1])).version == "1"


def test_metadata(ask, kv, openbao):
    openbao.ask("POST", f"{kv}/metadata/top", {"custom_metadata": {"owner": "me"}})
    known = json.loads(ask(Locator("top", ((METADATA, "1"),))).value.reveal())
    assert known.pop("created_time").endswith("Z")
    assert known == {"owner": "me", "current_version": "1", "delete_version_after": "0s"}


def test_logins(ask, kv, openbao):
    policy = openbao.policy(f"{kv}/data/team/*")
    mount, role, secret = openbao.approle(policy)
    approle = {"auth": "approle", "auth_mount": mount, "role": role, "secret": Hidden(secret)}
    assert ask(Locator("team/db"), **approle).version == "1"
    users = openbao.auth("userpass")
    openbao.ask("POST", f"auth/{users}/users/joe", {"password": "pw", "token_policies": [policy]})
    joe = {"auth": "userpass", "auth_mount": users, "username": " joe ", "secret": Hidden("pw")}
    assert ask(Locator("team/db"), **joe).version == "1"
    with pytest.raises(AccessDenied, match="does not let this login read `top`"):
        ask(Locator("top"), **joe)
    with pytest.raises(AccessDenied, match="refuses the userpass login"):
        ask(Locator("team/db"), **{**joe, "secret": "wrong"})
    with pytest.raises(SettingsError, match="only a cluster"):
        ask(Locator("team/db"), auth="kubernetes", role="x", secret="", service_account="ns/app")


def test_a_login_in_another_namespace(ask, openbao):
    openbao.ask("POST", "sys/namespaces/team-b", {})
    mount = openbao.mount(namespace="team-b")
    openbao.ask("POST", f"{mount}/data/a", {"data": {"k": "b"}}, namespace="team-b")
    assert ask(Locator("a"), mount=mount, namespace="team-b").version == "1"
    _, role, secret = (path := openbao.approle("default"))
    login = {"auth": "approle", "auth_mount": path[0], "role": role, "secret": secret}
    with pytest.raises(AccessDenied):
        ask(Locator("a"), mount=mount, namespace="team-b", **login)
    with pytest.raises(AccessDenied, match="does not let this login read"):
        ask(Locator("a"), mount=mount, namespace="team-b", auth_namespace="root", **login)


def test_the_login_of_the_environment(openbao, kv):
    def fetch(**environ: str) -> object:
        settings = {"address": openbao.address, "mount": kv, "auth": "environment"}
        store = catalog.connect("vault-store", settings, Surroundings(environ, ".", "."))
        return store.fetch([Locator("top")], Deadline(20))[0]

    assert isinstance(fetch(VAULT_TOKEN=openbao.token), Fetched)
    with pytest.raises(SettingsError, match="no token"):
        fetch(HOME="/nowhere")
    with pytest.raises(AccessDenied, match="is not sent"):
        fetch(VAULT_TOKEN=openbao.token, VAULT_ADDR="https://vault.example.org")


def test_without_a_login_no_token_is_sent(ask):
    with pytest.raises(AccessDenied):
        ask(Locator("team/db"), auth="", secret="")


def test_headers_and_an_authority_of_the_store(own_openbao, tmp_path, ask):
    server = own_openbao(tls=True)
    server.put("secret", "a", {"k": "v"})
    authority = (tmp_path / "openbao-0" / "vault-ca.pem").read_text()
    there = {"address": server.address, "mount": "secret", "headers": '{"X-Extra": "1"}'}
    assert ask(Locator("a"), **there, ca_pem=authority).version == "1"
    with pytest.raises(BackendError, match="cannot trust"):
        ask(Locator("a"), **there)
    with pytest.raises(SettingsError, match="cannot be loaded"):
        ask(Locator("a"), **there, ca_pem="-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
