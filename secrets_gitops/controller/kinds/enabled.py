"""The kinds that `--enable` adds, each with a queue and workers of its own: a slow store delays no unsealing."""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Protocol

from secrets_gitops.backends.backend import Surroundings
from secrets_gitops.clients.kube.resources import (
    CLUSTER_SECRET_STORES,
    EXTERNAL_SECRETS,
    SECRET_STORES,
    SECRETS,
    SOPS_SECRETS,
)
from secrets_gitops.clients.kube.token_request import TokenRequests
from secrets_gitops.controller.apply import Writer
from secrets_gitops.controller.cluster_objects import ClusterObjects
from secrets_gitops.controller.kinds.external_secret import ExternalSecretKind
from secrets_gitops.controller.kinds.secret_store import SecretStoreKind
from secrets_gitops.controller.kinds.sops_secret import SopsSecretKind
from secrets_gitops.controller.queue import WorkQueue
from secrets_gitops.controller.reconcile import decide_for_sops
from secrets_gitops.controller.workers import Workers
from secrets_gitops.deadline import Deadline
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.keys.vault_transit import ALLOWLIST
from secrets_gitops.manifests import external_secret_marks as marks
from secrets_gitops.references.fetcher import Fetcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from secrets_gitops.clients.kube.objects import Key
    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.clients.kube.resources import Resource
    from secrets_gitops.clients.kube.watch import Handler, Reflector
    from secrets_gitops.controller.flags import Flags
    from secrets_gitops.controller.kinds.followed import Emit, Followed
    from secrets_gitops.controller.logs import Log
    from secrets_gitops.controller.work_share import WorkShare

    class Watch(Protocol):
        """Starts a reflector."""

        def __call__(
            self,
            resource: Resource,
            handler: Handler,
            namespace: str | None,
            *,
            labels: str | None = None,
            metadata_only: bool = False,
        ) -> Reflector:
            """A running one."""


class Enabled(Protocol):
    """One kind at work."""

    def start(self, watch: Watch, namespaces: Sequence[str | None]) -> None:
        """Watch and work."""

    def on_share_changed(self) -> None:
        """Other namespaces may be ours now."""

    def stop(self) -> None:
        """Take up nothing more."""


def kinds(
    flags: Flags,
    environ: Mapping[str, str],
    api: Api,
    share: WorkShare,
    log: Log,
    emit: Emit,
    stop: threading.Event,
) -> list[Enabled]:
    """Those that the flags name."""
    out: list[Enabled] = []
    if "externalsecrets" in flags.enable:
        out.append(ExternalSecrets(api, flags, environ, share, log, emit, stop))
    if "sopssecrets" in flags.enable:
        out.append(SopsSecrets(api, flags, environ, share, log, emit))
    return out


class _Kinds:
    """Kinds of objects, each with a queue and workers of its own."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._kinds: list[Followed[Any]] = []
        self._workers: list[Workers[Key]] = []

    def _add(self, kind: Followed[Any], queue: WorkQueue[Key], workers: int) -> None:
        self._kinds.append(kind)
        self._workers.append(Workers(queue, kind.work, workers, self._log))

    def _work(self) -> None:
        for each in self._workers:
            each.start()

    def on_share_changed(self) -> None:
        """Other namespaces may be ours now."""
        for kind in self._kinds:
            kind.on_share_changed()

    def stop(self) -> None:
        """Take up nothing more."""
        for each in self._workers:
            each.stop()


class ExternalSecrets(_Kinds):
    """`--enable externalsecrets`: they, and the stores that they name."""

    def __init__(
        self,
        api: Api,
        flags: Flags,
        environ: Mapping[str, str],
        share: WorkShare,
        log: Log,
        emit: Emit,
        stop: threading.Event,
    ) -> None:
        super().__init__(log)
        if flags.kubeconfig:
            environ = {**environ, "KUBECONFIG": flags.kubeconfig}
        surroundings = Surroundings(
            environ=environ,
            directory=os.sep,
            root=os.devnull,  # no store of an ExternalSecret reads files of ours
            service_account_token=TokenRequests(lambda: api),
        )
        queue: WorkQueue[Key] = WorkQueue()
        objects, fetcher = ClusterObjects(api), Fetcher.local(surroundings, Deadline(None, stop=stop))
        self._kind = ExternalSecretKind(api, objects, fetcher, queue, share, log, emit)
        self._add(self._kind, queue, flags.workers)
        self._stores: dict[Resource, SecretStoreKind] = {}
        for resource in (SECRET_STORES, CLUSTER_SECRET_STORES):
            queue = WorkQueue()
            self._stores[resource] = SecretStoreKind(resource, api, objects, queue, share, log, emit)
            self._add(self._stores[resource], queue, 1)

    def start(self, watch: Watch, namespaces: Sequence[str | None]) -> None:
        """Watch and work; the marked Secrets first, so that no change of theirs is missed."""
        for namespace in namespaces:
            watch(SECRETS, self._kind.targets, namespace, labels=f"{marks.MANAGED}=true", metadata_only=True)
        self._work()
        for namespace in namespaces:
            watch(EXTERNAL_SECRETS, self._kind, namespace)
            watch(SECRET_STORES, self._stores[SECRET_STORES], namespace)
        if None in namespaces:  # with named namespaces nothing of the whole cluster may be read
            watch(CLUSTER_SECRET_STORES, self._stores[CLUSTER_SECRET_STORES], None)


class SopsSecrets(_Kinds):
    """`--enable sopssecrets`."""

    def __init__(
        self, api: Api, flags: Flags, environ: Mapping[str, str], share: WorkShare, log: Log, emit: Emit
    ) -> None:
        super().__init__(log)
        queue: WorkQueue[Key] = WorkQueue()
        self._stopped = threading.Event()

        def writer(enforce: bool) -> Writer:
            return Writer(api, share.may_write, partial(decide_for_sops, enforce=enforce))

        def keyring() -> Keyring:  # read each time: keys may be added while we run
            return Keyring.local((), _for_strangers(environ))

        self._kind = SopsSecretKind(api, keyring, writer, queue, share, log, emit, integrity=flags.integrity)
        self._add(self._kind, queue, flags.workers)

    def start(self, watch: Watch, namespaces: Sequence[str | None]) -> None:
        """Watch and work; the Secrets first, so that those of earlier templates are known."""
        children = [watch(SECRETS, self._kind.children, each, metadata_only=True) for each in namespaces]
        while not all(one.synced for one in children) and not self._stopped.wait(0.02):
            pass
        self._work()
        for namespace in namespaces:
            watch(SOPS_SECRETS, self._kind, namespace)

    def stop(self) -> None:
        """Take up nothing more."""
        self._stopped.set()
        super().stop()


def _for_strangers(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for files of whoever may write a SopsSecret: a Vault token goes to listed servers only."""
    return {**environ, ALLOWLIST: environ.get(ALLOWLIST) or "none"}
