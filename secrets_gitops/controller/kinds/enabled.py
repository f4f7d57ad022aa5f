"""The kinds that `--enable` adds, each with a queue and workers of its own: a slow store delays no unsealing."""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Protocol

from secrets_gitops.backends.backend import Surroundings
from secrets_gitops.clients.kube.resources import (
    EXTERNAL_SECRETS,
    SECRETS,
    SOPS_SECRETS,
)
from secrets_gitops.clients.kube.token_request import TokenRequests
from secrets_gitops.controller.apply import Writer
from secrets_gitops.controller.cluster_objects import ClusterObjects
from secrets_gitops.controller.kinds.external_secret import ExternalSecretKind
from secrets_gitops.controller.kinds.sops_secret import SopsSecretKind
from secrets_gitops.controller.queue import WorkQueue
from secrets_gitops.controller.reconcile import decide_for_sops
from secrets_gitops.controller.workers import Workers
from secrets_gitops.deadline import Deadline
from secrets_gitops.keys.keyring import Keyring
from secrets_gitops.manifests import external_secret_marks as marks
from secrets_gitops.references.fetcher import Fetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from secrets_gitops.clients.kube.events import EventType
    from secrets_gitops.clients.kube.objects import Key
    from secrets_gitops.clients.kube.request import Api, Object
    from secrets_gitops.clients.kube.resources import Resource
    from secrets_gitops.clients.kube.watch import Handler, Reflector
    from secrets_gitops.controller.flags import Flags
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
    emit: Callable[[Object, EventType, str, str], None],
    stop: threading.Event,
) -> list[Enabled]:
    """Those that the flags name."""
    out: list[Enabled] = []
    if "externalsecrets" in flags.enable:
        out.append(ExternalSecrets(api, flags, environ, share, log, emit, stop))
    if "sopssecrets" in flags.enable:
        out.append(SopsSecrets(api, flags, environ, share, log, emit))
    return out


class ExternalSecrets:
    """`--enable externalsecrets`."""

    def __init__(
        self,
        api: Api,
        flags: Flags,
        environ: Mapping[str, str],
        share: WorkShare,
        log: Log,
        emit: Callable[[Object, EventType, str, str], None],
        stop: threading.Event,
    ) -> None:
        if flags.kubeconfig:
            environ = {**environ, "KUBECONFIG": flags.kubeconfig}
        surroundings = Surroundings(
            environ=environ,
            directory=os.sep,
            root=os.devnull,  # no store of an ExternalSecret reads files of ours
            service_account_token=TokenRequests(lambda: api),
        )
        self.queue: WorkQueue[Key] = WorkQueue()
        fetcher = Fetcher.local(surroundings, Deadline(None, stop=stop))
        self.kind = ExternalSecretKind(api, ClusterObjects(api), fetcher, self.queue, share, log, emit)
        self._workers: Workers[Key] = Workers(self.queue, self.kind.work, flags.workers, log)

    def start(self, watch: Watch, namespaces: Sequence[str | None]) -> None:
        """Watch and work; the marked Secrets first, so that no change of theirs is missed."""
        for namespace in namespaces:
            watch(SECRETS, self.kind.targets, namespace, labels=f"{marks.MANAGED}=true", metadata_only=True)
        self._workers.start()
        for namespace in namespaces:
            watch(EXTERNAL_SECRETS, self.kind, namespace)

    def on_share_changed(self) -> None:
        """Other namespaces may be ours now."""
        self.kind.on_share_changed()

    def stop(self) -> None:
        """Take up nothing more."""
        self._workers.stop()


class SopsSecrets:
    """`--enable sopssecrets`."""

    def __init__(
        self,
        api: Api,
        flags: Flags,
        environ: Mapping[str, str],
        share: WorkShare,
        log: Log,
        emit: Callable[[Object, EventType, str, str], None],
    ) -> None:
        self.queue: WorkQueue[Key] = WorkQueue()
        self._stopped = threading.Event()

        def writer(enforce: bool) -> Writer:
            return Writer(api, share.may_write, partial(decide_for_sops, enforce=enforce))

        self.kind = SopsSecretKind(
            api,
            lambda: Keyring.local((), environ),  # read each time: keys may be added while we run
            writer,
            self.queue,
            share,
            log,
            emit,
            integrity=flags.integrity,
        )
        self._workers: Workers[Key] = Workers(self.queue, self.kind.work, flags.workers, log)

    def start(self, watch: Watch, namespaces: Sequence[str | None]) -> None:
        """Watch and work; the Secrets first, so that those of earlier templates are known."""
        children = [watch(SECRETS, self.kind.children, each, metadata_only=True) for each in namespaces]
        while not all(one.synced for one in children) and not self._stopped.wait(0.02):
            pass
        self._workers.start()
        for namespace in namespaces:
            watch(SOPS_SECRETS, self.kind, namespace)

    def on_share_changed(self) -> None:
        """Other namespaces may be ours now."""
        self.kind.on_share_changed()

    def stop(self) -> None:
        """Take up nothing more."""
        self._stopped.set()
        self._workers.stop()
