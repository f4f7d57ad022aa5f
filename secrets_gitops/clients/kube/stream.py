"""Stream: the lines of one long answer (a watch), from a connection that any thread can close at once."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, cast

from secrets_gitops.clients.kube.failures import failure
from secrets_gitops.clients.kube.transport import FAILURES
from secrets_gitops.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from http.client import HTTPConnection, HTTPResponse

    from secrets_gitops.clients.kube.transport import Transport

_CHUNK = 256 * 1024


class Stream:
    """`open` it, then read it once with `for line in stream`; lines come without their line break."""

    def __init__(
        self,
        transport: Transport,
        target: str,
        headers: Callable[[], dict[str, str]],
        silence: float,
        parsed: Callable[[bytes], object],
    ) -> None:
        self._transport = transport
        self._target = target
        self._headers = headers
        self._silence = silence
        self._parsed = parsed
        self._lock = threading.Lock()
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._answer: HTTPResponse | None = None
        self._closed = False

    def open(self) -> None:
        """Connect and send the request. Raises the ClusterError of an answer other than 200, and Unavailable."""
        connection = self._transport.single()
        try:
            connection.connect()
            connection.sock.settimeout(self._silence)
            with self._lock:
                if self._closed:
                    raise Unavailable("closed while it was opened")
                self._connection, self._socket = connection, connection.sock
            connection.request("GET", self._target, headers=self._headers())
            answer = connection.getresponse()
            if answer.status != 200:
                headers = cast("Mapping[str, str]", answer.headers)
                raise failure(answer.status, self._parsed(answer.read()), headers, secret=False)
            self._answer = answer
        except (*FAILURES, ValueError) as error:  # ValueError: closed while it was read
            raise self._transport.translated(error) from None
        finally:
            if self._answer is None:
                self._end(connection)

    def __iter__(self) -> Iterator[bytes]:
        """Ends when the server ends it, when nothing arrives for `silence` seconds, and when `close` is called.

        Raises Unavailable when the connection fails.
        """
        connection, answer = self._connection, self._answer
        if connection is None or answer is None:
            return
        try:
            yield from self._lines(answer)
        except (*FAILURES, ValueError) as error:
            if not self._closed and not isinstance(error, TimeoutError):
                raise self._transport.translated(error) from None
        finally:
            answer.close()
            self._end(connection)

    def close(self) -> None:
        """End it now, from any thread, even while it waits for data."""
        with self._lock:
            self._closed = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    # Not the method of the TLS socket: that one takes the TLS object away from under the reader.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _end(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._connection = self._socket = None
        connection.close()

    def _lines(self, answer: HTTPResponse) -> Iterator[bytes]:
        parts: list[bytes] = []  # of one line: joined once, so that a line of a megabyte costs no more than its bytes
        while chunk := answer.read1(_CHUNK):
            lines = chunk.split(b"\n")
            if len(lines) == 1:
                parts.append(chunk)
                continue
            yield b"".join([*parts, lines[0]])
            yield from lines[1:-1]
            parts = [lines[-1]] if lines[-1] else []
