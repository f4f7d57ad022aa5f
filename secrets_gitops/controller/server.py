"""A small HTTP server: threads, time limits, a bound on bodies and on connections. What it answers is not its business.

The standard library's server, with what it lacks for a port that every user of a cluster can reach.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = Callable[["Request"], "Response"]

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes; the API server takes objects of up to about 3 MiB."""
_CONNECTIONS = 100
_SILENCE = 10.0
"""Seconds without a byte after which a connection is given up, an idle one too: each holds one of the places."""
_TEXT = "text/plain; charset=utf-8"


class Request(NamedTuple):
    """What was asked; the body is whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    caller: str
    body: bytes


class Response(NamedTuple):
    """What to answer. Without a content type there is none in the header."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = {}


NOT_FOUND = Response(404, b"404 page not found\n", _TEXT)


def text(status: int, line: str) -> Response:
    """A line of plain text."""
    return Response(status, f"{line}\n".encode(), _TEXT)


class Server:
    """Serves `answer` on an address of Go's form: `:8080`, `127.0.0.1:8080`, `[::1]:8080`."""

    def __init__(self, address: str, answer: Answer, *, read_timeout: float, write_timeout: float) -> None:
        """Take the port at once. Raises SettingsError when it cannot be had."""
        host, port = _split(address)
        whole = max(1.0, min(read_timeout, write_timeout)) if read_timeout > 0 < write_timeout else 120.0
        given = {"answer": staticmethod(answer), "whole": whole, "timeout": min(whole, _SILENCE)}
        handler = type("Handler", (_Handler,), given)
        try:
            self._server = _listener(host)((host, port), handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "not a port"
            raise SettingsError(
                f"cannot listen on `{address}`: {reason}", hints=("another process may have the port",)
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port that is taken."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop taking connections; those under way end with the process."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._slots = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # Without the reverse look-up of the host's name that http.server would make here.
        if self.address_family == socket.AF_INET6:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "", self.server_address[1]

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that went away is no news."""


class _Listener6(_Listener):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "secrets-gitops"
    sys_version = ""
    answer: Answer
    whole: float
    """Seconds that a body may take in all."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):  # every method is answered alike, as by the original
            return self._serve
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Nothing: requests are counted, not logged."""

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self._send(text(413, "request body too large"))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = self.path.partition("?")[0]
        request = Request(self.command, path, headers, str(self.client_address[0]), body)
        try:
            response = self.answer(request)
        except Exception:  # noqa: BLE001  one request must not end the connection without an answer
            response = Response(500)
        self._send(response)

    def _body(self) -> bytes | None:
        """The body; None when it is larger than we read or cannot be framed."""
        end = time.monotonic() + self.whole
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks(end)
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > LARGEST_BODY:
            return None
        return self._read(int(length), end)

    def _chunks(self, end: float) -> bytes | None:
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(20).partition(b";")[0], 16)
            except ValueError:
                return None
            if not 0 <= size <= LARGEST_BODY - len(body):
                return None
            part = self._read(size, end)
            if part is None or self.rfile.readline(3) not in {b"\r\n", b"\n"}:
                return None
            if not size:
                return bytes(body)
            body += part

    def _read(self, size: int, end: float) -> bytes | None:
        """Exactly so many bytes; None when they do not come in time: a slow sender must not hold the thread."""
        parts: list[bytes] = []
        while size:
            part = self.rfile.read1(min(size, 65536)) if time.monotonic() < end else b""
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        if response.content_type is not None:
            self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)


def _listener(host: str) -> type[_Listener]:
    return _Listener6 if ":" in host or (not host and socket.has_dualstack_ipv6()) else _Listener


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()):
        raise SettingsError(f"`{address}` is no address to listen on", hints=("write it like `:8080`",))
    return host.removeprefix("[").removesuffix("]"), int(port)
