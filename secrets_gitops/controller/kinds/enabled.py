"""The kinds that `--enable` adds, each with a queue and workers of its own: a slow store delays no unsealing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from secrets_gitops.backends.backend import Surroundings
from secrets_gitops.clients.kube.resources import (
    EXTERNAL_SECRETS,
    SECRETS,
)
from secrets_gitops.clients.kube.token_request import TokenRequests
from secrets_gitops.controller.cluster_objects import ClusterObjects
from secrets_gitops.controller.kinds.external_secret import ExternalSecretKind
from secrets_gitops.controller.queue import WorkQueue
from secrets_gitops.controller.workers import Workers
from secrets_gitops.deadline import Deadline
from secrets_gitops.manifests import external_secret_marks as marks
from secrets_gitops.references.fetcher import Fetcher

if TYPE_CHECKING:
    import threading
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
