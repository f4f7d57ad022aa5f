"""Sockets to one API server: kept connections for requests, single ones for streams, and what their errors mean.

On `http.client`, which costs a third of what urllib3 does for each request.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import select
import ssl
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from secrets_gitops.errors import ClusterError, SettingsError, Unavailable

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from secrets_gitops.clients.kube.connection import Connection
    from secrets_gitops.errors import Error

CONNECT_TIMEOUT = 5.0
FAILURES = (OSError, http.client.HTTPException)
"""What a connection raises."""


class _Tls(http.client.HTTPConnection):
    """As `HTTPSConnection`, with the name that the server's certificate must have, whatever the host."""

    default_port = 443

    def __init__(self, host: str, port: int, context: ssl.SSLContext, name: str) -> None:
        super().__init__(host, port, timeout=CONNECT_TIMEOUT)
        self._tls = context
        self._name = name

    def connect(self) -> None:
        super().connect()
        plain = self.sock
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self._name)
        except BaseException:
            plain.close()
            raise


class Transport:
    """Connections to one API server, for any number of threads."""

    def __init__(self, connection: Connection, *, pool_size: int) -> None:
        """At most `pool_size` requests at once. SettingsError: a useless URL or certificate."""
        parts = urlsplit(connection.server)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise SettingsError(f"`{connection.server}` is not the URL of an API server")
        self.server = f"{parts.scheme}://{parts.netloc}"
        self.prefix = parts.path.rstrip("/")
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._proxy = urlsplit(connection.proxy) if connection.proxy else None
        self._proxy_headers = {}
        if self._proxy:
            if self._proxy.scheme != "http" or not self._proxy.hostname:
                raise SettingsError("the proxy to the API server must be an `http://` URL")
            if self._proxy.username:
                pair = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
                self._proxy_headers["Proxy-Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._context = connection.tls() if parts.scheme == "https" else None
        self._name = connection.server_name or self._host
        self._room = threading.BoundedSemaphore(pool_size)
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._is_closed = False
        weakref.finalize(self, _close, self._idle)  # where nobody closes it

    def send(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str], read_timeout: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of the whole answer.

        A GET goes out again when its connection broke; nothing else does. Raises what `translated` gives.
        """
        if not self._room.acquire(timeout=read_timeout):
            raise Unavailable(f"`{self.server}` does not answer in time")
        try:
            try:
                return self._exchange(method, target, body, headers, read_timeout)
            except (ConnectionError, http.client.HTTPException):
                if method != "GET":
                    raise
                return self._exchange(method, target, body, headers, read_timeout)
        except FAILURES as error:
            raise self.translated(error) from None
        finally:
            self._room.release()

    def single(self) -> http.client.HTTPConnection:
        """A connection of its own, not yet connected; the caller closes it."""
        host, port = self._host, self._port
        if self._proxy:
            host, port = self._proxy.hostname or "", self._proxy.port or 80
        if self._context is None:
            made = http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT)
        else:
            made = _Tls(host, port, self._context, self._name)
        if self._proxy:
            made.set_tunnel(self._host, self._port, self._proxy_headers)
        return made

    def translated(self, error: Exception) -> Error:
        """Our error for one of the system or of `http.client`: Unavailable, or ClusterError for a wrong server."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return ClusterError(
                f"the certificate of `{self.server}` does not verify: {error.verify_message}",
                hints=("is it the right cluster, and the right certificate authority?",),
            )
        if isinstance(error, TimeoutError):
            return Unavailable(f"`{self.server}` does not answer in time")
        return Unavailable(f"`{self.server}` cannot be reached")

    def close(self) -> None:
        """Close the idle connections, and keep none from now on."""
        self._is_closed = True
        _close(self._idle)

    def _exchange(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str], read_timeout: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        connection = self._kept() or self._fresh(read_timeout)
        try:
            connection.sock.settimeout(read_timeout)
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._idle.append(connection)
            if self._is_closed:  # by another thread, while we were asking
                self.close()
        return answer.status, cast("Mapping[str, str]", answer.headers), content

    def _kept(self) -> http.client.HTTPConnection | None:
        """The connection that was used last, unless the server has closed it meanwhile."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread has it
                return None
            if not _has_news(connection.sock):
                return connection
            connection.close()
        return None

    def _fresh(self, read_timeout: float) -> http.client.HTTPConnection:
        connection = self.single()
        connection.timeout = min(CONNECT_TIMEOUT, read_timeout)
        try:
            connection.connect()
        except (ConnectionError, http.client.HTTPException) as error:
            connection.close()
            raise OSError(str(error)) from error  # there is no sense in trying at once again
        except BaseException:
            connection.close()
            raise
        return connection


def _close(idle: deque[http.client.HTTPConnection]) -> None:
    while idle:
        with contextlib.suppress(IndexError):  # another thread has it
            idle.pop().close()


def _has_news(sock: socket.socket) -> bool:
    """Whether there is something to read: between two requests that is the end, or nothing that belongs there."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])


def missing(error: ImportError) -> SettingsError:
    """What to say when a package of the extra is not installed."""
    return SettingsError(
        f"the package `{error.name}` is not installed; it is needed to talk to a cluster",
        hints=("pip install 'secrets-gitops[controller]'",),
    )
