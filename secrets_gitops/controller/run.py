"""`controller run`: wires client, keys, watches and workers together, and stops them cleanly."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from secrets_gitops import __version__
from secrets_gitops.clients.kube import connection as connections
from secrets_gitops.clients.kube import events
from secrets_gitops.clients.kube.request import Api
from secrets_gitops.clients.kube.resources import NAMESPACES, SEALED_SECRETS, SECRETS, path
from secrets_gitops.clients.kube.watch import Reflector
from secrets_gitops.controller.apply import Writer
from secrets_gitops.controller.comparison import Comparison
from secrets_gitops.controller.election import pod_name
from secrets_gitops.controller.key_keeper import KeyKeeper
from secrets_gitops.controller.key_secret import check_prefix
from secrets_gitops.controller.kinds import enabled
from secrets_gitops.controller.kinds.sealed_secret import SealedSecretKind
from secrets_gitops.controller.logs import Forwarded, Log
from secrets_gitops.controller.memory import few_arenas
from secrets_gitops.controller.metrics import Metrics
from secrets_gitops.controller.public_api import PublicApi
from secrets_gitops.controller.queue import WorkQueue
from secrets_gitops.controller.sealing_keys import SealingKeys
from secrets_gitops.controller.server import Request, Response, Server
from secrets_gitops.controller.shards import Shards
from secrets_gitops.controller.takeover import Takeover
from secrets_gitops.controller.work_share import Gate
from secrets_gitops.controller.workers import Workers
from secrets_gitops.errors import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.clients.kube.connection import Connection
    from secrets_gitops.clients.kube.objects import Key
    from secrets_gitops.clients.kube.resources import Resource
    from secrets_gitops.clients.kube.watch import Handler
    from secrets_gitops.controller.flags import Flags

COMPONENT = "sealed-secrets"
"""The source of events, as of the original's."""
_LOOKUPS_AT_ONCE = 16
_SIGNALS_WAIT = 0.5
"""Seconds. Python handles signals in its first thread, which sleeps on when the kernel gives one to another thread."""


