"""References to a real OpenBao: what each answer of the server becomes, and every way to log in but Kubernetes."""

from __future__ import annotations

import base64
import os
import time
from typing import TYPE_CHECKING

import pytest

from secrets_gitops.backends import catalog
from secrets_gitops.backends.backend import Fetched, Locator, Surroundings
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, BackendError, BadReference, NotBuiltYet, SecretNotFound, Unavailable
from secrets_gitops.references.fetcher import Fetcher
from secrets_gitops.references.resolve import Resolver, Wanted

if TYPE_CHECKING:
    from openbao import OpenBao

pytestmark = pytest.mark.live


@pytest.fixture
def environ(openbao: OpenBao) -> dict[str, str]:
    return {"VAULT_ADDR": openbao.address, "VAULT_TOKEN": openbao.token, "HOME": os.environ["HOME"]}


@pytest.fixture
def one(environ: dict[str, str], tmp_path):
    """A maker: the value of a reference, under these further variables (None unsets one)."""

    def resolve(reference: str, *, timeout: float = 20, **more: str | None):
        merged = {name: value for name, value in {**environ, **more}.items() if value is not None}
        surroundings = Surroundings(merged, str(tmp_path), str(tmp_path))
        return Resolver(Fetcher.local(surroundings, Deadline(timeout)), merged).one(reference)

    return resolve


@pytest.fixture
def kv(openbao: OpenBao) -> str:
    mount = openbao.mount()
    for attempt in range(50):  # a new mount of version 2 may still be upgrading
        try:
            openbao.put(mount, "app/db", {"password": "first", "port": 5432, "tls": {"on": True}})
            break
        except OSError:
            assert attempt < 49
            time.sleep(0.05)
    openbao.put(mount, "app/db", {"password": "second", "port": 5432, "tls": {"on": True}})
    return mount


class TestReading:
    def test_a_key_of_version_2_keeps_its_type(self, one, kv):
        assert one(f"ref+vault://{kv}/app/db#/password") == "second"
        assert one(f"ref+vault://{kv}/app/db#/port") == 5432
        assert one(f"ref+vault://{kv}/app/db#/tls") == {"on": True}
        assert one(f"x-ref+vault://{kv}/app/db#/tls/on") == "x-true"

    def test_a_key_in_the_path_is_text(self, one, kv):
        assert one(f"ref+vault://{kv}/app/db/password") == "second"
        assert one(f"ref+vault://{kv}/app/db/port") == "5432"

    def test_decode_gives_the_bytes_that_base64_holds(self, one, kv, openbao):
        openbao.put(kv, "bin", {"key": base64.b64encode(b"\xff\x00").decode(), "text": "not base64!"})
        assert one(f"ref+vault://{kv}/bin/key?decode=base64") == b"\xff\x00"
        with pytest.raises(BackendError, match="does not hold base64"):
            one(f"ref+vault://{kv}/bin/text?decode=base64")
        with pytest.raises(BadReference):
            one(f"ref+vault://{kv}/bin?decode=base64#/key")

    def test_an_older_version(self, one, kv):
        assert one(f"ref+vault://{kv}/app/db?version=1#/password") == "first"

    def test_version_1(self, one, openbao):
        mount = openbao.mount(1)
        openbao.ask("POST", f"{mount}/app", {"password": "p", "ttl": "30s"})
        assert one(f"ref+vault://{mount}/app#/password") == "p"
        with pytest.raises(BadReference, match="keeps no versions"):
            one(f"ref+vault://{mount}/app?version=1#/password")
        with pytest.raises(SecretNotFound):
            one(f"ref+vault://{mount}/none#/password")

    def test_a_mount_of_several_segments(self, one, openbao, kv):
        mount = openbao.mount(path=f"team/{kv}/store")
        openbao.put(mount, "a", {"k": "v"})
        assert one(f"ref+vault://{mount}/a#/k") == "v"

    def test_odd_names(self, one, kv, openbao):
        openbao.put(kv, "a%20b/c%3Fd", {"k/1": "v", "ä": "ö"})
        assert one(f"ref+vault://{kv}/a%20b/c%3Fd#/k%2F1") == "v"
        assert one(f"ref+vault://{kv}/a%20b/c%3Fd#/ä") == "ö"

    def test_a_large_secret(self, one, kv, openbao):
        openbao.put(kv, "large", {"k": "x" * 500_000})
        assert one(f"ref+vault://{kv}/large#/k") == "x" * 500_000

    def test_namespaces(self, one, openbao):
        openbao.ask("POST", "sys/namespaces/team-a", {})
        mount = openbao.mount(namespace="team-a")
        openbao.ask("POST", f"{mount}/data/a", {"data": {"k": "of team a"}}, namespace="team-a")
        assert one(f"ref+vault://{mount}/a?namespace=team-a#/k") == "of team a"
        assert one(f"ref+vault://{mount}/a#/k", VAULT_NAMESPACE="team-a/") == "of team a"
        with pytest.raises(SecretNotFound):
            one(f"ref+vault://{mount}/a#/k")


