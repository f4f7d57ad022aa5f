"""Kept connections: reused, found out when the server closed them, and never the reason for a write sent twice."""

from __future__ import annotations

import gc
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from secrets_gitops.clients.kube.connection import Connection
from secrets_gitops.clients.kube.request import Api
from secrets_gitops.errors import Unavailable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LAST = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


class Server:
    """Answers each connection with its own list of answers, then closes it; `seen` are the requests of each."""

    def __init__(self, *connections):
        self._scripts = list(connections)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.seen, self.closed = [], threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        for script in self._scripts:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.seen.append([])
            threading.Thread(target=self._serve, args=(client, script, self.seen[-1]), daemon=True).start()

    def _serve(self, client, script, seen):
        with client:
            for answer in script:
                method = _request(client)
                if not method:
                    break
                seen.append(method)
                client.sendall(answer() if callable(answer) else answer)
        self.closed.release()


def _request(client):
    """Read one request; its method, nothing when there is no further one."""
    with client.makefile("rb", 0) as lines:
        method, length = lines.readline().partition(b" ")[0].decode(), 0
        while line := lines.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while length:
            length -= len(lines.read(length))
    return method


@pytest.fixture
def serve():
    """A maker: a server with such a script, and a client of it."""
    made = []

    def start(*connections, **options):
        server = Server(*connections)
        made.extend((server, Api(Connection(server.url), **options)))
        return made[-2:]

    yield start
    for one in reversed(made):
        one.close()


def test_a_connection_is_kept_for_the_next_request(serve):
    server, api = serve([OK, OK, OK])
    for _ in range(3):
        assert api.call("GET", "/x") == {}
    assert server.seen == [["GET"] * 3]


def test_one_that_the_server_closed_meanwhile_is_not_used_even_for_a_write(serve):
    server, api = serve([OK], [OK], [LAST], [OK])
    for _ in range(4):
        assert api.call("POST", "/x", {}) == {}
        assert server.closed.acquire(timeout=5)
        time.sleep(0.01)
    assert server.seen == [["POST"]] * 4


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1), ("PUT", 1), ("PATCH", 1), ("DELETE", 1)])
def test_only_a_read_goes_out_again_when_its_connection_breaks(serve, method, times):
    server, api = serve([b""], [b""], [OK])
    with pytest.raises(Unavailable):
        api.call(method, "/x", None if method == "GET" else {})
    assert sum(map(len, server.seen)) == times


def test_a_body_cut_short_is_no_answer(serve):
    cut = OK.replace(b": 2", b": 20")
    _, api = serve([cut], [cut])
    with pytest.raises(Unavailable):
        api.call("POST", "/x", {})


def test_a_request_that_outlives_the_closing_leaves_no_connection_behind(serve):
    server, api = serve([lambda: api.close() or OK, OK], [OK])
    assert api.call("GET", "/x") == {}
    assert server.closed.acquire(timeout=5)


def test_a_client_that_is_forgotten_leaves_no_connection_behind(serve):
    server, _ = serve([OK, OK])
    assert Api(Connection(server.url)).call("GET", "/x") == {}
    gc.collect()
    assert server.closed.acquire(timeout=5)


def test_no_more_requests_than_the_pool_has_room_for_are_out_at_once(serve):
    out, most, lock = [0], [0], threading.Lock()

    def answer():
        with lock:
            out[0] += 1
            most[0] = max(most[0], out[0])
        time.sleep(0.02)
        with lock:
            out[0] -= 1
        return OK

    _, api = serve([answer] * 20, [answer] * 20, pool_size=2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.call("GET", "/x"), range(16)))
    assert answers == [{}] * 16 and most[0] == 2
