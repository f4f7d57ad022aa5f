"""Vault as a store against a scripted server on loopback: retries, time, redirects, settings, secrecy."""

from __future__ import annotations

import http.server
import json
import logging
import subprocess
import sys
import threading
import time
from typing import NamedTuple

import pytest

from secrets_gitops.backends import catalog
from secrets_gitops.backends.backend import Fetched, Locator, Surroundings
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, BackendError, BadReference, Error, SettingsError, Unavailable

CANARY = "s.canary-token-that-must-not-appear"
MOUNT = {"data": {"path": "secret/", "type": "kv", "options": {"version": "2"}}}
SECRET = {"data": {"data": {"k": "v", "n": 0.10}, "metadata": {"version": 3, "destroyed": False}}}


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Scripted:
    """Answers each path from a list of (status, headers, body), the last one again and again."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: dict[str, list[tuple[int, dict[str, str], object]]] = {
            "/v1/sys/internal/ui/mounts/secret/a": [(200, {}, MOUNT)],
            "/v1/secret/data/a": [(200, {}, SECRET)],
            "/v1/auth/token/lookup-self": [(200, {}, {"data": {}})],
        }
        self.delay = 0.0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append(Asked(self.command, self.path, dict(self.headers), body))
                answers = outer.script.get(self.path.partition("?")[0], [(404, {}, {"errors": []})])
                status, headers, content = answers.pop(0) if len(answers) > 1 else answers[0]
                if outer.delay:
                    outer.stop.wait(outer.delay)
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = handle_one  # noqa: N815  the names that the library calls

            def log_message(self, *arguments: object) -> None:
                pass

        self.stop = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


@pytest.fixture
def server():
    made = Scripted()
    yield made
    made.close()


@pytest.fixture
def fetch(server: Scripted, tmp_path):
    """A maker: the answer for one path of a fresh store, or what it raises."""

    def run(path: str = "secret/a", *, name: str = "vault", seconds: float = 10, settings=None, **more: str):
        environ = {"VAULT_ADDR": server.address, "VAULT_TOKEN": CANARY, "HOME": str(tmp_path), **more}
        store = catalog.connect(name, settings or {}, Surroundings(environ, str(tmp_path), str(tmp_path)))
        (answer,) = store.fetch([Locator(path)], Deadline(seconds))
        if isinstance(answer, Error):
            raise answer
        return answer

    return run


class TestRetries:
    @pytest.mark.parametrize("status", [412, 429, 500, 502, 503, 504])
    def test_a_busy_server_is_asked_again(self, server, fetch, status):
        server.script["/v1/secret/data/a"].insert(0, (status, {"Retry-After": "0"}, {"errors": []}))
        assert json.loads(fetch().value.reveal())["k"] == "v"
        assert server.paths().count("/v1/secret/data/a") == 2

    def test_retry_after_is_obeyed(self, server, fetch):
        server.script["/v1/secret/data/a"].insert(0, (429, {"Retry-After": "1"}, {}))
        begun = time.monotonic()
        fetch()
        assert 0.9 < time.monotonic() - begun < 3

    def test_a_wait_past_the_deadline_is_not_waited(self, server, fetch):
        server.script["/v1/secret/data/a"] = [(503, {"Retry-After": "3600"}, {})]
        begun = time.monotonic()
        with pytest.raises(Unavailable) as error:
            fetch(seconds=5)
        assert error.value.retry_after == 3600
        assert time.monotonic() - begun < 2

    def test_it_gives_up_after_the_retries_that_the_settings_allow(self, server, fetch):
        server.script["/v1/secret/data/a"] = [(429, {"Retry-After": "0"}, {})]
        with pytest.raises(Unavailable, match="fewer requests") as error:
            fetch(VAULT_MAX_RETRIES="4")
        assert server.paths().count("/v1/secret/data/a") == 5
        assert error.value.exit_code == 4

    def test_stopping_ends_the_wait(self, server, tmp_path):
        server.script["/v1/secret/data/a"] = [(429, {"Retry-After": "20"}, {})]
        environ = {"VAULT_ADDR": server.address, "VAULT_TOKEN": CANARY}
        store = catalog.connect("vault", {}, Surroundings(environ, str(tmp_path), str(tmp_path)))
        stop = threading.Event()
        threading.Timer(0.2, stop.set).start()
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="stopped"):
            store.fetch([Locator("secret/a")], Deadline(60, stop=stop))
        assert time.monotonic() - begun < 5

    def test_a_login_that_may_have_arrived_is_not_sent_twice(self, server, fetch):
        server.delay = 30
        with pytest.raises(Unavailable, match="no answer in time"):
            fetch(seconds=0.5, VAULT_AUTH_METHOD="approle", VAULT_ROLE_ID="r", VAULT_SECRET_ID="s")
        assert server.paths() == ["/v1/auth/approle/login"]

    def test_many_secrets_are_not_many_wrong_logins(self, server, tmp_path):
        server.script["/v1/auth/userpass/login/joe"] = [(400, {}, {"errors": ["wrong"]})]
        environ = {"VAULT_ADDR": server.address, "VAULT_AUTH_METHOD": "userpass", "VAULT_USERNAME": "joe", "P": "x"}
        store = catalog.connect("vault", {"password_env": "P"}, Surroundings(environ, str(tmp_path), str(tmp_path)))
        answers = store.fetch([Locator(f"secret/{number}") for number in range(50)], Deadline(10))
        assert {type(answer) for answer in answers} == {AccessDenied}
        assert server.paths() == ["/v1/auth/userpass/login/joe"]


class TestServers:
    def test_a_slow_one(self, server, fetch):
        server.delay = 30
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="no answer in time"):
            fetch(seconds=0.6)
        assert time.monotonic() - begun < 3

    def test_one_that_is_gone_is_not_asked_for_each_path(self, server, tmp_path):
        environ = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": CANARY}
        store = catalog.connect("vault", {}, Surroundings(environ, str(tmp_path), str(tmp_path)))
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="connection refused"):
            store.fetch([Locator(f"secret/{number}") for number in range(100)], Deadline(60))
        assert time.monotonic() - begun < 5

    def test_one_that_is_not_initialized(self, server, fetch):
        server.script["/v1/sys/internal/ui/mounts/secret/a"] = [(501, {}, {"errors": ["not initialized"]})]
        with pytest.raises(Unavailable, match="not initialized"):
            fetch()

    def test_one_that_is_no_vault(self, server, fetch):
        server.script["/v1/sys/internal/ui/mounts/secret/a"] = [(200, {}, b"<html>hello</html>")]
        with pytest.raises(BackendError, match="does not answer like a Vault server"):
            fetch()

    @pytest.mark.parametrize(
        "body", [b"{", b'{"data": 5}', b'{"data": {"data": {}}}', b'{"data": [1]}', b'{"a":' * 3000]
    )
    def test_nonsense_is_our_error(self, server, fetch, body):
        server.script["/v1/secret/data/a"] = [(200, {}, body)]
        with pytest.raises(BackendError):
            fetch()

    def test_the_active_node_that_a_standby_names_is_asked(self, server, fetch):
        active = Scripted()
        try:
            there = {"Location": f"{active.address}/v1/secret/data/a"}
            server.script["/v1/secret/data/a"] = [(307, there, b"")]
            assert isinstance(fetch(), Fetched)
            assert active.asked[0].headers["X-Vault-Token"] == CANARY
        finally:
            active.close()

    def test_a_token_does_not_follow_a_redirect_off_this_machine_in_the_clear(self, server, fetch):
        server.script["/v1/secret/data/a"] = [(307, {"Location": "http://vault.example.org/v1/secret/data/a"}, b"")]
        with pytest.raises(BackendError, match="not https"):
            fetch()


class TestRequests:
    def test_numbers_keep_their_digits(self, server, fetch):
        server.script["/v1/secret/data/a"] = [
            (200, {}, b'{"data":{"data":{"n": 0.10, "big": 12345678901234567890},"metadata":{"version":1}}}')
        ]
        assert fetch().value.reveal() == b'{"n": 0.10, "big": 12345678901234567890}'

    def test_a_namespace_and_the_sign_of_a_client_are_sent(self, server, fetch):
        fetch(settings={"namespace": "team/a"})
        assert {asked.headers["X-Vault-Namespace"] for asked in server.asked} == {"team/a"}
        assert {asked.headers["X-Vault-Request"] for asked in server.asked} == {"true"}

    def test_no_netrc_and_no_proxy_on_loopback(self, server, fetch, monkeypatch, tmp_path):
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        fetch()
        assert "Authorization" not in server.asked[0].headers

    def test_a_proxy_is_asked_unless_no_proxy_names_the_host(self, server, fetch, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, server.address)
        there = {"VAULT_ADDR": "http://192.0.2.1:1", "VAULT_MAX_RETRIES": "0"}
        with pytest.raises(BackendError):
            fetch(**there)
        asked = len(server.asked)
        assert server.paths()[0].startswith("http://192.0.2.1:1/v1/")
        monkeypatch.setenv("no_proxy", "192.0.2.1")
        with pytest.raises(Unavailable):
            fetch(seconds=0.5, **there)
        assert len(server.asked) == asked


class TestSettings:
    def test_nothing_is_known(self, fetch):
        with pytest.raises(SettingsError, match="no Vault server is named"):
            fetch(VAULT_ADDR="")
        with pytest.raises(SettingsError, match="no OpenBao server is named") as error:
            fetch(name="openbao", VAULT_ADDR="")
        assert "BAO_ADDR" in error.value.hints[0]
        with pytest.raises(SettingsError, match="no token for Vault"):
            fetch(VAULT_TOKEN="")

    @pytest.mark.parametrize(
        "address",
        ["vault:8200", "ftp://vault", f"https://user:{CANARY}@vault", "https://", "https://v:x", "http://[::1"],
    )
    def test_addresses_that_are_none(self, fetch, address):
        with pytest.raises(SettingsError) as error:
            fetch(VAULT_ADDR=address)
        assert CANARY not in str(error.value)

    def test_host_and_proto(self, server, fetch):
        host = server.address.removeprefix("http://")
        assert isinstance(fetch(settings={"host": host, "proto": "http"}, VAULT_ADDR=""), Fetched)

    def test_our_token_is_not_sent_to_a_server_that_only_the_reference_names(self, server, fetch):
        other = {"address": "http://127.0.0.1:1"}
        with pytest.raises(AccessDenied, match="is not sent"):
            fetch(settings=other)
        named = {"address": server.address, "token_env": "THEIRS"}
        assert isinstance(fetch(settings=named, VAULT_ADDR="https://vault.example.org", THEIRS="t"), Fetched)
        assert server.asked[0].headers["X-Vault-Token"] == "t"

    def test_private_keys_are_no_tokens(self, fetch):
        with pytest.raises(SettingsError, match="private key"):
            fetch(settings={"token_env": "SOPS_AGE_KEY"}, SOPS_AGE_KEY="x")

    def test_methods_that_are_none(self, fetch):
        with pytest.raises(SettingsError, match="`auth_method`"):
            fetch(settings={"auth_method": "magic"})
        with pytest.raises(SettingsError, match="needs `role_id`"):
            fetch(settings={"auth_method": "approle"})
        with pytest.raises(SettingsError, match="needs `username`"):
            fetch(settings={"auth_method": "userpass"})

    @pytest.mark.parametrize(
        "variable", [{"VAULT_MAX_RETRIES": "many"}, {"VAULT_SKIP_VERIFY": "maybe"}, {"VAULT_CLIENT_CERT": "/x"}]
    )
    def test_variables_that_cannot_be(self, fetch, variable):
        with pytest.raises(SettingsError):
            fetch(**variable)

    def test_bad_paths(self, server, fetch):
        for path in ("", "secret", "secret/../sys", "secret//a"):
            with pytest.raises(BadReference):
                fetch(path)
        assert not any(".." in path for path in server.paths())


class TestSecrecy:
    def test_no_token_in_errors_logs_names_and_reprs(self, server, tmp_path, caplog):
        """Whatever the server answers, even our own token."""
        caplog.set_level(logging.DEBUG)
        environ = {"VAULT_ADDR": server.address, "VAULT_TOKEN": CANARY, "VAULT_MAX_RETRIES": "0"}
        surroundings = Surroundings(environ, str(tmp_path), str(tmp_path))
        seen = []
        for status in (200, 204, 301, 400, 401, 403, 404, 405, 418, 429, 500, 501, 503):
            echo = {"errors": [f"permission denied for {CANARY}"], "warnings": [CANARY], "data": CANARY}
            server.script = {path: [(status, {"Location": f"/{CANARY}"}, echo)] for path in server.script}
            store = catalog.connect("vault", {}, surroundings)
            seen += [repr(store), store.identity, repr(vars(store))]
            try:
                seen += map(repr, store.fetch([Locator("secret/a"), Locator("x/y")], Deadline(5)))
                seen += [
                    f"{answer.message} {answer.hints} {answer.__cause__!r}"
                    for answer in store.fetch([Locator("secret/a")], Deadline(5))
                    if isinstance(answer, Error)
                ]
            except Error as error:
                seen.append(f"{error.message} {error.hints} {error.__cause__!r}")
        assert len(seen) > 30
        assert CANARY not in "\n".join(seen) + caplog.text

    def test_no_secret_in_the_repr_of_an_answer_a_login_and_a_server(self):
        from secrets_gitops.clients import vault_login
        from secrets_gitops.clients.vault_server import Server
        from secrets_gitops.clients.vault_transport import Answer
        from secrets_gitops.plaintext import Plaintext

        login = vault_login.approle(CANARY, vault_login.fixed(Plaintext(CANARY), "the role"))
        server = Server("https://vault.example.org", headers={"X-Proxy-Key": CANARY})
        shown = f"{Answer(200, {}, CANARY.encode())!r} {login!r} {login.identity} {server!r}"
        assert CANARY not in shown

    def test_a_token_with_a_line_break_is_refused_without_its_text(self, fetch):
        with pytest.raises(SettingsError, match="other text") as error:
            fetch(VAULT_TOKEN=f"{CANARY}\r\nX-Evil: 1")
        assert CANARY not in str(error.value)


def test_an_interrupt_does_not_wait_for_a_silent_server(server, tmp_path):
    """As Ctrl-C does, in the middle of a batch."""
    server.script["/v1/sys/internal/ui/mounts/secret/a"] = [(200, {}, MOUNT)]
    code = (
        "import signal, sys, threading, time\n"
        "from secrets_gitops.backends import catalog\n"
        "from secrets_gitops.backends.backend import Locator, Surroundings\n"
        "from secrets_gitops.deadline import Deadline\n"
        "environ = {'VAULT_ADDR': sys.argv[1], 'VAULT_TOKEN': 't'}\n"
        "store = catalog.connect('vault', {}, Surroundings(environ, '.', '.'))\n"
        "interrupt = (threading.main_thread().ident, signal.SIGINT)\n"
        "threading.Timer(1.0, signal.pthread_kill, interrupt).start()\n"
        "begun = time.monotonic()\n"
        "try:\n"
        "    store.fetch([Locator('secret/a'), Locator('other/b')], Deadline(60))\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', time.monotonic() - begun < 10)\n"
    )
    server.delay = 50
    done = subprocess.run(
        [sys.executable, "-c", code, server.address], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "interrupted True\n"


def test_hvac_is_imported_only_when_a_server_is_asked():
    code = (
        "import sys; from secrets_gitops.backends import catalog\n"
        "from secrets_gitops.backends.backend import Surroundings\n"
        "catalog.connect('vault', {}, Surroundings({'VAULT_ADDR': 'https://v', 'VAULT_TOKEN': 't'}, '.', '.'));"
        "print([n for n in ('hvac', 'requests', 'urllib3', 'asyncio', 'concurrent.futures') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_without_hvac_the_extra_is_named(fetch, monkeypatch):
    monkeypatch.delitem(sys.modules, "secrets_gitops.clients.vault_transport", raising=False)
    monkeypatch.setitem(sys.modules, "hvac", None)
    with pytest.raises(SettingsError, match="hvac") as error:
        fetch()
    assert error.value.hints == ("pip install 'secrets-gitops[vault]'",)
