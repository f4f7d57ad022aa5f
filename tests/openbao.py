"""A real OpenBao for the tests: fixtures that start it on a free loopback port, and a small administrator for it.

Taken in by `conftest.py`, so that every test may ask for `openbao`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


class OpenBao:
    """A server that we started, and requests to it as its administrator."""

    def __init__(self, process: subprocess.Popen[bytes], address: str, token: str) -> None:
        self.process = process
        self.address = address
        self.token = token

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None, namespace: str = "") -> Any:
        """The JSON of the answer; None where it has none. Raises HTTPError."""
        headers = {"X-Vault-Token": self.token if token is None else token, "Content-Type": "application/json"}
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/v1/{path}", data=data, method=method, headers=headers)
        # The administrator's own requests need no proof of who answers on loopback.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
        )
        with opener.open(request, timeout=20) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def mount(self, version: int = 2, *, path: str | None = None, namespace: str = "") -> str:
        """A KV mount of its own for a test."""
        path = path or f"kv-{uuid.uuid4().hex[:8]}"
        self.ask(
            "POST", f"sys/mounts/{path}", {"type": "kv", "options": {"version": str(version)}}, namespace=namespace
        )
        return path

    def put(self, mount: str, key: str, values: dict[str, object], *, namespace: str = "") -> None:
        """A new version of a secret in a mount of version 2."""
        self.ask("POST", f"{mount}/data/{key}", {"data": values}, namespace=namespace)

    def policy(self, *paths: str, namespace: str = "") -> str:
        """The name of a new policy that lets these paths be read and listed."""
        name = f"p-{uuid.uuid4().hex[:8]}"
        rules = "".join(f'path "{path}" {{ capabilities = ["read", "list"] }}\n' for path in paths)
        self.ask("PUT", f"sys/policies/acl/{name}", {"policy": rules}, namespace=namespace)
        return name

    def new_token(self, *policies: str, **more: object) -> str:
        """A token with these policies."""
        return self.ask("POST", "auth/token/create", {"policies": list(policies), **more})["auth"]["client_token"]

    def auth(self, kind: str) -> str:
        """An auth mount of its own for a test."""
        path = f"{kind}-{uuid.uuid4().hex[:8]}"
        self.ask("POST", f"sys/auth/{path}", {"type": kind})
        return path

    def approle(self, policy: str, **role: object) -> tuple[str, str, str]:
        """A role of a new mount: mount, role id, secret id."""
        mount = self.auth("approle")
        self.ask("POST", f"auth/{mount}/role/app", {"token_policies": [policy], **role})
        role_id = self.ask("GET", f"auth/{mount}/role/app/role-id")["data"]["role_id"]
        return mount, role_id, self.ask("POST", f"auth/{mount}/role/app/secret-id", {})["data"]["secret_id"]

    def seal(self) -> None:
        self.ask("PUT", "sys/seal")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class DurableOpenBao(OpenBao):
    """A server that keeps its data in a folder, so that it can be sealed, unsealed, stopped and started again."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.folder = folder
        (folder / "data").mkdir()
        (folder / "openbao.hcl").write_text(
            f'storage "raft" {{\n  path = "{folder}/data"\n  node_id = "one"\n  performance_multiplier = 1\n}}\n'
            f'listener "tcp" {{\n  address = "127.0.0.1:{port}"\n  tls_disable = true\n}}\n'
            f'api_addr = "http://127.0.0.1:{port}"\ncluster_addr = "https://127.0.0.1:{port + 1}"\n'
        )
        super().__init__(self._spawn(), f"http://127.0.0.1:{port}", "")
        try:
            self._set_up()
        except BaseException:
            self.stop()
            raise

    def _set_up(self) -> None:
        self._until(lambda: self.ask("GET", "sys/init"))
        made = self.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.token, self._key = made["root_token"], made["keys"][0]
        self.unseal()
        self.mount(path="secret")
        self._until(lambda: self.put("secret", "first", {"k": "v"}))

    def unseal(self) -> None:
        self.ask("PUT", "sys/unseal", {"key": self._key})
        self._until(lambda: self.ask("GET", "sys/health"))

    def start(self, *, unseal: bool = True) -> None:
        """Start again what `stop` stopped, at the same address."""
        self.process = self._spawn()
        self._until(lambda: self.ask("GET", "sys/seal-status"))
        if unseal:
            self.unseal()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.folder / "openbao.log").open("ab") as log:
            return subprocess.Popen(
                [program(), "server", "-config", str(self.folder / "openbao.hcl")],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            )

    def _until(self, works: Callable[[], object]) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                works()
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def program() -> str:
    """The `bao` of the environment that runs the tests, or one on PATH."""
    beside = Path(sys.executable).parent / "bao"
    found = str(beside) if beside.exists() else shutil.which("bao")
    if found is None:
        pytest.skip("bao is not here; the dependency group `interop` brings it")
    return found


def start(folder: Path, *, token: str = "root", tls: bool = False) -> OpenBao:
    """A server in memory, unsealed, with a KV store of version 2 at `secret/`; `tls`: its authority is in `folder`."""
    for _ in range(5):  # it takes the port after its own too, which somebody may hold
        port = free_port()
        arguments = [program(), "server", "-dev", f"-dev-root-token-id={token}", "-dev-no-store-token"]
        arguments += [f"-dev-listen-address=127.0.0.1:{port}"]
        arguments += ["-dev-tls", f"-dev-tls-cert-dir={folder}"] if tls else []
        with (folder / "openbao.log").open("wb") as log:
            process = subprocess.Popen(
                arguments, stdout=log, stderr=log, env={"PATH": os.environ["PATH"], "HOME": str(folder)}
            )
        server = OpenBao(process, f"{'https' if tls else 'http'}://127.0.0.1:{port}", token)
        if _is_ready(server):
            return server
        server.stop()
    raise AssertionError((folder / "openbao.log").read_text()[-2000:])


def _is_ready(server: OpenBao) -> bool:
    """Whether it got its port and came up."""
    until = time.monotonic() + 30
    while server.process.poll() is None and time.monotonic() < until:
        try:
            server.ask("GET", "sys/mounts")
            return True
        except OSError:
            time.sleep(0.05)
    return False


@pytest.fixture(scope="session")
def openbao(tmp_path_factory: pytest.TempPathFactory):
    """One OpenBao for the session; a test makes a mount of its own in it."""
    server = start(tmp_path_factory.mktemp("openbao"))
    yield server
    server.stop()


@pytest.fixture
def own_openbao(tmp_path: Path):
    """A maker of servers for one test, which may seal, stop or break them."""
    servers: list[OpenBao] = []

    def make(**options: Any) -> OpenBao:
        folder = tmp_path / f"openbao-{len(servers)}"
        folder.mkdir()
        servers.append(start(folder, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def durable_openbao(tmp_path: Path):
    """A server that outlives being stopped, with a KV store of version 2 at `secret/`."""
    folder = tmp_path / "durable-openbao"
    folder.mkdir()
    server = DurableOpenBao(folder)
    yield server
    server.stop()
