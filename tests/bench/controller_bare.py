"""The bare loops that the controller's tables hold it against, each a process of its own in the same environment.

`controller_bare.py KUBECONFIG sealed KEY THREADS POOL`: the list, in the same pages, and for each SealedSecret one RSA
and one AES operation, a Secret created, a status put, an event posted. `external READER THREADS POOL KEYS`: what a
first sync of ExternalSecrets asks of the API server, and no more. The same client, the same number of threads over one
queue, the same two settings of the process; no watch, no retries, no ownership, no comparison, no log.
"""

from __future__ import annotations

import base64
import contextlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from secrets_gitops.clients.kube.kubeconfig import connection
from secrets_gitops.clients.kube.request import APPLY_PATCH, MERGE_PATCH, Api
from secrets_gitops.controller.memory import few_arenas
from secrets_gitops.errors import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

STAMP = "2026-01-14T10:00:00Z"
SHA256 = hashes.SHA256()
MGF = MGF1(SHA256)


def each(api: Api, path: str, work: Callable[[dict], None], threads: int) -> None:
    """`work` on every object under `path`, begun as soon as the first page is here."""
    queue: SimpleQueue[dict | None] = SimpleQueue()

    def run() -> None:
        while (obj := queue.get()) is not None:
            work(obj)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    query = {"limit": "500"}
    while True:
        page = api.call("GET", path, query=query)
        for obj in page["items"]:
            queue.put(obj)
        if not page["metadata"].get("continue"):
            break
        query["continue"] = page["metadata"]["continue"]
    for _ in running:
        queue.put(None)
    for thread in running:
        thread.join()


def event(api: Api, obj: dict, reason: str, message: str) -> None:
    metadata = obj["metadata"]
    about = {"apiVersion": obj["apiVersion"], "kind": obj["kind"]}
    about |= {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion")}
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": metadata["namespace"], "name": f"{metadata['name']}.1"},
        "involvedObject": about,
        "type": "Normal",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": STAMP,
        "lastTimestamp": STAMP,
        "source": {"component": "bare"},
        "reportingComponent": "bare",
        "reportingInstance": "bare",
    }
    api.call("POST", f"/api/v1/namespaces/{metadata['namespace']}/events", body)


def owner(obj: dict) -> dict:
    metadata = obj["metadata"]
    about = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    return {**about, "controller": True}


def sealed(api: Api, key_file: str, threads: int) -> None:
    key = serialization.load_pem_private_key(Path(key_file).read_bytes(), None)
    base = "/apis/bitnami.com/v1alpha1"

    def work(obj: dict) -> None:
        metadata = obj["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        label, data = f"{namespace}/{name}".encode(), {}
        for item, text in obj["spec"]["encryptedData"].items():
            blob = base64.b64decode(text)
            size = int.from_bytes(blob[:2], "big")
            session_key = key.decrypt(blob[2 : 2 + size], OAEP(MGF, SHA256, label))
            data[item] = base64.b64encode(AESGCM(session_key).decrypt(bytes(12), blob[2 + size :], None)).decode()
        about = {"name": name, "namespace": namespace, "ownerReferences": [owner(obj)]}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": about, "type": "Opaque", "data": data}
        api.call("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)
        condition = {"type": "Synced", "status": "True", "lastUpdateTime": STAMP, "lastTransitionTime": STAMP}
        status = {"observedGeneration": metadata["generation"], "conditions": [condition]}
        identity = {part: metadata[part] for part in ("name", "namespace", "resourceVersion", "uid")}
        told = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": identity, "status": status}
        api.call("PUT", f"{base}/namespaces/{namespace}/sealedsecrets/{name}/status", told)
        event(api, obj, "Unsealed", "SealedSecret unsealed successfully")

    each(api, f"{base}/sealedsecrets", work, threads)


def external(api: Api, reader_file: str, threads: int, pool: int, keys: int) -> None:
    reader = Api(connection(reader_file, None, {}), pool_size=pool)
    base = "/apis/external-secrets.io/v1"

    def fetch(at: int) -> str:
        return reader.call("GET", f"/api/v1/namespaces/sealed/secrets/source-{at}")["data"]["password"]

    with ThreadPoolExecutor(threads) as executor:
        values = list(executor.map(fetch, range(keys)))

    def work(obj: dict) -> None:
        metadata = obj["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        where = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        with contextlib.suppress(ObjectNotFound):
            api.call("GET", where)
        at = int(obj["spec"]["data"][0]["remoteRef"]["key"].rpartition("-")[2])
        labels = {"reconcile.external-secrets.io/managed": "true", "reconcile.external-secrets.io/created-by": "0" * 56}
        about = {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": [owner(obj)]}
        about["annotations"] = {"reconcile.external-secrets.io/data-hash": "0" * 56}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": {"password": values[at]}}
        api.call("PATCH", where, secret, content_type=APPLY_PATCH, query={"fieldManager": f"bare/{name}"})
        condition = {"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced"}
        status = {
            "conditions": [{**condition, "lastTransitionTime": STAMP}],
            "refreshTime": STAMP,
            "syncedResourceVersion": f"{metadata['generation']}-{'0' * 56}",
            "binding": {"name": name},
        }
        body = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "status": status}
        told = f"{base}/namespaces/{namespace}/externalsecrets/{name}/status"
        api.call("PATCH", told, body, content_type=MERGE_PATCH)
        event(api, obj, "Created", "secret created")

    each(api, f"{base}/externalsecrets", work, threads)


def main(config: str, what: str, file: str, threads: str, pool: str, *more: str) -> None:
    few_arenas()
    sys.setswitchinterval(0.0001)
    api = Api(connection(config, None, {}), pool_size=int(pool))
    if what == "sealed":
        sealed(api, file, int(threads))
    else:
        external(api, file, int(threads), int(pool), int(more[0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