class Controller:
    """One process: everything that runs in it."""

    def __init__(self, flags: Flags, environ: Mapping[str, str]) -> None:
        """Raises SettingsError for what cannot be started so."""
        check_prefix(flags.key_prefix)
        self.flags = flags
        self.log = Log(
            form=flags.log_format,
            errors_only=flags.log_level == "ERROR",
            info_stream=sys.stdout if flags.log_info_stdout else sys.stderr,
        )
        self.stop = threading.Event()
        self.failure: Exception | None = None
        connection = connections.choose(environ, kubeconfig=flags.kubeconfig or None)
        self.namespace = _own_namespace(environ, connection)
        pool = flags.workers * (1 + len(flags.enable)) + events.WRITERS + 7
        self.api = Api(connection, pool_size=pool, user_agent=f"secrets-gitops/{__version__}")
        self.keys = SealingKeys(self.api, self.namespace, flags, self.log)
        self.queue: WorkQueue[Key] = WorkQueue()
        self.shards = Shards(self.api, self.namespace, pod_name(environ), log=self.log)
        self.takeover = Takeover(self.api, self.namespace, self.log, self.shards.pods)
        self.share = Gate(self.shards, lambda: self.takeover.waiting)
        self.events = events.EventRecorder(
            self.api, COMPONENT, instance=environ.get("POD_NAME") or environ.get("HOSTNAME", "")
        )
        writer = Writer(self.api, self.share.may_write)
        self.kind = SealedSecretKind(
            self.api, self.keys, self.queue, writer, self.share, flags, self.log, self.events.emit
        )
        self.metrics = Metrics(
            self.keys,
            self.kind.observed,
            self.queue.__len__,
            dropped_events=self.events.dropped_by_reason,
            omit_secret_labels=flags.metrics_omit_secret_labels,
        )
        self.kind.metrics = self.metrics
        self.others = enabled.kinds(flags, environ, self.api, self.share, self.log, self.events.emit, self.stop)
        self.takeover.on_end = self._on_share_changed
        self.keys.on_new = self.kind.on_new_key
        self.shards.on_change = self._on_share_changed
        self.keeper = KeyKeeper(self.api, self.keys, self._may_make_keys, self.log)
        self.public = PublicApi(self.keys, flags)
        self.workers: Workers[Key] = Workers(self.queue, self.kind.work, flags.workers, self.log)
        self.reflectors: list[Reflector] = []

    def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit code. Raises SettingsError when a port is taken."""
        self._handle_signals()
        self.log.info("Starting sealed-secrets controller", version=__version__, namespace=self.namespace)
        limits = {"read_timeout": self.flags.read_timeout, "write_timeout": self.flags.write_timeout}
        server = Server(self.flags.listen_addr, self._answer, **limits)
        metrics = Server(self.flags.listen_metrics_addr, self.metrics.answer, **limits)
        server.start()
        metrics.start()
        self.log.info("HTTP server serving", addr=self.flags.listen_addr)
        self.log.info("HTTP metrics server serving", addr=self.flags.listen_metrics_addr)
        threading.Thread(target=self._work, name="main", daemon=True).start()
        while not self.stop.wait(_SIGNALS_WAIT):
            pass
        self._close()
        server.close()
        metrics.close()
        if self.failure is not None:
            raise self.failure
        self.log.info("Stopped")
        return 0

    def _work(self) -> None:
        """Start everything in its order; what cannot be mended by waiting ends the process."""
        try:
            self.shards.start()
            while not self.shards.wait_joined(0.1) and not self.stop.is_set():
                pass
            if self.shards.failure is not None:
                raise self.shards.failure
            self.takeover.look()
            self.keeper.load(self.stop)
            self.public.keys_loaded.set()
            self._thread("keys", self.keeper.run)
            self.keeper.start()
            self._thread("takeover", self.takeover.watch)
            self._watch(self._namespaces())
        except Exception as error:  # noqa: BLE001  raised again by `run`: a thread's own would leave the process idle
            self.failure = error
            self.stop.set()

    def _watch(self, namespaces: list[str | None]) -> None:
        self.events.start()
        labels = self.flags.label_selector or None
        if not self.flags.skip_recreate:
            targets = [
                self._reflector(SECRETS, self.kind.targets, namespace, metadata_only=True) for namespace in namespaces
            ]
            while not all(one.synced for one in targets) and not self.stop.wait(0.02):
                pass
        comparison = Comparison(self.api, self.kind, self.queue, self.share, self.log, namespaces, labels)

        def listed() -> None:
            self.public.ready.set()
            self.log.info("Ready", namespaces="all" if namespaces == [None] else len(namespaces))
            self._thread("comparison", comparison.run)

        self.kind.on_listed = listed
        self.kind.expect_lists(len(namespaces))
        self.workers.start()
        for namespace in namespaces:
            self._reflector(SEALED_SECRETS, self.kind, namespace, labels=labels)
        for other in self.others:
            other.start(self._reflector, namespaces)

    def _on_share_changed(self) -> None:
        self.kind.on_share_changed()
        for other in self.others:
            other.on_share_changed()

    def _reflector(
        self,
        resource: Resource,
        handler: Handler,
        namespace: str | None,
        *,
        labels: str | None = None,
        metadata_only: bool = False,
    ) -> Reflector:
        reflector = Reflector(
            self.api, resource, handler, namespace=namespace, labels=labels, metadata_only=metadata_only
        )
        self.reflectors.append(reflector)
        threading.Thread(target=reflector.run, name=f"watch-{resource.plural}", daemon=True).start()
        return reflector

    def _namespaces(self) -> list[str | None]:
        """Where to watch; None stands for all namespaces. Named ones that do not exist are logged and left out."""
        additional = self.flags.additional_namespaces
        if not additional:
            return [None] if self.flags.all_namespaces else [self.namespace]
        wanted = [name for name in dict.fromkeys(additional) if name != self.namespace]
        with ThreadPoolExecutor(_LOOKUPS_AT_ONCE) as pool:
            found = list(pool.map(self._exists, wanted))
        return [self.namespace, *(name for name, exists in zip(wanted, found, strict=True) if exists)]

    def _exists(self, namespace: str) -> bool:
        try:
            self.api.call("GET", path(NAMESPACES, None, namespace))
        except ObjectNotFound:
            self.log.error("namespace doesn't exist", namespace=namespace)
            return False
        return True

    def _answer(self, request: Request) -> Response:
        begun = time.perf_counter()
        response = self.public.answer(request)
        self.metrics.count_request(request, response, time.perf_counter() - begun)
        return response

    def _thread(self, name: str, target: object) -> None:
        assert callable(target)
        threading.Thread(target=target, args=(self.stop,), name=name, daemon=True).start()

    def _may_make_keys(self) -> bool:
        return not self.takeover.waiting and self.shards.is_leader()

    def _handle_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        if hasattr(signal, "SIGUSR1"):
            signal.signal(signal.SIGUSR1, lambda *_: self.keeper.ask_for_a_key())

    def _close(self) -> None:
        self.public.ready.clear()
        self.keeper.stop()
        for reflector in self.reflectors:
            reflector.stop()
        self.workers.stop()
        for other in self.others:
            other.stop()
        self.shards.stop()
        self.events.stop()
        self.api.close()


def run(flags: Flags, environ: Mapping[str, str]) -> int:
    """Run one controller process until it is told to stop; its exit code."""
    few_arenas()
    sys.setswitchinterval(0.0001)  # RSA beside a busy thread would wait for the interpreter after each call
    logging.basicConfig(level=logging.ERROR, handlers=[logging.NullHandler()])
    controller = Controller(flags, environ)
    ours = logging.getLogger("secrets_gitops")
    ours.setLevel(logging.WARNING)
    ours.addHandler(Forwarded(controller.log))
    return controller.run()


def _own_namespace(environ: Mapping[str, str], connection: Connection) -> str:
    return environ.get("POD_NAMESPACE") or connection.namespace or "default"
