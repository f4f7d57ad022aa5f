"""The controller as it is installed, in processes that a test may kill, freeze and restart, and what is expected of it.

An `Installation` makes objects whose values are canaries, and remembers the Secret that each must become and how often
that may be written; `in_the_end.all_is_right` compares.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml
from apiserver import free_port, wait_for
from click.testing import CliRunner

from secrets_gitops.cli.controller_manifests import command
from secrets_gitops.crypto import rsa_hybrid
from secrets_gitops.keys.sealing import load_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from apiserver import Cluster, User
    from fault_proxy import FaultProxy

    from secrets_gitops.keys.sealing import Certificate

CANARY = "c4nary-value-"
"""Every value begins so, and nothing else does."""
KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"
SEALED = ("bitnami.com/v1alpha1", "SealedSecret")
EXTERNAL = ("external-secrets.io/v1", "ExternalSecret")


class Running:
    """One process."""

    def __init__(self, words: list[str], environ: dict[str, str], folder: Path, name: str) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.log = folder / f"{name}-{self.port}.log"
        listen = [f"--listen-addr=127.0.0.1:{self.port}", f"--listen-metrics-addr=127.0.0.1:{self.metrics_port}"]
        run = [sys.executable, "-m", "secrets_gitops", "controller", "run", "--key-size=2048", *listen, *words]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(run, stdout=log, stderr=log, env={**os.environ, **environ}, cwd=folder)

    def get(self, path: str, port: int | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def metrics(self) -> str:
        return self.get("/metrics", self.metrics_port)[1].decode()

    def text(self) -> str:
        """Its log."""
        return self.log.read_text()

    def lives(self) -> bool:
        return self.process.poll() is None

    def ready(self, seconds: float = 60) -> Running:
        wait_for(lambda: self.get("/readyz")[0] == 200, seconds, lambda: f"not ready:\n{self.text()[-3000:]}")
        return self

    def says(self, words: str, seconds: float = 60) -> None:
        wait_for(lambda: words in self.text(), seconds, lambda: f"never said `{words}`:\n{self.text()[-3000:]}")

    def certificate(self) -> Certificate:
        return load_certificate(self.get("/v1/cert.pem")[1], "the controller")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As the kernel does it: nothing is tidied up."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


@dataclass
class Wanted:
    """What must become of one object."""

    data: dict[str, bytes]
    creates: int = 1
    """How often its Secret is made: once more whenever somebody deletes it."""
    updates: int = 0
    """How often it is changed, of all its incarnations."""
    since: int = 0
    """How often since it was made for the last time."""
    kind: tuple[str, str] = SEALED


@dataclass
class Installation:
    """What is installed in the namespace of one test, behind a proxy that can fail."""

    cluster: Cluster
    namespace: str
    folder: Path
    proxy: FaultProxy
    kinds: tuple[str, ...] = ()
    wanted: dict[str, Wanted] = field(default_factory=dict)
    started: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        words = ["-n", self.namespace, "--watch-namespace", self.namespace]
        for kind in self.kinds:
            words += ["--enable", kind]
        shipped = CliRunner().invoke(command, words, catch_exceptions=False)
        self.kube = self.cluster.kube
        self.kube.apply(*yaml.safe_load_all(shipped.output))
        self.account: User = self.cluster.account(self.namespace, "sealed-secrets-controller")
        self.mark = self.cluster.mark()

    def start(self, *flags: str, name: str = "pod", direct: bool = False, environ: dict[str, str] | None = None):
        """A controller; `direct`: past the proxy."""
        config = self.account.kubeconfig(None if direct else self.proxy.url, namespace=self.namespace)
        given = {"KUBECONFIG": str(config), "POD_NAMESPACE": self.namespace, "POD_NAME": name, **(environ or {})}
        words = ["--all-namespaces=false", *([f"--enable={','.join(self.kinds)}"] if self.kinds else []), *flags]
        self.started.append(Running(words, given, self.folder, name))
        return self.started[-1]

    def close(self) -> None:
        """End everything, frozen or not."""
        for one in self.started:
            with contextlib.suppress(ProcessLookupError):
                one.signal(signal.SIGCONT)
                one.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.process.wait(10)
            one.kill()

    # objects

    def sealed(self, certificate: Certificate, name: str, value: str | None = None, **spec: object) -> dict:
        """A SealedSecret that is not created yet, with one item."""
        value = f"{CANARY}{name}" if value is None else value
        blob = rsa_hybrid.seal(certificate.public_key, value.encode(), f"{self.namespace}/{name}".encode())
        encrypted = {"k": base64.b64encode(blob).decode()}
        metadata = {"namespace": self.namespace, "name": name}
        spec = {"encryptedData": encrypted, **spec}
        return {"apiVersion": SEALED[0], "kind": SEALED[1], "metadata": metadata, "spec": spec}

    def seal(self, certificate: Certificate, name: str, value: str | None = None) -> None:
        """Create a SealedSecret and expect its Secret."""
        value = f"{CANARY}{name}" if value is None else value
        self.kube.create(self.sealed(certificate, name, value))
        self.wanted[name] = Wanted({"k": value.encode()})

    def seal_many(self, certificate: Certificate, names: list[str]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: self.seal(certificate, name), names))

    def reseal(self, certificate: Certificate, name: str, value: str) -> None:
        """Change the value of one that has its Secret."""
        spec = self.sealed(certificate, name, value)["spec"]
        self.kube.merge(*SEALED, self.namespace, name, {"spec": spec})
        self.wanted[name].data = {"k": value.encode()}
        self.wanted[name].updates += 1
        self.wanted[name].since += 1

    def drop_secret(self, name: str) -> None:
        """Delete a Secret, which must come back."""
        self.kube.delete("v1", "Secret", self.namespace, name)
        self.wanted[name].creates += 1
        self.wanted[name].since = 0

    def secrets_made(self) -> int:
        """How many Secrets of SealedSecrets there are now."""
        return sum("ownerReferences" in one["metadata"] for one in self.kube.list("v1", "Secret", self.namespace))

    def synced(self, name: str) -> tuple[str | None, str]:
        """What the condition of a SealedSecret says, and why."""
        status = (self.kube.get(*SEALED, self.namespace, name) or {}).get("status")
        conditions = status.get("conditions") if isinstance(status, dict) else None
        for one in conditions if isinstance(conditions, list) else ():
            if isinstance(one, dict) and one.get("type") == "Synced":
                return one.get("status"), one.get("message", "")
        return None, ""
