"""A logged-in session with a Vault or OpenBao server: logs in when first asked, renews in time, logs in again.

`clients.vault_transport`, and with it hvac, is imported by the first request.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from secrets_gitops.clients.http import shown
from secrets_gitops.clients.vault_login import hashed
from secrets_gitops.errors import AccessDenied, BackendError, SettingsError, Unavailable
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.clients.vault_login import Login
    from secrets_gitops.clients.vault_server import Server
    from secrets_gitops.clients.vault_transport import Answer, Transport
    from secrets_gitops.deadline import Deadline

_TRUSTED = 5.0
"""Seconds for which a token that was found valid is not looked up again, though further paths are denied."""
_YOUNG = 60.0
"""Seconds in which a token that we got by login is not suspected, where the server does not let us look it up."""


class _Token(NamedTuple):
    text: Plaintext
    lease: float
    """Seconds that it was given for; 0: for ever."""
    renewable: bool
    since: float
    due: float | None
    """When to renew it or to log in again, on the monotonic clock."""


class Mount(NamedTuple):
    """A secrets engine: where it hangs (with a final slash), its type, and the version of a `kv`."""

    path: str
    type: str
    version: int


class Client:
    """One login at one server. Safe to use from several threads."""

    def __init__(self, server: Server, login: Login | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Without a login no token is sent: a proxy on the way adds one."""
        self._server = server
        self._login = login
        self._clock = clock
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._token: _Token | None = None
        self._lookup_is_denied = False
        self._refusal: tuple[BackendError, float] | None = None
        self._found_valid: tuple[_Token, float] | None = None
        self._mounts: dict[str, Mount] = {}
        self.name = f"`{shown(server.address)}`"
        namespace = f" namespace {server.namespace.strip('/')}" if server.namespace else ""
        how = "" if not server.headers else f" headers {hashed(repr(sorted(server.headers.items())))}"
        how += "" if server.client_certificate is None else f" certificate {hashed(server.client_certificate[1])}"
        how += " unverified" if server.danger_skip_verify else ""
        self.identity = f"{server.address}{namespace}{how} {login.identity if login else 'anonymous'}"

    def read(self, path: str, deadline: Deadline, query: Mapping[str, str] | None = None) -> Answer:
        """The answer to a GET of `path` below `/v1/`, with a token that was valid a moment ago where we can get one.

        Raises AccessDenied when our login is refused or our token is not valid; a 403 for the path itself is returned.
        """
        return self._ask("get", path, deadline, query)

    def list(self, path: str, deadline: Deadline) -> Answer:
        """The answer to a LIST of `path`."""
        return self._ask("list", path.rstrip("/") + "/", deadline, None)

    def write(self, path: str, body: Mapping[str, object], deadline: Deadline) -> Answer:
        """The answer to a PUT at `path` that changes nothing there, so that it may be sent twice."""
        return self._ask("put", path, deadline, None, body)

    def mount_of(self, path: str, deadline: Deadline) -> Mount | None:
        """The mount that `path` lies in, asked from the server once; None when the server does not tell."""
        with self._lock:
            for prefix, mount in self._mounts.items():
                if f"{path}/".startswith(prefix):
                    return mount
        answer = self._ask("get", f"sys/internal/ui/mounts/{path}", deadline, None)
        data = answer.member("data") if answer.status == 200 else None
        if not isinstance(data, dict) or not isinstance(data.get("path"), str) or not data["path"]:
            return None
        options = data.get("options")
        version = options.get("version") if isinstance(options, dict) else None
        mount = Mount(f"{data['path'].strip('/')}/", str(data.get("type")), 2 if str(version) == "2" else 1)
        with self._lock:
            self._mounts[mount.path] = mount
        return mount

    def forget_mount(self, mount: Mount) -> None:
        """Ask again next time: it no longer is what it was."""
        with self._lock:
            self._mounts.pop(mount.path, None)

    def _ask(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        query: Mapping[str, str] | None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        encoded = quote(path)
        token = self._current(deadline)
        answer = self._send(method, encoded, deadline, token, query=query, body=body, again=True)
        if answer.status == 403 and token is not None:
            fresh = self._instead_of(token, deadline)
            if fresh is not None:
                answer = self._send(method, encoded, deadline, fresh, query=query, body=body, again=True)
        return answer

    def _send(
        self,
        method: str,
        encoded: str,
        deadline: Deadline,
        token: _Token | None,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        namespace: str | None = None,
        again: bool = False,
    ) -> Answer:
        headers = dict(self._server.headers)
        namespace = namespace or self._server.namespace
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        if token is not None:
            headers["X-Vault-Token"] = token.text.reveal().decode("latin-1")
        return self._connected().ask(
            method, encoded, deadline, headers=headers, query=query, body=body, again=again or body is None
        )

    def _connected(self) -> Transport:
        if self._transport is None:
            try:
                from secrets_gitops.clients.vault_transport import Transport  # noqa: PLC0415  hvac costs 90 ms
            except ImportError:
                raise SettingsError(
                    "Vault and OpenBao need the Python package hvac, which is not installed",
                    hints=("pip install 'secrets-gitops[vault]'",),
                ) from None
            self._transport = Transport(self._server)
        return self._transport

    def _current(self, deadline: Deadline) -> _Token | None:
        """The token to use now: renewed at two thirds of its lease, got anew where that is refused."""
        if self._login is None:
            return None
        with self._lock:
            token = self._token
            if token is None and self._refusal is not None and self._clock() < self._refusal[1]:
                raise self._refusal[0]  # a hundred secrets are not a hundred wrong logins, which lock a user out
            if token is None:
                self._token = self._log_in(self._login, deadline)
            elif token.due is not None and self._clock() >= token.due:
                self._token = self._renewed(token, deadline) or self._log_in(self._login, deadline)
            return self._token

    def _instead_of(self, refused: _Token, deadline: Deadline) -> _Token | None:
        """After a 403: another token if this one is no longer valid; None if it is, so that the path was refused."""
        assert self._login is not None
        with self._lock:
            if self._token is not None and self._token is not refused:
                return self._token  # another thread was faster
            if self._lookup_is_denied and self._clock() - refused.since < _YOUNG:
                return None
            if self._is_valid(refused, deadline):
                return None
            self._token = None
            fresh = self._log_in(self._login, deadline)
            if not self._is_valid(fresh, deadline):
                if self._login.path is None and fresh.text == refused.text:
                    raise self._refused(
                        AccessDenied(
                            f"{self.name} does not accept the token of {self._source()}: it has expired, was revoked, "
                            "or may not even look itself up",
                            hints=("log in again and renew it there",),
                        )
                    )
                self._lookup_is_denied = True
            self._token = fresh
            return fresh

    def _is_valid(self, token: _Token, deadline: Deadline) -> bool:
        if self._found_valid is not None:
            known, since = self._found_valid
            if known is token and self._clock() - since < _TRUSTED:
                return True
        if self._send("get", "auth/token/lookup-self", deadline, token).status != 200:
            return False
        self._found_valid = (token, self._clock())
        return True

    def _source(self) -> str:
        return self._login.credential.name if self._login and self._login.credential else "this login"

    def _log_in(self, login: Login, deadline: Deadline) -> _Token:
        secret = login.credential.read(deadline) if login.credential else None
        if login.path is None:
            assert secret is not None
            return _Token(_header(secret, self._source()), 0, renewable=False, since=self._clock(), due=None)
        body: dict[str, object] = dict(login.fields)
        if secret is not None:
            body[login.member] = _text(secret, self._source())
        answer = self._send("post", login.path, deadline, None, body=body, namespace=login.namespace)
        token = self._issued(answer, None)
        if token is not None:
            return token
        with_what = f" with {self._source()}" if login.credential else ""
        if answer.status in {400, 401, 403}:
            error = f"{self.name} refuses the {login.method} login{with_what}"
            raise self._refused(AccessDenied(error, hints=_why(login, answer)))
        if answer.status == 404:
            hint = "is the auth method enabled there, and is the namespace right?"
            raise self._refused(AccessDenied(f"{self.name} has no login at `{login.path}`", hints=(hint,)))
        raise self._refused(
            BackendError(f"the {login.method} login at {self.name} failed: it answered {answer.status}")
        )

    def _refused(self, error: BackendError) -> BackendError:
        self._refusal = (error, self._clock() + _TRUSTED)
        return error

    def _renewed(self, token: _Token, deadline: Deadline) -> _Token | None:
        """The same token for longer; None where only a new login helps."""
        if not token.renewable:
            return None
        # Without an increment the lease may get shorter.
        body = {"increment": f"{round(token.lease)}s"}
        try:
            answer = self._send("post", "auth/token/renew-self", deadline, token, body=body)
        except Unavailable:
            if self._clock() - token.since < token.lease:
                return token  # it is good for a while, and the next use tries again
            raise
        return self._issued(answer, token)

    def _issued(self, answer: Answer, renewed: _Token | None) -> _Token | None:
        auth = answer.member("auth") if answer.status == 200 else None
        if not isinstance(auth, dict) or not isinstance(auth.get("client_token"), str):
            return None
        lease, now = auth.get("lease_duration"), self._clock()
        granted = float(lease) if isinstance(lease, int) and lease > 0 else 0.0
        # A lease that a renewal makes shorter has met the token's maximum: it runs out, and then comes a login.
        lasts = renewed is None or granted >= renewed.lease * 0.99
        due = now + granted * random.uniform(0.62, 2 / 3) if granted else None  # noqa: S311  replicas shall not ask together
        return _Token(
            _header(Plaintext(auth["client_token"]), f"the answer of {self.name}"),
            lease=granted if renewed is None or lasts else renewed.lease,
            renewable=bool(auth.get("renewable")) and lasts,
            since=now if renewed is None or lasts else now + granted - renewed.lease,
            due=due,
        )


def _why(login: Login, answer: Answer) -> tuple[str, ...]:
    if answer.says("namespace not authorized") or answer.says("name not authorized"):
        return ("the role does not admit this service account or its namespace",)
    if answer.says("audience"):
        return ("the token was made for another audience than the role asks for",)
    if login.method == "approle":
        return ("the role or the secret id is wrong, used up or too old",)
    if login.method == "kubernetes":
        return ("does the role exist, and may the server review tokens at the cluster?",)
    return ("the user or the password is wrong",)


def _text(secret: Plaintext, name: str) -> str:
    try:
        return secret.reveal().decode()
    except UnicodeDecodeError:
        raise SettingsError(f"{name} does not hold text") from None


def _header(secret: Plaintext, name: str) -> Plaintext:
    text = secret.reveal().strip()
    if not text or any(not 0x21 <= byte <= 0x7E for byte in text):
        raise SettingsError(f"{name} holds no token" if not text else f"{name} holds no token, but other text")
    return Plaintext(text)
