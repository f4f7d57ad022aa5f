"""The one GET, against a small server on this machine."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from secrets_gitops.clients import http
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, BackendError, Error, SecretNotFound, SettingsError, Unavailable


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        where = self.path.strip("/")
        if where.startswith("to="):
            self.send_response(302)
            self.send_header("Location", where.removeprefix("to="))
            self.end_headers()
            return
        if where == "hang":
            self.server.released.wait(20)
            return
        if where == "drip":
            self.send_response(200)
            self.end_headers()
            while not self.server.released.wait(0.02):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return
            return
        self.send_response(int(where) if where.isdigit() else 200)
        self.end_headers()
        self.wfile.write(b"x" * 100)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.released = threading.Event()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.released.set()
    made.shutdown()
    made.server_close()
    thread.join()


def get(url: str, *, limit: int = 1000, seconds: float | None = 10) -> bytes:
    return http.get(url, Deadline(seconds), limit=limit)


def test_the_body_of_an_answer(server: str) -> None:
    assert get(f"{server}/cert.pem") == b"x" * 100
    assert get(f"{server}/cert.pem", seconds=None, limit=100) == b"x" * 100
    assert get(f"{server}/to={server}/cert.pem") == b"x" * 100


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (404, SecretNotFound, 3), (410, SecretNotFound, 3), (401, AccessDenied, 3), (403, AccessDenied, 3),
        (400, BackendError, 3), (429, Unavailable, 4), (500, Unavailable, 4), (503, Unavailable, 4),
    ],
)  # fmt: skip
def test_refusals_say_whether_to_try_again(server: str, status: int, error: type[Error], code: int) -> None:
    with pytest.raises(error) as caught:
        get(f"{server}/{status}")
    assert (type(caught.value), caught.value.exit_code) == (error, code)
    assert str(status) in caught.value.message


def test_nobody_listens() -> None:
    with pytest.raises(Unavailable, match=r"cannot reach `http://127.0.0.1:1/x`: connection refused"):
        get("http://127.0.0.1:1/x")


def test_a_longer_answer_than_expected(server: str) -> None:
    with pytest.raises(BackendError, match="longer than 99 bytes"):
        get(f"{server}/", limit=99)


@pytest.mark.parametrize("path", ["hang", "drip"])
def test_a_server_that_takes_its_time(server: str, path: str) -> None:
    with pytest.raises(Unavailable, match=r"no answer in time|out of time"):
        get(f"{server}/{path}", seconds=0.2, limit=1 << 20)


@pytest.mark.parametrize("target", ["http://example.invalid/", "file:///etc/passwd", "ftp://127.0.0.1/"])
def test_a_redirect_to_where_the_answer_could_be_swapped(server: str, target: str) -> None:
    with pytest.raises(BackendError) as caught:
        get(f"{server}/to={target}")
    assert caught.value.exit_code == 3


def test_loopback_is_never_asked_through_a_proxy(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert get(f"{server}/x") == b"x" * 100


@pytest.mark.parametrize("url", ["http://", "https://[::1", "http://ho st/", "http://127.0.0.1:notaport/"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises((SettingsError, Unavailable, BackendError)):
        get(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080/x", True), ("http://localhost/", True), ("http://[::1]/", True),
        ("http://127.0.0.1.example/", False), ("http://127.0.0.1@example.org/", False), ("http://10.0.0.1/", False),
        ("http://", False), ("http://[::1", False),
    ],
)  # fmt: skip
def test_which_urls_point_to_this_machine(url: str, expected: bool) -> None:
    assert http.is_loopback(url) is expected


def test_messages_show_no_credentials() -> None:
    assert http.shown("https://ann:pw@host.example/path?token=x#y") == "https://host.example/path"
