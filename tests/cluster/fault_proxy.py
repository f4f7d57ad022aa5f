"""A proxy in front of the API server that fails as asked: refusals, resets, stalls, dead watches, outages.

    proxy.answer(429, "update patch", times=3, retry_after=1)   a refusal instead of an answer
    proxy.reset("create")                  the connection breaks; the server never saw the request
    proxy.reset("create", late=True)       it breaks after the server has carried the request out
    proxy.stall("get", seconds=5)          nothing comes for a while, then the answer
    proxy.end_watches(at_once=True)        open watches end now; new ones end at once until `heal`
    proxy.freeze_watches()                 open watches stay open and say nothing more, as behind a dead router
    with proxy.outage(): …                 nobody listens and every connection is gone
    proxy.heal()                           forget all of it

Verbs are those of Kubernetes (get list watch create update patch delete), separated by blanks; `path` narrows to
requests whose path contains it. It has the API server's certificate, so a client trusts it as it trusts that one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apiserver import Cluster

_COLLECTION = re.compile(r"/(?:api/[^/]+|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+)?/[^/]+")
_NAMESPACE = re.compile(r"/api/v1/namespaces/[^/]+")
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_REASONS = {429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout"}


@dataclass
class _Fault:
    what: str
    verbs: frozenset[str]
    path: str
    left: float
    share: float
    status: int = 0
    seconds: float = 0.0
    retry_after: int | None = None


class _Broken(Exception):
    """This connection ends now."""


class FaultProxy:
    """Listens on a loopback port; `url` is what a client takes for the API server."""

    def __init__(self, cluster: Cluster) -> None:
        self._target = cluster.port
        self._server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server_tls.load_cert_chain(cluster.ca, cluster.tls_key)
        self._client_tls = ssl.create_default_context(cafile=str(cluster.ca))
        self._lock = threading.Lock()
        self._faults: list[_Fault] = []
        self._sockets: set[socket.socket] = set()
        self._watches: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._thawed = threading.Event()
        self._thawed.set()
        self._closing = threading.Event()
        self._down = False
        self.log: list[tuple[str, str, int]] = []
        """Verb, path and status of each request; status 0 for a broken one."""
        self.hits = 0
        """How many requests had a fault that was asked for."""
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"

    # what goes wrong

    def answer(
        self,
        status: int,
        verbs: str,
        *,
        path: str = "",
        times: float = float("inf"),
        share: float = 1.0,
        retry_after: int | None = None,
    ) -> None:
        """Answer so without asking the API server; `share` of the requests only, for it to be chance."""
        fault = _Fault("answer", frozenset(verbs.split()), path, times, share, status, retry_after=retry_after)
        self._add(fault)

    def reset(
        self, verbs: str, *, path: str = "", times: float = float("inf"), share: float = 1.0, late: bool = False
    ) -> None:
        self._add(_Fault("late" if late else "reset", frozenset(verbs.split()), path, times, share))

    def stall(self, verbs: str, *, seconds: float, path: str = "", times: float = float("inf")) -> None:
        self._add(_Fault("stall", frozenset(verbs.split()), path, times, 1.0, seconds=seconds))

    def end_watches(self, *, at_once: bool = False) -> None:
        if at_once:
            self._add(_Fault("empty", frozenset({"watch"}), "", float("inf"), 1.0))
        with self._lock:
            watches = list(self._watches)
        for watch in watches:
            _shut(watch)

    def freeze_watches(self) -> None:
        self._thawed.clear()

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        self._down = True
        self._close(self._listener)
        self._cut()
        try:
            yield
        finally:
            self._down = False
            self._listener = self._listen(self.port)

    def heal(self) -> None:
        with self._lock:
            self._faults.clear()
        self._thawed.set()

    def close(self) -> None:
        self._closing.set()
        self._close(self._listener)
        self._thawed.set()
        self._cut()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(5)

    # how

    def _add(self, fault: _Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def _fault(self, verb: str, path: str) -> _Fault | None:
        with self._lock:
            for fault in self._faults:
                hit = verb in fault.verbs and fault.path in path and fault.left > 0 and random.random() < fault.share
                if hit:
                    fault.left -= 1
                    self.hits += 1
                    return fault
        return None

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            with self._lock:
                self._threads.add(thread)
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        upstream = http.client.HTTPSConnection("127.0.0.1", self._target, context=self._client_tls, timeout=600)
        client = raw
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.settimeout(10)
            client = self._server_tls.wrap_socket(raw, server_side=True)
            client.settimeout(None)
            with self._lock:
                self._sockets.add(client)
                if self._down:  # it was shaking hands when all others were cut
                    raise _Broken
            with client.makefile("rb") as lines:
                while self._exchange(client, lines, upstream):
                    pass
        except (OSError, ValueError, http.client.HTTPException, _Broken) as error:
            _close_unfinished(error)  # one of the two ends is gone, which is what this proxy is for
        finally:
            with self._lock:
                self._sockets.discard(client)
                self._watches.discard(client)
                self._threads.discard(threading.current_thread())
            upstream.close()
            client.close()

    def _exchange(self, client, lines, upstream) -> bool:
        """One request and its answer; whether another may follow."""
        first = lines.readline(65536)
        if not first.strip():
            return False
        method, target, _ = first.decode("latin-1").split(" ", 2)
        headers = dict(http.client.parse_headers(lines).items())
        body = lines.read(int(headers.get("Content-Length") or 0)) or None
        path = target.partition("?")[0]
        verb = _verb(method, target, path)
        fault = self._fault(verb, path)
        what = fault.what if fault else ""
        if what == "answer":
            self.log.append((verb, path, fault.status))
            client.sendall(_refusal(fault))
            return True
        if what == "empty":
            self.log.append((verb, path, 200))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n")
            return True
        if what == "reset":
            self.log.append((verb, path, 0))
            _reset(client)
            raise _Broken
        if what == "stall" and self._closing.wait(fault.seconds):
            raise _Broken
        if upstream.sock is None:
            upstream.connect()
            with self._lock:
                self._sockets.add(upstream.sock)
        upstream.request(method, target, body, headers)
        answer = upstream.getresponse()
        if verb == "watch" and answer.status == 200:
            self.log.append((verb, path, answer.status))
            self._relay(client, answer)
            return False
        content = answer.read()
        self.log.append((verb, path, 0 if what == "late" else answer.status))
        if what == "late":
            _reset(client)
            raise _Broken
        client.sendall(_head(answer, {"Content-Length": str(len(content))}) + content)
        return True

    def _relay(self, client, answer) -> None:
        """A watch, chunk by chunk; while frozen it keeps what arrives to itself."""
        with self._lock:
            self._watches.add(client)
        client.sendall(_head(answer, {"Transfer-Encoding": "chunked"}))
        while data := answer.read1(65536):
            self._thawed.wait()
            client.sendall(b"%x\r\n%b\r\n" % (len(data), data))
        client.sendall(b"0\r\n\r\n")

    def _cut(self) -> None:
        with self._lock:
            sockets = list(self._sockets)
        for each in sockets:
            _shut(each)
        time.sleep(0.02)  # threads between two sockets see it now

    @staticmethod
    def _close(listener: socket.socket) -> None:
        _shut(listener)  # wakes `accept`
        listener.close()


def _close_unfinished(error: BaseException) -> None:
    """Close the socket that `wrap_socket` was making, and left open, when the other end went before it began."""
    trace = error.__traceback__
    while trace is not None:
        making = trace.tb_frame.f_locals.get("self")
        if isinstance(making, ssl.SSLSocket):
            making.close()
        trace = trace.tb_next


def _verb(method: str, target: str, path: str) -> str:
    if method == "GET":
        if "watch=" in target:
            return "watch"
        return "list" if _COLLECTION.fullmatch(path) and not _NAMESPACE.fullmatch(path) else "get"
    return _VERBS.get(method, method.lower())


def _head(answer, framing: dict[str, str]) -> bytes:
    kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("content-length", "transfer-encoding")}
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{k}: {v}" for k, v in (kept | framing).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _refusal(fault: _Fault) -> bytes:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": "made by the fault proxy",
        "reason": _REASONS.get(fault.status, ""),
        "code": fault.status,
    }
    body = json.dumps(status).encode()
    after = f"Retry-After: {fault.retry_after}\r\n" if fault.retry_after is not None else ""
    head = f"HTTP/1.1 {fault.status} Refused\r\nContent-Type: application/json\r\n{after}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _reset(client: socket.socket) -> None:
    """RST instead of a decent end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _shut(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(each, socket.SHUT_RDWR)
