"""HTTP to a Vault or OpenBao server through hvac: TLS, timeouts, retries, and what a failure means.

The one module that imports hvac and requests, so it is imported when a server is first asked. It knows no token: the
headers of a request come from `clients.vault`.
"""

from __future__ import annotations

import email.utils
import json
import os
import random
import ssl
import tempfile
import time
import urllib.request
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

import hvac.adapters  # type: ignore[import-untyped]
import requests
import requests.adapters
import urllib3
import urllib3.exceptions

from secrets_gitops.clients.http import is_loopback, shown
from secrets_gitops.errors import BackendError, SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from secrets_gitops.clients.vault_server import Server
    from secrets_gitops.deadline import Deadline

_CHUNK = 64 * 1024
_MAX_BYTES = 64 * 1024 * 1024
"""Twice the largest request that Vault takes, and a list of many names."""
_BUSY = frozenset({412, 429, 500, 502, 503, 504})
"""Worth another try: state not replicated yet, rate limit, trouble of the server or of what stands before it."""
_REDIRECTS = frozenset({301, 302, 307, 308})
PARALLEL = 8
"""Requests at the same time to one server."""


_REASONS = (
    ("refused", "connection refused"),
    ("getaddrinfo", "its name is not known"),
    ("resolve", "its name is not known"),
    ("Name or service", "its name is not known"),
    ("unreachable", "no way leads there"),
    ("reset", "the connection was reset"),
    ("timed out", "no answer in time"),
    ("proxy", "the proxy failed"),
)
"""What the words of a library's message mean."""


class Answer(NamedTuple):
    """What a server answered, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:  # no body: it holds values and tokens
        return f"Answer({self.status})"

    def member(self, name: str) -> Any:  # noqa: ANN401  JSON of a server; whoever asks checks what it is
        """A member of the JSON object in the body; None when there is none."""
        try:
            tree = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return tree.get(name) if isinstance(tree, dict) else None

    def says(self, word: str) -> bool:
        """Whether the server's errors or warnings hold `word` (lower case). Its text itself is never shown."""
        said = [self.member("errors"), self.member("warnings")]
        return any(word in line.lower() for lines in said if isinstance(lines, list) for line in map(str, lines))


class Transport:
    """Requests to one server. Safe to use from several threads."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.name = f"`{shown(server.address)}`"
        session = requests.Session()
        session.trust_env = False  # else .netrc would add a login and REQUESTS_CA_BUNDLE other authorities
        session.verify = not server.danger_skip_verify
        if server.danger_skip_verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # it was asked for by that name
        tls = _Tls(_context(server)) if server.address.startswith("https:") else _Plain()
        session.mount(server.address.partition(":")[0] + "://", tls)
        self._adapter = hvac.adapters.RawAdapter(
            base_uri=server.address,
            session=session,
            verify=session.verify,
            proxies=_proxies(server.address),
            allow_redirects=False,
            ignore_exceptions=True,
            strict_http=True,  # LIST is sent as GET with `list=true`, which every proxy lets pass
        )

    def ask(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        again: bool = True,
    ) -> Answer:
        """One request below `/v1/` (`path` is percent-encoded already), tried again while that may help.

        `again`: also when it may have arrived. It must not be for a login: a second one could use up a secret id.

        Raises Unavailable when the server is sealed, overloaded, broken, unreachable or too slow, BackendError when it
        is not to be trusted or is no Vault. Any other status is the caller's.
        """
        attempt = 0
        while True:
            deadline.check(f"asking {self.name}")
            try:
                answer = self._once(method, f"/v1/{path}", deadline, headers, query, body)
                if answer.status not in _BUSY:
                    return self._sane(answer)
                trouble = self._busy(answer)
            except Unavailable as error:
                if not again:
                    raise
                trouble = error
            wait = trouble.retry_after
            if wait is None:
                wait = self._server.retry_wait * 2**attempt * random.uniform(0.8, 1.2)  # noqa: S311  to spread, not to hide
            left = deadline.left()
            if attempt >= self._server.retries or (left is not None and wait >= left):
                raise trouble
            deadline.stop.wait(wait)
            attempt += 1

    def _once(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: Mapping[str, object] | None,
    ) -> Answer:
        """A request and, where a standby names the active node, one more there, as Vault's own client does."""
        answer = self._send(self._adapter, method, path, deadline, headers, query, body)
        location = answer.headers.get("Location")
        if answer.status not in _REDIRECTS or location is None:
            return answer
        there = urlsplit(urljoin(self._server.address, location))
        target, its_path = f"{there.scheme}://{there.netloc.rpartition('@')[2]}", there.path
        # Only another host is taken from the answer: a path of the server's choice could be written into logs.
        if not its_path.endswith(path):
            raise BackendError(f"{self.name} redirects to another path of `{shown(target)}`", hints=("is it a Vault?",))
        if there.scheme != "https" and not (is_loopback(target) and is_loopback(self._server.address)):
            raise BackendError(f"{self.name} redirects to `{shown(target)}`, which is not https")
        if there.scheme != self._server.address.partition(":")[0]:
            raise BackendError(f"{self.name} redirects to `{shown(target)}`", hints=("write that address instead",))
        adapter = hvac.adapters.RawAdapter.from_adapter(self._adapter)
        adapter.base_uri = target + its_path.removesuffix(path)
        return self._send(adapter, method, path, deadline, headers, query, body)

    def _send(
        self,
        adapter: hvac.adapters.RawAdapter,
        method: str,
        path: str,
        deadline: Deadline,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: Mapping[str, object] | None,
    ) -> Answer:
        left = deadline.left()
        timeout = self._server.timeout if left is None else max(0.001, min(left, self._server.timeout))
        extra = {} if body is None else {"json": dict(body)}
        try:
            response: requests.Response = adapter.request(
                method, path, headers=dict(headers), params=dict(query or {}), timeout=timeout, stream=True, **extra
            )
            with response:
                return Answer(response.status_code, response.headers, self._body(response, deadline))
        except requests.exceptions.SSLError as error:
            raise self._not_trusted(error) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            # Their texts hold the whole URL, so nothing of them is kept but the kind of trouble.
            raise Unavailable(
                f"cannot reach {self.name}: {_reason(error)}", hints=("is the address right, and does the server run?",)
            ) from None

    def _body(self, response: requests.Response, deadline: Deadline) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > _MAX_BYTES:
                raise BackendError(f"an answer of {self.name} is longer than {_MAX_BYTES // 2**20} MiB")
            deadline.check(f"reading an answer of {self.name}")
        return bytes(body)

    def _sane(self, answer: Answer) -> Answer:
        if answer.status == 501:
            raise Unavailable(f"{self.name} is not initialized", hints=("an operator must run `operator init` there",))
        if answer.status == 200 and answer.body.lstrip()[:1] != b"{":
            raise BackendError(f"{self.name} does not answer like a Vault server", hints=("check the address",))
        return answer

    def _busy(self, answer: Answer) -> Unavailable:
        after = _retry_after(answer.headers.get("Retry-After"))
        if answer.status == 503 and answer.says("sealed"):
            return Unavailable(
                f"{self.name} is sealed", retry_after=after, hints=("an operator must unseal it: `operator unseal`",)
            )
        if answer.status == 429:
            return Unavailable(f"{self.name} asks for fewer requests (429)", retry_after=after)
        if answer.status == 412:
            return Unavailable(f"{self.name} has not caught up with its leader (412)", retry_after=after)
        return Unavailable(f"{self.name} has trouble of its own: it answered {answer.status}", retry_after=after)

    def _not_trusted(self, error: BaseException) -> BackendError | Unavailable:
        cause: BaseException | None = error
        seen: list[BaseException] = []
        while cause is not None and cause not in seen:
            seen.append(cause)
            if isinstance(cause, ssl.SSLCertVerificationError):
                return BackendError(
                    f"cannot trust the certificate of {self.name}: {cause.verify_message}",
                    hints=(
                        "name its authority with `VAULT_CACERT` (`BAO_CACERT` for OpenBao): the path of a PEM file",
                    ),
                )
            inner = getattr(cause, "reason", None) or (cause.args[0] if cause.args else None)
            cause = inner if isinstance(inner, BaseException) else cause.__cause__ or cause.__context__
        return Unavailable(f"cannot agree on TLS with {self.name}", hints=("does that port speak https?",))


