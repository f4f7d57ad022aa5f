"""urllib3 in one place: kept connections for requests, single ones for streams, and what its errors mean."""

from __future__ import annotations

import math
import ssl
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from secrets_gitops.errors import ClusterError, SettingsError, Unavailable

if TYPE_CHECKING:
    from typing import Any

    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection

    from secrets_gitops.clients.kube.connection import Connection
    from secrets_gitops.errors import Error

CONNECT_TIMEOUT = 5.0


class Transport:
    """Sockets to one API server."""

    def __init__(self, connection: Connection, *, pool_size: int) -> None:
        """At most `pool_size` requests at once. SettingsError: no urllib3, a useless URL or certificate."""
        try:
            import urllib3  # noqa: PLC0415  an extra
        except ImportError as error:
            raise missing(error) from None
        parts = urlsplit(connection.server)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise SettingsError(f"`{connection.server}` is not the URL of an API server")
        self.server = f"{parts.scheme}://{parts.netloc}"
        self.prefix = parts.path.rstrip("/")
        self._urllib3 = urllib3
        self.errors: type[Exception] = urllib3.exceptions.HTTPError
        """What urllib3 raises, beside what the system raises."""
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._proxy = urlsplit(connection.proxy) if connection.proxy else None
        self._proxy_headers = {}
        if self._proxy:
            if self._proxy.scheme != "http" or not self._proxy.hostname:
                raise SettingsError("the proxy to the API server must be an `http://` URL")
            if self._proxy.username:
                pair = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
                self._proxy_headers = dict(urllib3.make_headers(proxy_basic_auth=pair))
        self._context = connection.tls() if parts.scheme == "https" else None
        self._verify = "CERT_REQUIRED" if connection.verify else "CERT_NONE"
        self._name = connection.server_name
        if not connection.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        manager = (
            urllib3.ProxyManager(connection.proxy, proxy_headers=self._proxy_headers, **self._options(pool_size))
            if connection.proxy
            else urllib3.PoolManager(**self._options(pool_size))
        )
        self._pool = manager.connection_from_url(self.server)
        self._manager = manager

    def send(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str], read_timeout: float
    ) -> BaseHTTPResponse:
        """The whole answer. A GET goes out again when a kept connection was closed meanwhile; nothing else does.

        Raises what `translated` gives.
        """
        timeout = self._urllib3.Timeout(connect=min(CONNECT_TIMEOUT, read_timeout), read=read_timeout)
        again = method == "GET"
        while True:
            try:
                return self._pool.urlopen(
                    method,
                    target,
                    body=body,
                    headers=headers,
                    retries=False,
                    redirect=False,
                    timeout=timeout,
                    pool_timeout=math.ceil(read_timeout),
                )
            except self._urllib3.exceptions.ProtocolError as error:
                if not again:
                    raise self.translated(error) from None
                again = False
            except (self._urllib3.exceptions.HTTPError, OSError) as error:
                raise self.translated(error) from None

    def single(self) -> HTTPConnection:
        """A connection of its own, not yet connected; the caller closes it."""
        classes = self._urllib3.connection
        host, port = self._host, self._port
        if self._proxy:
            host, port = self._proxy.hostname or "", self._proxy.port or 80
        made: HTTPConnection
        if self._context is None:
            made = classes.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT)
        else:
            made = classes.HTTPSConnection(
                host,
                port,
                timeout=CONNECT_TIMEOUT,
                ssl_context=self._context,
                cert_reqs=self._verify,
                server_hostname=self._name,
                assert_hostname=self._name,
            )
        if self._proxy:
            made.set_tunnel(self._host, self._port, self._proxy_headers)
        return made

    def translated(self, error: Exception) -> Error:
        """Our error for one of urllib3 or the system: Unavailable, or ClusterError for a wrong server."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return ClusterError(
                    f"the certificate of `{self.server}` does not verify: {cause.verify_message}",
                    hints=("is it the right cluster, and the right certificate authority?",),
                )
            reason = getattr(cause, "reason", None)
            cause = reason if isinstance(reason, Exception) else cause.__cause__ or cause.__context__
        if isinstance(error, (self._urllib3.exceptions.TimeoutError, TimeoutError)):
            return Unavailable(f"`{self.server}` does not answer in time")
        return Unavailable(f"`{self.server}` cannot be reached")

    def is_silence(self, error: Exception) -> bool:
        """Whether `error` says that nothing arrived within the read timeout."""
        return isinstance(error, (self._urllib3.exceptions.ReadTimeoutError, TimeoutError))

    def close(self) -> None:
        """Close the idle connections."""
        self._manager.clear()

    def _options(self, pool_size: int) -> dict[str, Any]:
        options: dict[str, Any] = {"num_pools": 1, "maxsize": pool_size, "block": True}
        if self._context is not None:
            options |= {
                "ssl_context": self._context,
                "cert_reqs": self._verify,
                "server_hostname": self._name,
                "assert_hostname": self._name,
            }
        return options


def missing(error: ImportError) -> SettingsError:
    """What to say when a package of the extra is not installed."""
    return SettingsError(
        f"the package `{error.name}` is not installed; it is needed to talk to a cluster",
        hints=("pip install 'secrets-gitops[controller]'",),
    )
