"""A small Google Cloud on loopback: the token endpoint and Cloud KMS, in the documented REST shapes."""

from __future__ import annotations

import base64
import http.server
import json
import os
import threading
import urllib.parse
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def crc32c(data: bytes) -> int:
    """Bit by bit, so that it shares nothing with what it checks."""
    checksum = 0xFFFFFFFF
    for byte in data:
        checksum ^= byte
        for _ in range(8):
            checksum = (checksum >> 1) ^ (0x82F63B78 * (checksum & 1))
    return checksum ^ 0xFFFFFFFF


class GoogleCloud:
    """The server. `requests` notes (path, what came with it); `script` holds answers to give before working again."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.script: list[tuple[int, str, dict[str, str]]] = []
        self.keys: dict[str, bytes] = {}
        self.tokens: set[str] = set()
        self.spoil_checksums = False
        self._account = rsa.generate_private_key(65537, 2048)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def key(self, name: str) -> str:
        """The resource id of a new key."""
        path = f"projects/p/locations/global/keyRings/r/cryptoKeys/{name}"
        self.keys[path] = os.urandom(32)
        return path

    def service_account(self) -> dict[str, str]:
        """The JSON of a service account whose tokens come from here."""
        pem = self._account.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "p",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": "sops@p.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{self.address}/token",
        }

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if path == "/token":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            head, claims, signature = form["assertion"].split(".")
            self._account.public_key().verify(
                _unpadded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
            token = f"token-{len(self.tokens)}"
            self.tokens.add(token)
            self.requests.append((path, json.loads(_unpadded(claims))))
            return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}, {}
        request = json.loads(body)
        self.requests.append((path, request))
        if self.script:
            status, reason, more = self.script.pop(0)
            return status, {"error": {"code": status, "status": reason, "message": "secret words"}}, more
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}}, {}
        name, _, verb = path.removeprefix("/v1/").rpartition(":")
        if name not in self.keys:
            return 404, {"error": {"code": 404, "status": "NOT_FOUND"}}, {}
        try:
            return 200, self._crypt(name, verb, request), {}
        except ValueError:
            return 400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "secret words"}}, {}

    def _crypt(self, name: str, verb: str, request: dict[str, str]) -> dict[str, Any]:
        cipher, given, member = AESGCM(self.keys[name]), "plaintext", "ciphertext"
        if verb == "decrypt":
            given, member = member, given
        data = base64.b64decode(request[given])
        if f"{given}Crc32c" in request and int(request[f"{given}Crc32c"]) != crc32c(data):
            raise ValueError("checksum")
        if verb == "encrypt":
            nonce = os.urandom(12)
            result = nonce + cipher.encrypt(nonce, data, None)
        else:
            try:
                result = cipher.decrypt(data[:12], data[12:], None)
            except Exception as error:
                raise ValueError("not ours") from error
        checksum = crc32c(result) ^ self.spoil_checksums
        return {
            "name": f"{name}/cryptoKeyVersions/1",
            member: base64.b64encode(result).decode(),
            f"{member}Crc32c": str(checksum),
            **({"verifiedPlaintextCrc32c": True, "protectionLevel": "SOFTWARE"} if verb == "encrypt" else {}),
        }

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status, tree, more = cloud.answer(urllib.parse.unquote(self.path.partition("?")[0]), self.headers, body)
                text = json.dumps(tree).encode()
                self.send_response(status)
                for name, value in {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(text)),
                    **more,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