class TestMissing:
    def test_versions_deleted_destroyed_and_never_there(self, one, kv, openbao):
        openbao.ask("DELETE", f"{kv}/data/app/db")
        with pytest.raises(SecretNotFound, match=r"version 2 of .* was deleted") as deleted:
            one(f"ref+vault://{kv}/app/db#/password")
        assert "undelete" in deleted.value.hints[0]
        assert one(f"ref+vault://{kv}/app/db?version=1#/password") == "first"
        openbao.ask("PUT", f"{kv}/destroy/app/db", {"versions": [1]})
        with pytest.raises(SecretNotFound, match=r"version 1 of .* was destroyed"):
            one(f"ref+vault://{kv}/app/db?version=1#/password")
        with pytest.raises(SecretNotFound, match="has no version 7") as never:
            one(f"ref+vault://{kv}/app/db?version=7#/password")
        assert never.value.hints == ("its newest version is 2",)

    def test_a_deletion_time_in_the_future_is_not_a_deletion(self, one, kv, openbao):
        openbao.ask("POST", f"{kv}/metadata/later", {"delete_version_after": "1h"})
        openbao.put(kv, "later", {"k": "still here"})
        assert openbao.ask("GET", f"{kv}/data/later")["data"]["metadata"]["deletion_time"]
        assert one(f"ref+vault://{kv}/later#/k") == "still here"

    def test_a_path_a_key_and_a_mount(self, one, kv):
        with pytest.raises(SecretNotFound, match="has no secret"):
            one(f"ref+vault://{kv}/none#/k")
        with pytest.raises(SecretNotFound, match="has no key `nope`"):
            one(f"ref+vault://{kv}/app/db#/nope")
        with pytest.raises(SecretNotFound, match="has no key `nope`"):
            one(f"ref+vault://{kv}/app/db/nope")
        with pytest.raises(SecretNotFound, match="no secrets engine at `nowhere/`"):
            one("ref+vault://nowhere/a#/k")

    def test_data_written_by_hand_is_explained(self, one, kv):
        with pytest.raises(SecretNotFound) as error:
            one(f"ref+vault://{kv}/data/app/db#/password")
        assert f"`{kv}/app/db`" in error.value.hints[0]

    def test_other_engines_are_refused_for_they_would_make_credentials(self, one, openbao):
        openbao.ask("POST", "sys/mounts/pki-x", {"type": "pki"})
        with pytest.raises(NotBuiltYet, match="type `pki`"):
            one("ref+vault://pki-x/cert/ca#/certificate")

    @pytest.mark.parametrize("path", ["{kv}/../sys/mounts", "{kv}/a/./b", "{kv}//a", "{kv}/a%0Ab"])
    def test_paths_that_would_lead_elsewhere(self, one, kv, path):
        with pytest.raises(BadReference):
            one(f"ref+vault://{path.format(kv=kv)}#/k")


class TestDenied:
    def test_by_policy(self, one, kv, openbao):
        token = openbao.new_token(openbao.policy(f"{kv}/data/app/*"))
        assert one(f"ref+vault://{kv}/app/db#/password", VAULT_TOKEN=token) == "second"
        with pytest.raises(AccessDenied, match="does not let this token read") as error:
            one(f"ref+vault://{kv}/other#/k", VAULT_TOKEN=token)
        assert f'path "{kv}/data/other"' in error.value.hints[0]

    def test_without_any_right_in_the_mount(self, one, kv, openbao):
        with pytest.raises(AccessDenied, match="does not let this token read"):
            one(f"ref+vault://{kv}/other#/k", VAULT_TOKEN=openbao.new_token(openbao.policy("nothing")))

    def test_a_token_that_is_not_valid(self, one, kv, openbao):
        with pytest.raises(AccessDenied, match="does not accept the token of the variable `VAULT_TOKEN`"):
            one(f"ref+vault://{kv}/app/db#/password", VAULT_TOKEN="hvs.canary-wrong")

    def test_a_token_that_cannot_look_itself_up_still_reads(self, one, kv, openbao):
        token = openbao.new_token(openbao.policy(f"{kv}/data/app/*"), no_default_policy=True)
        assert one(f"ref+vault://{kv}/app/db#/password", VAULT_TOKEN=token) == "second"