class _Plain(requests.adapters.HTTPAdapter):
    def __init__(self) -> None:
        super().__init__(pool_connections=2, pool_maxsize=PARALLEL)


class _Tls(requests.adapters.HTTPAdapter):
    """Verifies with one context that we made; requests would mix in authorities of its own."""

    def __init__(self, tls: tuple[ssl.SSLContext, dict[str, str]]) -> None:
        self._context, self._names = tls
        super().__init__(pool_connections=2, pool_maxsize=PARALLEL)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **settings: Any) -> None:  # noqa: ANN401
        super().init_poolmanager(  # type: ignore[no-untyped-call, unused-ignore]
            connections, maxsize, block, ssl_context=self._context, **self._names, **settings
        )

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:  # noqa: ANN401
        return super().proxy_manager_for(proxy, ssl_context=self._context, **self._names, **settings)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401
        """Nothing to do: the context knows the authorities and the client's certificate."""


def _context(server: Server) -> tuple[ssl.SSLContext, dict[str, str]]:
    try:
        context = ssl.create_default_context(cafile=server.ca_file, capath=server.ca_folder, cadata=server.ca_pem)
        if server.client_certificate is not None:
            _load_client_certificate(context, server)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is not proper PEM"
        raise SettingsError(
            f"the certificates for `{shown(server.address)}` cannot be loaded: {reason[:1].lower()}{reason[1:]}"
        ) from None
    if server.danger_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    names = {"server_hostname": server.tls_name, "assert_hostname": server.tls_name} if server.tls_name else {}
    return context, names


def _load_client_certificate(context: ssl.SSLContext, server: Server) -> None:
    """OpenSSL reads keys from files only, so they pass through one that only we can read."""
    assert server.client_certificate is not None
    certificate, key = server.client_certificate
    with tempfile.TemporaryDirectory(prefix="secrets-gitops-") as folder:
        path = os.path.join(folder, "client.pem")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as file:
            file.write(certificate + b"\n" + key.reveal())
        context.load_cert_chain(path)


def _proxies(address: str) -> dict[str, str]:
    """Those of the environment, unless `NO_PROXY` names the host; this very machine is asked directly."""
    if is_loopback(address) or urllib.request.proxy_bypass(urlsplit(address).netloc):
        return {}
    return urllib.request.getproxies()


def _retry_after(text: str | None) -> float | None:
    """Seconds; a date is taken against the wall clock."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _reason(error: BaseException) -> str:
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        return "no answer in time"
    text = str(error)
    for word, reason in _REASONS:
        if word in text:
            return reason
    return "the connection broke"
