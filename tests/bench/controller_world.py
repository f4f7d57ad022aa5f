"""What the controller's tables stand on: a cluster for each run, what is sealed in it, and the contestants.

Every contestant gets an etcd and a kube-apiserver of its own that hold the same objects, so nobody finds what another
one left or a server that is tired.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import yaml
from apiserver import Cluster, User
from controller_audit import seconds

import build
from harness import ROOT, Environment
from secrets_gitops.controller import key_secret
from secrets_gitops.crypto import rsa_hybrid
from secrets_gitops.keys.sealing import load_sealing_keys

if TYPE_CHECKING:
    from pathlib import Path

HOME_NAMESPACE = "sealed"
NAMESPACES = [f"team-{number}" for number in range(100)]
PROGRAMS = ("etcd", "kube-apiserver", "sealed-secrets-controller")
SEALED = ("bitnami.com/v1alpha1", "SealedSecret")
ALL_RIGHTS = (
    ("", "secrets", "get list watch create update patch delete"),
    ("", "events", "create patch"),
    ("", "namespaces services", "get list watch"),
    ("bitnami.com", "sealedsecrets sealedsecrets/status", "get list watch update patch"),
    ("external-secrets.io", "externalsecrets externalsecrets/status", "get list watch update patch"),
)
"""For the contestants that are not ours, whose rights nobody ships."""


def missing_programs() -> list[str]:
    """Which of the real programs `make tools` has not built."""
    return [name for name in PROGRAMS if not (build.folder() / name).exists()]


class Sealing:
    """A key that was made before anything is measured, and what is sealed for it; the same for all contestants."""

    def __init__(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        self.made = key_secret.generate(bits=4096, common_name="", seconds=3600 * 24 * 365, now=now)
        (self._key,) = load_sealing_keys(self.made.private_key, "the benchmark")
        self._objects: list[dict] = []

    @property
    def pem(self) -> bytes:
        return self.made.private_key

    def objects(self, count: int) -> list[dict]:
        """So many SealedSecrets of one item, spread over the namespaces."""
        public = self._key.private_key.public_key()
        for at in range(len(self._objects), count):
            namespace, name = NAMESPACES[at % len(NAMESPACES)], f"app-{at}"
            blob = rsa_hybrid.seal(public, b"correct horse %d" % at, f"{namespace}/{name}".encode())
            spec = {"encryptedData": {"password": base64.b64encode(blob).decode()}}
            metadata = {"namespace": namespace, "name": name}
            self._objects.append({"apiVersion": SEALED[0], "kind": SEALED[1], "metadata": metadata, "spec": spec})
        return self._objects[:count]

    def secret(self) -> dict:
        """The key Secret, as a controller would have left it."""
        return key_secret.body(
            self.made, namespace=HOME_NAMESPACE, prefix="sealed-secrets-key", labels={}, annotations={}
        )


class Process:
    """One contestant, its log in a file."""

    def __init__(self, name: str, command: list[str], log: Path, environ: dict[str, str]) -> None:
        self.name = name
        self._log = log
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SEALED_SECRETS_", "KUBE"))}
        self.started = time.time()
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, cwd=log.parent, env={**clean, **environ}
            )

    def cpu(self) -> float:
        """Seconds of processor so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what: str = "VmRSS") -> float:
        """Megabytes (10⁶ bytes) resident now; `VmHWM`: the most there ever were."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(what)) * 1024 / 1e6

    def said(self, words: str, limit: float = 60.0) -> float:
        """Seconds from the start to the line of the log with these words, by the time it bears."""
        end = time.time() + limit
        while True:
            for line in self._log.read_text(errors="replace").splitlines():
                if words in line and line.startswith("time="):
                    return seconds(line.split()[0].removeprefix("time=")) - self.started
            if time.time() > end or self.process.poll() is not None:
                raise SystemExit(f"{self.name} never said {words!r}:\n{self.tail()}")
            time.sleep(0.05)

    def has_failed(self) -> bool:
        """Whether it ended, but not in order."""
        return self.process.poll() not in (None, 0)

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-8:])

    def stop(self) -> None:
        """Ask it to end, and end it."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()


