"""A real etcd and kube-apiserver on loopback, with RBAC, users, an audit log and switches for outages.

Users are real: `admin` comes from a token file, all others are ServiceAccounts with tokens of their own, so that a
program under test runs with exactly the Roles that it is given. Pods never run. Nothing is collected before
`start_controller_manager`.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import functools
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from service_proxy import Egress, publish

from secrets_gitops.clients.kube.connection import Connection
from secrets_gitops.clients.kube.request import MERGE_PATCH, Api
from secrets_gitops.errors import Conflict, Error, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

ADMIN_TOKEN = "token-of-admin"


class User:
    """Somebody with a token: how to reach the server as them."""

    def __init__(self, cluster: Cluster, name: str, token: str) -> None:
        self.cluster = cluster
        self.name = name
        """As RBAC and the audit log know them."""
        self.token = token

    def connection(self, server: str | None = None) -> Connection:
        """To the API server, or to a proxy in front of it."""
        header = f"Bearer {self.token}"
        return Connection(server or self.cluster.url, authorize=lambda: header, ca_file=str(self.cluster.ca))

    def api(self, server: str | None = None) -> Api:
        return Api(self.connection(server))

    def kubeconfig(self, server: str | None = None, namespace: str = "default") -> Path:
        """A file for programs; a new one for each call."""
        handle, path = tempfile.mkstemp(dir=self.cluster.folder, prefix="kubeconfig-")
        authority = base64.b64encode(self.cluster.ca.read_bytes()).decode()
        cluster = {"server": server or self.cluster.url, "certificate-authority-data": authority}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": self.token}}],
            "contexts": [
                {"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}},
            ],
        }
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
        return Path(path)

    def pod_folder(self, namespace: str = "default") -> Path:
        """What the kubelet would mount into a pod: token, ca.crt, namespace."""
        folder = Path(tempfile.mkdtemp(dir=self.cluster.folder, prefix="serviceaccount-"))
        (folder / "token").write_text(self.token)
        (folder / "ca.crt").write_bytes(self.cluster.ca.read_bytes())
        (folder / "namespace").write_text(namespace)
        return folder


class Cluster:
    """The two servers. `program` finds the real programs."""

    def __init__(self, program: Callable[[str], str]) -> None:
        self._program = program
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._apis: list[Api] = []
        self._plurals: dict[tuple[str, str], tuple[str, bool]] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="secrets-gitops-cluster-"))
        self.port, self._etcd_port, self._peer_port = free_port(), free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca = self.folder / "tls.crt"
        self.tls_key = self.folder / "tls.key"
        self.egress: Egress | None = None
        self.admin = User(self, "admin", ADMIN_TOKEN)

    # life

    def start(self) -> None:
        """Both servers, ready; TimeoutError with the end of the log when they are not."""
        _write_certificate(self.ca, self.tls_key)
        key = rsa.generate_private_key(65537, 2048)
        (self.folder / "sa.key").write_bytes(_pem(key))
        (self.folder / "tokens.csv").write_text(f'{ADMIN_TOKEN},admin,1,"system:masters"\n')
        quiet = {"level": "None", "userGroups": ["system:masters"]}
        policy = {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [quiet, {"level": "Metadata"}],
        }
        (self.folder / "audit.json").write_text(json.dumps(policy))
        self.egress = Egress(self.folder / "egress.sock")
        transport = {"uds": {"udsName": str(self.folder / "egress.sock")}}
        selection = {
            "name": "cluster",
            "connection": {"proxyProtocol": "HTTPConnect", "transport": transport},
        }
        egress = {
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [selection],
        }
        (self.folder / "egress.json").write_text(json.dumps(egress))
        self.start_etcd()
        self.start_api()
        self.kube = Kube(self)

    def stop(self) -> None:
        """Everything, whatever state it is in; the data goes too."""
        for api in self._apis:
            api.close()
        if self.egress:
            self.egress.close()
        for name in list(self._processes):
            self._end(name)  # nothing is kept, and a graceful end takes seconds
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_etcd(self) -> None:
        url = f"http://127.0.0.1:{self._etcd_port}"
        self._spawn(
            "etcd",
            *("--data-dir", self.folder / "etcd", "--listen-client-urls", url, "--advertise-client-urls", url),
            *("--listen-peer-urls", f"http://127.0.0.1:{self._peer_port}", "--unsafe-no-fsync", "--log-level", "error"),
        )

    def stop_etcd(self) -> None:
        """At once, as a crash; the data stays."""
        self._end("etcd")

    def start_api(self) -> None:
        """Ready when this returns. On the same port as before."""
        sa = self.folder / "sa.key"
        self._spawn(
            "kube-apiserver",
            *("--etcd-servers", f"http://127.0.0.1:{self._etcd_port}"),
            *("--secure-port", self.port, "--bind-address", "127.0.0.1"),
            *("--tls-cert-file", self.ca, "--tls-private-key-file", self.tls_key),
            *("--service-account-issuer", self.url, "--service-account-key-file", sa),
            *("--service-account-signing-key-file", sa, "--token-auth-file", self.folder / "tokens.csv"),
            *("--client-ca-file", self.ca, "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.0.0.0/24"),
            *("--disable-admission-plugins", "ServiceAccount", "--endpoint-reconciler-type", "none"),
            *("--egress-selector-config-file", self.folder / "egress.json"),
            *("--audit-policy-file", self.folder / "audit.json", "--audit-log-path", self.folder / "audit.log"),
        )
        api = self.admin.api()
        try:
            wait_for(lambda: api.raw("GET", "/readyz").status == 200, 60, lambda: self._why("kube-apiserver"))
        finally:
            api.close()

    def stop_api(self) -> None:
        """At once, as a crash; etcd keeps the data."""
        self._end("kube-apiserver")

    def restart_api(self) -> None:
        self.stop_api()
        self.start_api()

    def start_controller_manager(self) -> None:
        """Garbage collection and the end of namespaces; nothing happens when it runs already."""
        if "kube-controller-manager" in self._processes:
            return
        self._spawn(
            "kube-controller-manager",
            *("--kubeconfig", self.admin.kubeconfig(), "--leader-elect=false", "--bind-address", "127.0.0.1"),
            *("--controllers", "garbage-collector-controller,namespace-controller"),
            *("--secure-port", free_port(), "--cert-dir", self.folder / "kcm"),
        )

    def publish(self, namespace: str, name: str, port: int) -> None:
        """A Service whose proxy, at port 8080, leads to loopback `port`: `kubeseal --fetch-cert` goes that way."""
        publish(self.kube, self.egress, namespace, name, port)

    def compact(self) -> None:
        """Forget all history in etcd; after `restart_api` every older version is really gone."""
        revision = self._etcd("range", {"key": base64.b64encode(b"/").decode()})["header"]["revision"]
        self._etcd("compaction", {"revision": revision, "physical": True})

    # users

    def account(self, namespace: str, name: str, seconds: int = 3600) -> User:
        """The ServiceAccount (made when it is not there) and a new token of it."""
        with contextlib.suppress(Conflict):
            self.kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta(namespace, name)})
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        answer = self.kube.api.call("POST", path, {"spec": {"expirationSeconds": seconds}})
        return User(self, f"system:serviceaccount:{namespace}:{name}", answer["status"]["token"])

    def allow(self, user: User, *rules: tuple[str, str, str], namespace: str | None = None) -> None:
        """Grant (group, resources, verbs), the latter two separated by blanks, in one namespace or everywhere."""
        kind = "Role" if namespace else "ClusterRole"
        name = f"test-{os.urandom(4).hex()}"
        granted = [{"apiGroups": [g], "resources": r.split(), "verbs": v.split()} for g, r, v in rules]
        group = "rbac.authorization.k8s.io"
        subject = {"apiGroup": group, "kind": "User", "name": user.name}
        self.kube.create(
            {"apiVersion": f"{group}/v1", "kind": kind, "metadata": _meta(namespace, name), "rules": granted}
        )
        self.kube.create(
            {
                "apiVersion": f"{group}/v1",
                "kind": f"{kind}Binding",
                "metadata": _meta(namespace, name),
                "roleRef": {"apiGroup": group, "kind": kind, "name": name},
                "subjects": [subject],
            }
        )
        for group, named, verbs in rules:
            wait_for(
                functools.partial(self._may, user, group, named.split()[-1], verbs.split()[-1], namespace or ""),
                10,
                "the rights do not come into force",
            )

    def _may(self, user: User, group: str, resource: str, verb: str, namespace: str) -> bool:
        """Whether the server, which hears of new rights through a watch of its own, grants it by now."""
        resource, _, sub = resource.partition("/")
        attributes = {"verb": verb, "group": group, "resource": resource, "subresource": sub, "namespace": namespace}
        spec = {"user": user.name, "groups": ["system:authenticated"], "resourceAttributes": attributes}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {}, "spec": spec}
        answer = self.kube.api.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)
        return bool(answer["status"]["allowed"])

    def certificate(self, user: str) -> tuple[bytes, bytes]:
        """A client certificate for somebody of that name, and its key; both PEM."""
        issuer = serialization.load_pem_private_key(self.tls_key.read_bytes(), None)
        authority = x509.load_pem_x509_certificate(self.ca.read_bytes())
        return _signed(user, authority.subject, issuer)

    # the audit log

    def mark(self) -> int:
        """A place in the audit log: requests after it are those of `requests(since=mark)`."""
        log = self.folder / "audit.log"
        return log.stat().st_size if log.exists() else 0

    def requests(self, user: User, since: int = 0) -> list[str]:
        """`verb path` of each request that the server finished for `user`; watches are written when they end."""
        return [f"{event['verb']} {event['requestURI']}" for event in self.audited(user, since)]

    def audited(self, user: User, since: int = 0) -> list[dict]:
        """The entry of the audit log for each of these requests."""
        found = []
        with (self.folder / "audit.log").open("rb") as log:
            log.seek(since)
            for line in log:
                event = json.loads(line) if line.endswith(b"\n") else {}
                if event.get("user", {}).get("username") == user.name and event["stage"] == "ResponseComplete":
                    found.append(event)
        return found

    def writes(self, prefix: str) -> dict[str, int]:
        """How often each key of etcd below `prefix` was written since it was made, by the rest of the key."""
        first, last = prefix.encode(), prefix[:-1].encode() + bytes([ord(prefix[-1]) + 1])
        asked = {"key": base64.b64encode(first).decode(), "range_end": base64.b64encode(last).decode()}
        found = self._etcd("range", {**asked, "keys_only": True}).get("kvs", [])
        return {base64.b64decode(one["key"]).decode().removeprefix(prefix): int(one["version"]) for one in found}

    # within

    def plural(self, api_version: str, kind: str) -> tuple[str, bool]:
        """How the server calls a kind, and whether it is namespaced; asked once."""
        if (api_version, kind) not in self._plurals:
            base = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
            for resource in self.kube.api.call("GET", base)["resources"]:
                if "/" not in resource["name"]:
                    self._plurals[api_version, resource["kind"]] = (resource["name"], resource["namespaced"])
        return self._plurals[api_version, kind]

    def remember(self, api: Api) -> Api:
        """Close it when the cluster stops."""
        self._apis.append(api)
        return api

    def _etcd(self, what: str, body: dict) -> dict:
        url = f"http://127.0.0.1:{self._etcd_port}/v3/kv/{what}"
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _spawn(self, name: str, *arguments: object) -> None:
        command = [self._program(name), *map(str, arguments)]
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, start_new_session=True
            )

    def _end(self, name: str) -> None:
        process = self._processes.pop(name, None)
        if process is None:
            return
        process.kill()
        process.wait()

    def _why(self, name: str) -> str:
        lines = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
        return f"{name} is not ready:\n" + "\n".join(lines[-10:])


class Kube:
    """What a test does as administrator."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.api = cluster.remember(cluster.admin.api())

    def path(self, api_version: str, kind: str, namespace: str | None, name: str | None = None, sub: str = "") -> str:
        plural, namespaced = self._cluster.plural(api_version, kind)
        base = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
        within = f"/namespaces/{namespace}" if namespaced and namespace else ""
        return f"{base}{within}/{plural}" + (f"/{name}" if name else "") + (f"/{sub}" if sub else "")

    def create(self, obj: dict) -> dict:
        return self.api.call("POST", self.path(obj["apiVersion"], obj["kind"], obj["metadata"].get("namespace")), obj)

    def apply(self, *objects: dict) -> None:
        """Create each, or replace what is there."""
        for obj in objects:
            try:
                self.create(obj)
            except Conflict:
                self._replace(obj)
            if obj["kind"] == "CustomResourceDefinition":
                self._served(obj)

    def _replace(self, obj: dict, attempts: int = 5) -> None:
        """Put it on the version that is there; somebody may write its status in between."""
        metadata = obj["metadata"]
        path = self.path(obj["apiVersion"], obj["kind"], metadata.get("namespace"), metadata["name"])
        version = self.api.call("GET", path)["metadata"]["resourceVersion"]
        try:
            self.api.call("PUT", path, {**obj, "metadata": {**metadata, "resourceVersion": version}})
        except Conflict:
            if attempts == 1:
                raise
            self._replace(obj, attempts - 1)

    def get(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict | None:
        """None when there is none."""
        try:
            return self.api.call("GET", self.path(api_version, kind, namespace, name))
        except ObjectNotFound:
            return None

    def list(self, api_version: str, kind: str, namespace: str | None = None, **query: str) -> list[dict]:
        return self.api.call("GET", self.path(api_version, kind, namespace), query=query)["items"]

    def update(self, obj: dict, sub: str = "") -> dict:
        metadata = obj["metadata"]
        path = self.path(obj["apiVersion"], obj["kind"], metadata.get("namespace"), metadata["name"], sub)
        return self.api.call("PUT", path, obj)

    def merge(self, api_version: str, kind: str, namespace: str | None, name: str, patch: dict, sub: str = "") -> dict:
        path = self.path(api_version, kind, namespace, name, sub)
        return self.api.call("PATCH", path, patch, content_type=MERGE_PATCH)

    def delete(self, api_version: str, kind: str, namespace: str | None, name: str) -> None:
        with contextlib.suppress(ObjectNotFound):
            self.api.call("DELETE", self.path(api_version, kind, namespace, name))

    def secret(self, namespace: str, name: str) -> dict[str, bytes] | None:
        """The decoded data of a Secret; None when there is none."""
        found = self.get("v1", "Secret", namespace, name)
        return None if found is None else {k: base64.b64decode(v) for k, v in found.get("data", {}).items()}

    def _served(self, crd: dict) -> None:
        spec = crd["spec"]
        path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
        wait_for(lambda: self.api.raw("GET", path).status == 200, 20, lambda: f"{path} is not served")


def wait_for(condition, seconds: float, message, interval: float = 0.02):
    """The first true value of `condition`, which may raise our errors meanwhile; TimeoutError with the message."""
    end = time.monotonic() + seconds
    while True:
        try:
            value = condition()
        except Error:
            value = None
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(message() if callable(message) else message)
        time.sleep(interval)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _meta(namespace: str | None, name: str) -> dict:
    return {"name": name, **({"namespace": namespace} if namespace else {})}


def _pem(key) -> bytes:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _signed(user: str, issuer_name: x509.Name, issuer) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, user)]))
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(issuer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM), _pem(key)


def _write_certificate(certificate: Path, key_file: Path) -> None:
    """One for the server, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test-apiserver")])
    now = datetime.datetime.now(datetime.UTC)
    hosts = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("kubernetes.default.svc")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(_pem(key))
