"""Requests to a real API server: what arrives, and what each refusal becomes."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import socketserver
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from apiserver import User

from secrets_gitops.clients.kube import in_cluster, kubeconfig, resources
from secrets_gitops.clients.kube.request import Api
from secrets_gitops.errors import ClusterError, Conflict, Forbidden, Invalid, ObjectNotFound, Unavailable


def secret(namespace, name, **data):
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": data,
    }


@pytest.fixture
def api(user):
    made = user(("", "secrets", "create get update delete list")).api()
    yield made
    made.close()


def test_an_object_is_made_read_replaced_and_deleted(api, namespace, kube):
    made = api.call("POST", resources.path(resources.SECRETS, namespace), secret(namespace, "db", password="one"))
    path = resources.path(resources.SECRETS, namespace, "db")
    assert api.call("GET", path)["metadata"]["uid"] == made["metadata"]["uid"]
    api.call("PUT", path, {**made, "data": {"password": "dHdv"}})
    assert kube.secret(namespace, "db") == {"password": b"two"}
    api.call("DELETE", path)
    assert kube.secret(namespace, "db") is None


def test_each_refusal_has_its_own_error(api, namespace, kube):
    path = resources.path(resources.SECRETS, namespace)
    made = api.call("POST", path, secret(namespace, "db", password="one"))
    with pytest.raises(Conflict):
        api.call("POST", path, secret(namespace, "db", password="one"))
    with pytest.raises(ObjectNotFound):
        api.call("GET", f"{path}/none")
    with pytest.raises(ObjectNotFound):
        kube.api.call("GET", "/apis/example.org/v1/things")
    stale = {**made, "metadata": {**made["metadata"], "resourceVersion": "1"}, "data": {"a": "YQ=="}}
    with pytest.raises(Conflict):
        api.call("PUT", f"{path}/db", stale)
    with pytest.raises(Forbidden, match="cannot list resource"):
        api.call("GET", resources.path(resources.CONFIG_MAPS, namespace))


def test_what_the_server_says_of_a_secret_never_carries_its_value(api, namespace):
    path = resources.path(resources.SECRETS, namespace)
    with pytest.raises(Invalid) as caught:
        api.call("POST", path, secret(namespace, "db", **{"not a key": "canary-4711"}))
    assert "data[not a key]" not in caught.value.message or "canary" not in caught.value.message
    assert "Invalid" in caught.value.message
    wrong = secret(namespace, "db")
    del wrong["stringData"]
    wrong["data"] = {"a": "canary-4711!"}
    with pytest.raises(Invalid) as caught:
        api.call("POST", path, wrong)
    assert "canary" not in caught.value.message
    labelled = secret(namespace, "db", a="b")
    labelled["metadata"]["labels"] = {"app": "canary-4711 canary"}
    with pytest.raises(Invalid) as caught:
        api.call("POST", path, labelled)
    assert "canary" not in caught.value.message
    assert "metadata.labels" in caught.value.message


def test_a_server_that_is_not_there_is_unavailable_and_a_stranger_is_not_trusted(cluster, namespace):
    nobody = Api(cluster.admin.connection("https://127.0.0.1:1"))
    with pytest.raises(Unavailable):
        nobody.call("GET", "/version")
    nobody.close()
    stranger = Api(replace(cluster.admin.connection(), ca_file=None))
    with pytest.raises(ClusterError, match="does not verify"):
        stranger.call("GET", "/version")
    stranger.close()


def test_a_pod_uses_its_token_and_the_next_one_after_a_minute(cluster, user, namespace):
    """The server takes the token away with its account; the renewed file must be what counts."""
    first, second = user(("", "secrets", "list")), user(("", "secrets", "list"))
    folder = first.pod_folder(namespace)
    now = [0.0]
    environ = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(cluster.port)}
    connection = in_cluster.connection(environ, folder=str(folder))
    connection.authorize._clock = lambda: now[0]
    assert connection.namespace == namespace
    api = Api(connection)
    path = resources.path(resources.SECRETS, namespace)
    mark = cluster.mark()
    api.call("GET", path)
    (folder / "token").write_text(second.token + "\n")
    now[0] = 61.0
    api.call("GET", path)
    api.close()
    assert cluster.requests(first, mark) == [f"list {path}"]
    assert cluster.requests(second, mark) == [f"list {path}"]


def test_a_wrong_token_is_forbidden(cluster):
    api = User(cluster, "nobody", "not-a-token").api()
    with pytest.raises(Forbidden):
        api.call("GET", "/api/v1/namespaces")
    api.close()


def test_a_kubeconfig_with_a_token_needs_no_official_package(cluster, user, namespace):
    somebody = user(("", "secrets", "list"))
    code = (
        "import sys; from secrets_gitops.clients.kube import connection, request\n"
        "api = request.Api(connection.choose({}, kubeconfig=sys.argv[1]))\n"
        "path = f'/api/v1/namespaces/{api.connection.namespace}/secrets'\n"
        "print(api.call('GET', path)['kind'], 'kubernetes' in sys.modules)"
    )
    path = somebody.kubeconfig(namespace=namespace)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == "SecretList False\n", done.stderr


def test_an_exec_plugin_gives_the_token(cluster, user, namespace, tmp_path):
    """Such a user goes through the official package."""
    somebody = user(("", "secrets", "list"))
    content = json.loads(somebody.kubeconfig(namespace=namespace).read_text())
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": somebody.token},
    }
    (tmp_path / "credential.json").write_text(json.dumps(credential))
    content["users"][0]["user"] = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "cat",
            "args": [str(tmp_path / "credential.json")],
            "interactiveMode": "Never",
        }
    }
    (tmp_path / "config").write_text(json.dumps(content))
    api = Api(kubeconfig.connection(str(tmp_path / "config"), None, {}))
    assert api.call("GET", resources.path(resources.SECRETS, namespace))["items"] == []
    api.close()


def with_user(cluster, user, **fields):
    """A kubeconfig as a tree, with another user in it."""
    content = json.loads(cluster.admin.kubeconfig().read_text())
    content["users"][0]["user"] = fields
    return content


@pytest.mark.parametrize("form", ["data", "files beside the kubeconfig"])
def test_a_client_certificate_says_who_we_are(cluster, namespace, tmp_path, form):
    certificate, key = cluster.certificate("carol")
    cluster.allow(User(cluster, "carol", ""), ("", "secrets", "list watch"), namespace=namespace)
    if form == "data":
        encoded = [base64.b64encode(pem).decode() for pem in (certificate, key)]
        fields = {"client-certificate-data": encoded[0], "client-key-data": encoded[1]}
    else:
        (tmp_path / "carol.crt").write_bytes(certificate)
        (tmp_path / "carol.key").write_bytes(key)
        fields = {"client-certificate": "carol.crt", "client-key": "carol.key"}
    (tmp_path / "config").write_text(json.dumps(with_user(cluster, "carol", **fields)))
    api = Api(kubeconfig.connection(str(tmp_path / "config"), None, {}))
    mark = cluster.mark()
    path = resources.path(resources.SECRETS, namespace)
    assert api.call("GET", path)["items"] == []
    stream = api.stream(path, query={"watch": "1", "timeoutSeconds": "1"})
    stream.open()
    assert list(stream) == []
    api.close()
    assert len(cluster.requests(User(cluster, "carol", ""), mark)) == 2


@pytest.fixture
def connect_proxy():
    """An HTTP proxy that knows CONNECT alone, as companies have them; gives its URL and what it was asked."""
    asked = []

    class Tunnel(socketserver.StreamRequestHandler):
        def handle(self):
            target = self.rfile.readline().split()[1].decode()
            while self.rfile.readline().strip():
                pass
            asked.append(target)
            host, port = target.split(":")
            with socket.create_connection((host, int(port))) as server:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                there = threading.Thread(target=pump, args=(self.connection, server), daemon=True)
                there.start()
                pump(server, self.connection)
                there.join(5)

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_requests_and_watches_go_through_the_proxy_of_the_kubeconfig(cluster, user, namespace, connect_proxy, tmp_path):
    url, asked = connect_proxy
    content = json.loads(user(("", "secrets", "list watch")).kubeconfig().read_text())
    content["clusters"][0]["cluster"]["proxy-url"] = url
    (tmp_path / "config").write_text(json.dumps(content))
    api = Api(kubeconfig.connection(str(tmp_path / "config"), None, {}))
    path = resources.path(resources.SECRETS, namespace)
    assert api.call("GET", path)["items"] == []
    stream = api.stream(path, query={"watch": "1", "timeoutSeconds": "1"})
    stream.open()
    assert list(stream) == []
    api.close()
    assert asked == [f"127.0.0.1:{cluster.port}"] * 2
