"""A small Azure on loopback: a key vault over TLS in the documented REST shapes, and a managed identity's login."""

from __future__ import annotations

import base64
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
_SECRET = "the header of the identity endpoint"


class AzureVault:
    """The servers. `requests` notes (method, path); `script` holds answers to give before working again."""

    def __init__(self, folder: Path) -> None:
        self.requests: list[tuple[str, str]] = []
        self.logins = 0
        self.script: list[tuple[int, str]] = []
        self.resource = ""
        self.keys: dict[tuple[str, str], rsa.RSAPrivateKey] = {}
        self.newest: dict[str, str] = {}
        self.ca_file = folder / "ca.pem"
        self._vault = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._vault_handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(folder))
        self._vault.socket = context.wrap_socket(self._vault.socket, server_side=True)
        self._login = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._login_handler())
        for server in (self._vault, self._login):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.address = f"https://127.0.0.1:{self._vault.server_port}"
        # The libraries take a token for the domain above the vault's only.
        self.resource = f"https://0.0.1:{self._vault.server_port}"

    @property
    def environ(self) -> dict[str, str]:
        """What a client needs."""
        return {
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{self._login.server_port}/msi/token",
            "IDENTITY_HEADER": _SECRET,
            "SSL_CERT_FILE": str(self.ca_file),
        }

    def key(self, name: str, version: str = "1" * 32) -> str:
        """The URL, without version, of a key whose newest version is this."""
        self.keys[name, version] = rsa.generate_private_key(65537, 2048)
        self.newest[name] = version
        return f"{self.address}/keys/{name}"

    def stop(self) -> None:
        for server in (self._vault, self._login):
            server.shutdown()
            server.server_close()

    def answer(self, method: str, path: str, token: str, body: bytes) -> tuple[int, Any]:
        if self.script and token:
            status, code = self.script.pop(0)
            return status, {"error": {"code": code, "message": "secret words"}}
        if token != "Bearer azure-token":
            return 401, {"error": {"code": "Unauthorized"}}
        _, name, *rest = path.strip("/").split("/")
        version = rest[0] if rest and rest[0] not in {"encrypt", "decrypt"} else self.newest.get(name, "")
        if (name, version) not in self.keys:
            return 404, {"error": {"code": "KeyNotFound"}}
        key, kid = self.keys[name, version], f"{self.address}/keys/{name}/{version}"
        if method == "GET":
            return 200, {"key": {"kid": kid, "kty": "RSA", "key_ops": ["encrypt", "decrypt"]}, "attributes": {}}
        request = json.loads(body)
        assert request["alg"] == "RSA-OAEP-256"
        value = base64.urlsafe_b64decode(request["value"] + "=" * (-len(request["value"]) % 4))
        try:
            result = key.public_key().encrypt(value, _OAEP) if rest[-1] == "encrypt" else key.decrypt(value, _OAEP)
        except ValueError:
            return 400, {"error": {"code": "BadParameter", "message": "secret words"}}
        return 200, {"kid": kid, "value": base64.urlsafe_b64encode(result).rstrip(b"=").decode()}

    def _vault_handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        vault = self

        class Handler(_Quiet):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                path = urllib.parse.urlsplit(self.path).path
                token = self.headers.get("Authorization", "")
                vault.requests += [(self.command, path)] if token else []
                status, tree = vault.answer(self.command, path, token, body)
                challenge = f'Bearer authorization="https://login.example/tenant", resource="{vault.resource}"'
                self.reply(status, tree, {"WWW-Authenticate": challenge} if status == 401 else {})

            def do_GET(self) -> None:
                self.do_POST()

        return Handler

    def _login_handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        vault = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                assert self.headers["X-IDENTITY-HEADER"] == _SECRET
                assert query["resource"] == vault.resource
                vault.logins += 1
                token = {"access_token": "azure-token", "expires_on": str(int(time.time()) + 3600)}
                self.reply(200, {**token, "resource": query["resource"], "token_type": "Bearer"}, {})

        return Handler


class _Quiet(http.server.BaseHTTPRequestHandler):
    def reply(self, status: int, tree: Any, more: dict[str, str]) -> None:
        text = json.dumps(tree).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


def _certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key; it is its own authority, in `ca.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vault")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(pem + private)
    return folder / "server.pem"
