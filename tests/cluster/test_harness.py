"""The test cluster does what its tests rely on: services are reached, owned objects go, both servers come back."""

from __future__ import annotations

import http.server
import subprocess
import threading

from apiserver import wait_for


def test_the_service_proxy_leads_to_a_port_here(cluster, namespace, program):
    class Here(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"it is me: " + self.path.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cluster.publish(namespace, "somebody", server.server_port)
        path = f"/api/v1/namespaces/{namespace}/services/http:somebody:http/proxy/v1/cert.pem"
        command = [program("kubectl"), "--kubeconfig", str(cluster.admin.kubeconfig()), "get", "--raw", path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        server.shutdown()
    assert done.stdout == "it is me: /v1/cert.pem", done.stderr


def test_owned_objects_go_with_their_owner(cluster, kube, namespace, program):
    program("kube-controller-manager")
    cluster.start_controller_manager()
    owner = kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "o", "namespace": namespace}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": owner["metadata"]["uid"]}
    metadata = {"name": "owned", "namespace": namespace, "ownerReferences": [reference]}
    kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
    kube.delete("v1", "ConfigMap", namespace, "o")
    wait_for(lambda: kube.get("v1", "Secret", namespace, "owned") is None, 30, "the owned Secret stays")


def test_etcd_may_die_and_come_back(cluster, kube, namespace):
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": namespace}})
    cluster.stop_etcd()
    cluster.start_etcd()
    found = wait_for(lambda: kube.get("v1", "ConfigMap", namespace, "kept"), 30, "etcd is not back")
    assert found["metadata"]["name"] == "kept"