class TestLogins:
    def test_token_from_a_variable_a_file_and_the_home_folder(self, one, kv, openbao, tmp_path, environ):
        reference = f"ref+vault://{kv}/app/db"
        assert one(f"{reference}?token_env=MINE#/password", VAULT_TOKEN=None, MINE=openbao.token) == "second"
        (tmp_path / "token").write_text(openbao.token + "\n")
        assert one(f"{reference}?token_file=token#/password", VAULT_TOKEN=None) == "second"
        outside = tmp_path.parent / "vault-token-outside"
        outside.write_text(openbao.token)
        assert one(f"{reference}#/password", VAULT_TOKEN=None, VAULT_TOKEN_FILE=str(outside)) == "second"
        with pytest.raises(AccessDenied, match="outside the repository"):
            one(f"{reference}?token_file={outside}#/password", VAULT_TOKEN=None)
        home = tmp_path / "home"
        home.mkdir()
        (home / ".vault-token").write_text(openbao.token)
        assert one(f"{reference}#/password", VAULT_TOKEN=None, HOME=str(home)) == "second"

    def test_approle(self, one, kv, openbao):
        mount, role, secret = openbao.approle(openbao.policy(f"{kv}/data/app/*"))
        variables = {"VAULT_TOKEN": None, "VAULT_LOGIN_MOUNT_POINT": mount}
        reference = f"ref+vault://{kv}/app/db?auth_method=approle"
        assert one(f"{reference}&role_id={role}&secret_id={secret}#/password", **variables) == "second"
        ours = {**variables, "VAULT_AUTH_METHOD": "approle", "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": secret}
        assert one(f"ref+vault://{kv}/app/db#/password", **ours) == "second"
        with pytest.raises(AccessDenied, match="refuses the approle login") as error:
            one(f"{reference}&role_id={role}&secret_id=canary-wrong#/password", **variables)
        assert "canary" not in f"{error.value.message} {error.value.hints}"

    def test_userpass(self, one, kv, openbao, tmp_path):
        mount = openbao.auth("userpass")
        policy = openbao.policy(f"{kv}/data/app/*")
        openbao.ask("POST", f"auth/{mount}/users/joe", {"password": "pass-of-joe", "token_policies": [policy]})
        reference = f"ref+vault://{kv}/app/db?auth_method=userpass&username=joe"
        variables = {"VAULT_TOKEN": None, "VAULT_LOGIN_MOUNT_POINT": mount, "PASS": "pass-of-joe", "WRONG": "canary"}
        assert one(f"{reference}&password_env=PASS#/password", **variables) == "second"
        (tmp_path / "password").write_text("pass-of-joe\n")
        assert one(f"{reference}&password_file=password#/password", **variables) == "second"
        with pytest.raises(AccessDenied, match="refuses the userpass login with the variable `WRONG`") as error:
            one(f"{reference}&password_env=WRONG#/password", **variables)
        assert "canary" not in str(error.value) + str(error.value.hints)

    def test_a_login_that_is_not_enabled(self, one, kv):
        with pytest.raises(AccessDenied):
            one(f"ref+vault://{kv}/a?auth_method=approle&role_id=x&secret_id=y#/k", VAULT_LOGIN_MOUNT_POINT="nowhere")

    def test_openbao_variables_win_for_openbao(self, one, kv, openbao):
        ours = {"BAO_ADDR": openbao.address, "BAO_TOKEN": openbao.token}
        theirs = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "wrong"}
        assert one(f"ref+openbao://{kv}/app/db#/password", **theirs, **ours) == "second"
        assert one(f"ref+openbao://{kv}/app/db#/password") == "second"


