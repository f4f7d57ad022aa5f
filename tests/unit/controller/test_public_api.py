"""What kubeseal asks the controller, over a real socket."""

from __future__ import annotations

import base64
import http.client
import io
import json
import socket

import pytest
from fake_api import FakeApi

from secrets_gitops.controller.flags import Flags
from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.public_api import PublicApi
from secrets_gitops.controller.sealing_keys import SealingKeys
from secrets_gitops.controller.server import LARGEST_BODY, Request, Server
from secrets_gitops.crypto import rsa_hybrid
from secrets_gitops.errors import SettingsError

WIDE = "sealedsecrets.bitnami.com/cluster-wide"


@pytest.fixture(scope="module")
def keys():
    log = Log(info_stream=io.StringIO(), error_stream=io.StringIO())
    held = SealingKeys(FakeApi(), "ks", Flags(key_size=1024), log)
    held.make()
    return held


@pytest.fixture
def ask(keys):
    public = PublicApi(keys, Flags())
    public.keys_loaded.set()
    server = Server("127.0.0.1:0", public.answer, read_timeout=5, write_timeout=5)
    server.start()
    callers = iter(range(10_000))

    def send(method, path, body=None, caller=None):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        headers = {"X-Forwarded-For": caller or f"10.0.0.{next(callers)}"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found

    send.public, send.port = public, server.port
    yield send
    server.close()


def sealed(keys, name="a", label=b"ns/a", value=b"v", template=None, **annotations):
    blob = rsa_hybrid.seal(keys.served().public_key, value, label)
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": name, "namespace": "ns", "annotations": annotations},
        "spec": {"encryptedData": {"k": base64.b64encode(blob).decode()}, "template": template or {}},
    }


def test_the_certificate_health_and_readiness(ask, keys):
    status, headers, body = ask("GET", "/v1/cert.pem")
    assert (status, headers["Content-Type"], body.decode()) == (200, "application/x-pem-file", keys.served().pem)
    assert ask("GET", "/healthz")[::2] == (200, b"ok\n")
    assert ask("GET", "/readyz")[::2] == (503, b"not ready\n")
    ask.public.ready.set()
    assert ask("GET", "/readyz")[::2] == (200, b"ok\n")
    assert ask("GET", "/metrics")[0] == 404


def test_verify_says_yes_no_and_that_it_cannot_be_read(ask, keys):
    good = sealed(keys)
    assert ask("POST", "/v1/verify", json.dumps(good))[0] == 200
    moved = {**good, "metadata": {"name": "b", "namespace": "ns"}}
    assert ask("POST", "/v1/verify", json.dumps(moved))[::2] == (409, b"")
    two = json.dumps(good) + "\n---\n" + json.dumps(good)
    for wrong in ("", "hello", "a: [", two, json.dumps({**good, "kind": "Secret"})):
        assert ask("POST", "/v1/verify", wrong)[::2] == (500, b"")


@pytest.mark.parametrize("text", ['{{ if hasPrefix "v" .k }}{{ fail "" }}{{ end }}', "{{ broken"])
def test_templates_are_not_looked_at_so_that_they_cannot_ask_about_the_plaintext(ask, keys, text):
    body = json.dumps(sealed(keys, template={"data": {"x": text}}))
    assert ask("POST", "/v1/verify", body)[0] == 200
    status, _, answer = ask("POST", "/v1/rotate", body)
    assert status == 200
    assert json.loads(answer)["spec"]["template"]["data"] == {"x": text}


def test_rotate_keeps_the_items_the_scope_and_the_template(ask, keys):
    template = {"metadata": {"labels": {"keep": "me"}}, "type": "kubernetes.io/basic-auth", "immutable": True}
    before = sealed(keys, template=template)
    after = json.loads(ask("POST", "/v1/rotate", json.dumps(before))[2])
    assert set(after) == {"metadata", "spec"}
    assert after["metadata"] == {"name": "a", "namespace": "ns"}
    assert after["spec"]["template"] == template
    blob = after["spec"]["encryptedData"]["k"]
    assert blob != before["spec"]["encryptedData"]["k"]
    assert rsa_hybrid.open(keys.newest_first()[0].private_key, base64.b64decode(blob), b"ns/a") == b"v"


def test_a_template_cannot_widen_the_scope(ask, keys):
    smuggled = {"metadata": {"name": "a", "namespace": "ns", "annotations": {WIDE: "true"}}}
    after = json.loads(ask("POST", "/v1/rotate", json.dumps(sealed(keys, template=smuggled)))[2])
    assert WIDE not in json.dumps(after)
    with pytest.raises(ValueError, match="does not open"):
        rsa_hybrid.open(keys.newest_first()[0].private_key, base64.b64decode(after["spec"]["encryptedData"]["k"]), b"")


def test_what_does_not_open_is_not_rotated(ask, keys):
    assert ask("POST", "/v1/rotate", json.dumps(sealed(keys, label=b"other/a")))[::2] == (500, b"")


def test_only_the_last_forwarder_counts_for_the_rate_limit(ask, keys):
    body = json.dumps(sealed(keys))
    seen = [ask("POST", "/v1/verify", body, caller=f"{n}.1.1.1, 10.1.2.3")[0] for n in range(6)]
    assert seen[:3] == [200] * 3 and 429 in seen
    status, headers, answer = ask("POST", "/v1/verify", body, caller="10.1.2.3")
    assert (status, headers["Retry-After"], answer) == (429, "1", b"limit exceeded\n")
    assert ask("POST", "/v1/rotate", body, caller="10.1.2.3")[0] == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read(ask):
    with socket.create_connection(("127.0.0.1", ask.port), 5) as raw:
        raw.sendall(b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY + 1))
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_a_body_in_chunks_is_read(ask, keys):
    body = json.dumps(sealed(keys)).encode()
    with socket.create_connection(("127.0.0.1", ask.port), 5) as raw:
        raw.sendall(b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        raw.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        assert raw.recv(100).startswith(b"HTTP/1.1 200")


def test_a_port_in_use_is_an_error(ask):
    with pytest.raises(SettingsError, match="cannot listen"):
        Server(f"127.0.0.1:{ask.port}", ask.public.answer, read_timeout=1, write_timeout=1)


def test_a_certificate_is_not_made_up_when_there_is_no_key():
    log = Log(info_stream=io.StringIO(), error_stream=io.StringIO())
    public = PublicApi(SealingKeys(FakeApi(), "ks", Flags(), log), Flags())
    public.keys_loaded.set()
    answer = public.answer(Request("GET", "/v1/cert.pem", {}, "x", b""))
    assert (answer.status, answer.body) == (500, b"cannot get certificate\n")
