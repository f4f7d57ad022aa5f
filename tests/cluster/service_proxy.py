"""Makes the API server's service proxy lead to a loopback port: `kubeseal --fetch-cert` and the like work for real.

Kubernetes refuses to proxy to loopback addresses, so the made-up address of a made-up Pod is reached through an egress
proxy (CONNECT on a Unix socket) that sends it where the test says.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from secrets_gitops.errors import Conflict

if TYPE_CHECKING:
    from pathlib import Path

    from apiserver import Kube

POD_ADDRESS = "10.244.0.1"


class Egress:
    """The CONNECT proxy that the API server sends its proxied requests to."""

    def __init__(self, path: Path) -> None:
        self.ports: dict[int, int] = {}
        """Port of the made-up Pod → port on loopback."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError, IndexError):
            head = b""
            while b"\r\n\r\n" not in head:
                received = client.recv(4096)
                if not received:
                    return
                head += received
            port = self.ports.get(int(head.split()[1].rpartition(b":")[2]))
            if port is None:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", port), timeout=10) as server:
                server.settimeout(None)
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()


def publish(kube: Kube, egress: Egress, namespace: str, name: str, port: int, *, service_port: int = 8080) -> None:
    """A Service `name` whose proxy leads to loopback `port`; again with another port, it leads there."""
    egress.ports[service_port] = port
    labels = {"name": name}
    container = {"name": "c", "image": "none"}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    ports = [{"name": "http", "port": service_port, "targetPort": service_port}]
    target = {"kind": "Pod", "namespace": namespace, "name": name}
    with contextlib.suppress(Conflict):
        kube.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
        status = {"podIP": POD_ADDRESS, "podIPs": [{"ip": POD_ADDRESS}], "phase": "Running"}
        kube.merge("v1", "Pod", namespace, name, {"status": status}, "status")
        spec = {"selector": labels, "ports": ports}
        kube.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
        subset = {
            "addresses": [{"ip": POD_ADDRESS, "targetRef": target}],
            "ports": [{"name": "http", "port": service_port}],
        }
        kube.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": [subset]})


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