class TestBatches:
    def test_one_request_for_each_secret(self, environ, kv, openbao, tmp_path, monkeypatch):
        from secrets_gitops.clients import vault_transport

        for number in range(20):
            openbao.put(kv, f"many/{number}", {"a": f"a{number}", "b": "b"})
        asked: list[str] = []
        genuine = vault_transport.Transport.ask

        def counted(self, method, path, *rest, **more):
            asked.append(path)
            return genuine(self, method, path, *rest, **more)

        monkeypatch.setattr(vault_transport.Transport, "ask", counted)
        surroundings = Surroundings(environ, str(tmp_path), str(tmp_path))
        resolver = Resolver(Fetcher.local(surroundings, Deadline(20)), environ)
        wanted = [Wanted(f"ref+vault://{kv}/many/{at}{part}") for at in range(20) for part in ("#/a", "#/b", "/a")]
        values = resolver.resolve(wanted)
        assert values[:3] == ["a0", "b", "a0"]
        assert values[-3:] == ["a19", "b", "a19"]
        assert len(asked) == 1 + 20, "one question for the mount, one for each secret"

    def test_one_missing_secret_does_not_stop_the_others(self, environ, kv, tmp_path):
        store = catalog.connect("vault", {}, Surroundings(environ, str(tmp_path), str(tmp_path)))
        wanted = [Locator(f"{kv}/app/db"), Locator(f"{kv}/none"), Locator("nowhere/x"), Locator(f"{kv}/..")]
        there, missing, nowhere, bad = store.fetch(wanted, Deadline(20))
        assert isinstance(there, Fetched)
        assert there.version == "2"
        assert [type(each) for each in (missing, nowhere, bad)] == [SecretNotFound, SecretNotFound, BadReference]

    def test_two_logins_are_two_identities(self, environ, kv, openbao, tmp_path):
        def identity(**more: str) -> str:
            surroundings = Surroundings({**environ, **more}, str(tmp_path), str(tmp_path))
            return catalog.connect("vault", {}, surroundings).identity

        other = openbao.new_token("default")
        assert identity() == identity()
        names = {identity(), identity(VAULT_TOKEN=other), identity(VAULT_NAMESPACE="x")}
        assert len(names) == 3
        assert not any(openbao.token in name or other in name for name in names - {openbao.address})


class TestTokenLife:
    def test_a_revoked_token_of_a_login_is_replaced(self, environ, kv, openbao, tmp_path):
        mount, role, secret = openbao.approle(openbao.policy(f"{kv}/data/app/*"))
        login = {"auth_method": "approle", "role_id": role, "secret_id": secret}
        surroundings = Surroundings({**environ, "VAULT_LOGIN_MOUNT_POINT": mount}, str(tmp_path), str(tmp_path))
        store = catalog.connect("vault", login, surroundings)
        locator = Locator(f"{kv}/app/db")
        assert isinstance(store.fetch([locator], Deadline(20))[0], Fetched)
        revoked = store._client._token.text
        openbao.ask("POST", "auth/token/revoke", {"token": revoked.reveal().decode()})
        assert isinstance(store.fetch([locator], Deadline(20))[0], Fetched)

    def test_renewal_and_login_at_the_maximum(self, environ, kv, openbao, tmp_path, monkeypatch):
        """A clock that runs ahead makes renewals due; the server's own maximum ends them."""
        from secrets_gitops.clients import vault, vault_transport

        policy = openbao.policy(f"{kv}/data/app/*")
        mount, role, secret = openbao.approle(policy, token_ttl="60s", token_max_ttl="90s")
        now = [time.monotonic()]
        asked: list[str] = []
        genuine = vault_transport.Transport.ask
        monkeypatch.setattr(
            vault_transport.Transport,
            "ask",
            lambda self, method, path, *rest, **more: asked.append(path) or genuine(self, method, path, *rest, **more),
        )
        from secrets_gitops.clients.vault_login import approle, fixed
        from secrets_gitops.clients.vault_server import Server
        from secrets_gitops.plaintext import Plaintext

        login = approle(role, fixed(Plaintext(secret), "x"), mount=mount)
        client = vault.Client(Server(openbao.address), login, clock=lambda: now[0])

        def read() -> list[str]:
            asked.clear()
            assert client.read(f"{kv}/data/app/db", Deadline(20)).status == 200
            return [path.rpartition("/")[2] for path in asked[:-1]]

        assert read() == ["login"]
        now[0] += 30
        assert read() == []
        now[0] += 11
        assert read() == ["renew-self"]
        assert read() == []

    def test_a_renewal_that_gains_nothing_is_the_last(self, kv, openbao):
        from secrets_gitops.clients import vault
        from secrets_gitops.clients.vault_login import approle, fixed
        from secrets_gitops.clients.vault_server import Server
        from secrets_gitops.plaintext import Plaintext

        mount, role, secret = openbao.approle(openbao.policy(f"{kv}/data/app/*"), token_ttl="8s", token_max_ttl="8s")
        now = [0.0]
        client = vault.Client(
            Server(openbao.address), approle(role, fixed(Plaintext(secret), "x"), mount=mount), clock=lambda: now[0]
        )
        client.read(f"{kv}/data/app/db", Deadline(20))
        first = client._token
        now[0] += 6
        time.sleep(1.1)  # the server counts whole seconds of its own clock
        client.read(f"{kv}/data/app/db", Deadline(20))
        renewed = client._token
        assert first is not None
        assert renewed is not None
        assert renewed.text == first.text
        assert not renewed.renewable, "it met its maximum"
        now[0] += 6
        client.read(f"{kv}/data/app/db", Deadline(20))
        assert client._token is not None
        assert client._token.text != first.text