class World:
    """A cluster with what `controller manifests` prints applied, the key in it, and the namespaces; a context."""

    def __init__(self, env: Environment, sealing: Sealing, *, enable: str = "") -> None:
        self._env = env
        self._sealing = sealing
        self._enable = ["--enable", enable] if enable else []
        self._started: list[Process] = []
        self.cluster = Cluster(lambda name: str(build.folder() / name))
        self.folder = self.cluster.folder

    def __enter__(self) -> World:
        try:
            self._set_up()
        except BaseException:
            self.cluster.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            process.stop()
        self.cluster.stop()

    def _set_up(self) -> None:
        self.cluster.start()
        kube = self.cluster.kube
        for name in (HOME_NAMESPACE, *NAMESPACES):
            kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        words = [self._env.command("secrets-gitops"), "controller", "manifests", "-n", HOME_NAMESPACE, *self._enable]
        shipped = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        kube.apply(*yaml.safe_load_all(shipped))
        kube.create(self._sealing.secret())
        (self.folder / "key.pem").write_bytes(self._sealing.pem)
        self.account = self.cluster.account(HOME_NAMESPACE, "sealed-secrets-controller")
        """Ours, with the rights that are shipped."""

    def create(self, objects: list[dict]) -> None:
        """As the administrator, who is not in the audit log."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.cluster.kube.create, objects))

    def stranger(self, name: str) -> User:
        """An account for another contestant."""
        user = self.cluster.account(HOME_NAMESPACE, name)
        self.cluster.allow(user, *ALL_RIGHTS)
        return user

    def ours(self, *flags: str, pod: str = "pod") -> Process:
        """Our controller as it is installed, at its defaults but for the ports. Each replica has a token of its own."""
        user = self.cluster.account(HOME_NAMESPACE, "sealed-secrets-controller")
        given = {
            "KUBECONFIG": str(user.kubeconfig(namespace=HOME_NAMESPACE)),
            "POD_NAMESPACE": HOME_NAMESPACE,
            "POD_NAME": pod,
        }
        words = [self._env.command("secrets-gitops"), "controller", "run", *self._enable]
        return self._start(pod, [*words, *_ports(), *flags], given)

    def original(self, user: User, *flags: str) -> Process:
        """The original. It knows a pod's files alone, so it gets a mount namespace in which they are there."""
        given = {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.cluster.port),
            "POD_NAMESPACE": HOME_NAMESPACE,
            "FILES": str(user.pod_folder(HOME_NAMESPACE)),
        }
        script = (
            "set -e; d=/var/run/secrets/kubernetes.io/serviceaccount; mount -t tmpfs none /run; mkdir -p $d; "
            'cp "$FILES"/* $d; exec "$@"'
        )
        unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        program = str(build.folder() / "sealed-secrets-controller")
        return self._start("original", [*unshare, "sh", "-c", script, "sh", program, *_ports(), *flags], given)

    def script(self, name: str, user: User, *arguments: object) -> Process:
        """A script of this folder, in the environment that our controller runs in."""
        script = str(ROOT / "tests" / "bench" / name)
        words = [self._env.python, script, str(user.kubeconfig()), *map(str, arguments)]
        return self._start(name, words, {"PYTHONPATH": str(ROOT / "tests" / "tools")})

    def _start(self, name: str, words: list[str], given: dict[str, str]) -> Process:
        log = self.folder / f"{name}-{len(self._started)}.log"
        self._started.append(Process(name, words, log, given))
        return self._started[-1]


def _ports() -> list[str]:
    return ["--listen-addr=127.0.0.1:0", "--listen-metrics-addr=127.0.0.1:0"]
