"""Encrypted files on their way to Google Cloud Storage. S3 and Vault have real servers in `interop/live`."""

from __future__ import annotations

import http.server
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.encrypted_files import decrypt, publish
from secrets_gitops.envelopes.sops import creating, opened
from secrets_gitops.envelopes.sops.groups import KeyGroups
from secrets_gitops.envelopes.sops.selection import DEFAULT
from secrets_gitops.errors import Error, NotSealed, SettingsError
from secrets_gitops.keys import age
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.repository import creation_rules

NOW = "2026-01-02T03:04:05Z"


def person():
    identity, recipient = age.generate()
    return Keyring(age.parse_identities(identity.reveal(), "test")), age.parse_recipient(recipient)


ALICE, BOB = person(), person()


@pytest.fixture
def storage():
    """A server that takes what is uploaded: address and the list of (path and query, token, body); 403 for `locked`."""
    taken: list[tuple[str, str, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((self.path, self.headers["Authorization"], body))
            self.send_response(403 if "locked" in self.path else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    server.server_close()


@pytest.fixture
def send(storage):
    """A maker: push an encrypted file under a destination rule; gives what arrived."""

    def push(rule: str, path: str = "apps/f.yaml", text: str = "a: s3cret\n"):
        rules = creation_rules.parse(f"destination_rules: [{rule}]".encode(), ".sops.yaml", strict=False)
        parcel = publish.parcel(rules, path)
        document = read(text, path=path)
        if "sops:" not in text:
            document, _ = creating.create(document, KeyGroups(((ALICE[1],),)), DEFAULT, NOW)
        environ = {"STORAGE_EMULATOR_HOST": storage[0], "GOOGLE_OAUTH_ACCESS_TOKEN": "t0ken"}
        assert publish.send(parcel, document, lambda one: decrypt.decrypt(one, ALICE[0]), NOW, environ)
        return document, storage[1][-1]

    return push


def test_a_file_goes_as_it_is_under_prefix_and_name(send):
    document, (path, token, body) = send("{gcs_bucket: my-bucket, gcs_prefix: in/a b/}")
    assert urlsplit(path).path == "/upload/storage/v1/b/my-bucket/o"
    assert parse_qs(urlsplit(path).query)["name"] == ["in/a b/f.yaml"]
    assert token == "Bearer t0ken"
    assert body == document.to_bytes()


def test_a_file_goes_encrypted_for_other_keys_and_by_another_selector(send):
    rule = f"{{gcs_bucket: b, omit_extensions: true, recreation_rule: {{age: {BOB[1].text}, encrypted_regex: '^a$'}}}}"
    _, (path, _, body) = send(rule, text="a: s3cret\nb: clear\n")
    assert parse_qs(urlsplit(path).query)["name"] == ["f"]
    got = read(body, path="f.yaml")
    assert opened.open(got, BOB[0]).text == "a: s3cret\nb: clear\n"
    assert "\nb: clear\n" in got.text
    with pytest.raises(Error):
        opened.open(got, ALICE[0])


def test_plaintext_and_refusals(send):
    with pytest.raises(Error) as caught:
        send("{gcs_bucket: locked}")
    assert "gs://locked/f.yaml" in caught.value.message
    with pytest.raises(SettingsError, match="no destination rule"):
        send("{path_regex: ^x/, gcs_bucket: b}")
    with pytest.raises(SettingsError, match="names no destination"):
        send("{path_regex: ^apps/}")


def test_a_file_in_clear_is_refused(storage):
    rules = creation_rules.parse(b"destination_rules: [{gcs_bucket: b}]", ".sops.yaml", strict=False)
    with pytest.raises(NotSealed):
        publish.send(publish.parcel(rules, "f.yaml"), read("a: 1\n", path="f.yaml"), lambda one: one, NOW, {})
    assert storage[1] == []