class TestTrouble:
    def test_sealed_stopped_and_back(self, one, own_openbao):
        server = own_openbao()
        server.put("secret", "a", {"k": "v"})
        there = {"VAULT_ADDR": server.address, "VAULT_MAX_RETRIES": "0"}
        assert one("ref+vault://secret/a#/k", **there) == "v"
        server.ask("PUT", "sys/seal")
        with pytest.raises(Unavailable, match="is sealed") as error:
            one("ref+vault://secret/a#/k", **there)
        assert error.value.exit_code == 4
        server.stop()
        with pytest.raises(Unavailable, match=r"cannot reach .*: connection refused"):
            one("ref+vault://secret/a#/k", **there)

    def test_a_login_outlives_sealing_and_restarts(self, durable_openbao, tmp_path):
        server = durable_openbao
        mount, role, secret = server.approle(server.policy("secret/data/*"))
        environ = {"VAULT_ADDR": server.address, "VAULT_LOGIN_MOUNT_POINT": mount, "VAULT_MAX_RETRIES": "0"}
        login = {"auth_method": "approle", "role_id": role, "secret_id": secret}
        store = catalog.connect("vault", login, Surroundings(environ, str(tmp_path), str(tmp_path)))

        def value() -> bytes:
            (answer,) = store.fetch([Locator("secret/first", (("field", "k"),))], Deadline(20))
            assert isinstance(answer, Fetched), answer
            return answer.value.reveal()

        assert value() == b"v"
        server.seal()
        with pytest.raises(Unavailable, match="is sealed"):
            value()
        server.unseal()
        assert value() == b"v"
        server.stop()
        with pytest.raises(Unavailable, match="cannot reach"):
            value()
        server.start(unseal=False)
        with pytest.raises(Unavailable, match="is sealed"):
            value()
        server.unseal()
        assert value() == b"v"

    def test_tls_is_verified_on_loopback_too(self, one, own_openbao, tmp_path):
        server = own_openbao(tls=True)
        server.put("secret", "a", {"k": "v"})
        there = {"VAULT_ADDR": server.address}
        with pytest.raises(BackendError, match="cannot trust the certificate") as error:
            one("ref+vault://secret/a#/k", **there)
        assert "VAULT_CACERT" in error.value.hints[0]
        assert error.value.exit_code == 3
        authority = tmp_path / "openbao-0" / "vault-ca.pem"
        assert one("ref+vault://secret/a#/k", **there, VAULT_CACERT=str(authority)) == "v"
        assert one("ref+vault://secret/a#/k", **there, VAULT_CACERT_BYTES=authority.read_text()) == "v"
        assert one("ref+vault://secret/a#/k", **there, VAULT_SKIP_VERIFY="true") == "v"

    def test_plain_http_to_a_tls_port_and_back(self, one, own_openbao, openbao):
        with pytest.raises(Unavailable, match="TLS"):
            one("ref+vault://secret/a#/k", VAULT_ADDR=openbao.address.replace("http:", "https:"))


class TestCommands:
    def test_get_and_render(self, cli, environ, kv, tmp_path):
        done = cli("get", f"ref+vault://{kv}/app/db#/password", env=environ)
        assert (done.returncode, done.stdout) == (0, b"second")
        (tmp_path / "cm.yaml").write_text(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n"
            f"  url: postgres://app:ref+vault://{kv}/app/db#/password+@db\n"
        )
        rendered = cli("render", "cm.yaml", env=environ)
        assert b"postgres://app:second@db" in rendered.stdout
        failed = cli("render", "cm.yaml", env={**environ, "VAULT_TOKEN": "s.canary-in-the-token"})
        assert failed.returncode == 3
        assert b"cm.yaml:5:8" in failed.stderr
        assert b"canary" not in failed.stderr + failed.stdout

    def test_exec(self, cli, environ, kv):
        done = cli(
            "exec", "--", "sh", "-c", 'printf %s "$DB"', env={**environ, "DB": f"ref+openbao://{kv}/app/db#/password"}
        )
        assert (done.returncode, done.stdout) == (0, b"second"), done.stderr
