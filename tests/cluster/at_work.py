"""ExternalSecrets at work in the test's own process, by an account that has only the rights that are shipped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from alone import Everything
from apiserver import wait_for
from test_shards_in_a_cluster import quiet_log

from secrets_gitops.clients.kube.events import EventRecorder
from secrets_gitops.clients.kube.watch import Reflector
from secrets_gitops.controller.flags import Flags
from secrets_gitops.controller.kinds.enabled import ExternalSecrets

if TYPE_CHECKING:
    from apiserver import Kube, User

API = "external-secrets.io/v1"
ES = (API, "ExternalSecret")
RIGHTS = (
    ("", "secrets", "get list watch create update patch delete"),
    ("", "events", "create patch"),
    ("", "serviceaccounts/token", "create"),
    ("external-secrets.io", "externalsecrets secretstores", "get list watch"),
    ("external-secrets.io", "externalsecrets externalsecrets/status secretstores/status", "patch"),
)


class AtWork:
    """The kind, its reflectors and its events for one namespace; working until `end`."""

    def __init__(self, account: User, namespace: str) -> None:
        self._api, self._stop = account.api(), threading.Event()
        self._events = EventRecorder(self._api, "secrets-gitops")
        self._events.start()
        self._reflectors: list[tuple[Reflector, threading.Thread]] = []
        self._work = ExternalSecrets(
            self._api, Flags(workers=2), {}, Everything(), quiet_log(), self._events.emit, self._stop
        )
        self._work.start(self._watch, [namespace])

    def _watch(self, resource, handler, place, *, labels=None, metadata_only=False):
        made = Reflector(self._api, resource, handler, namespace=place, labels=labels, metadata_only=metadata_only)
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        self._reflectors.append((made, thread))
        return made

    def end(self) -> None:
        """Stop; once more does no harm."""
        self._stop.set()
        for reflector, thread in self._reflectors:
            reflector.stop()
            thread.join(10)
        self._work.stop()
        self._events.stop()
        self._api.close()


def condition(kube: Kube, namespace: str, name: str = "db") -> dict:
    """The condition `Ready` of an ExternalSecret; empty when it has none."""
    conditions = (kube.get(*ES, namespace, name) or {}).get("status", {}).get("conditions", [])
    return next((one for one in conditions if one["type"] == "Ready"), {})


def ready(kube: Kube, namespace: str, name: str = "db") -> tuple[str, str] | None:
    """Status and reason of that condition."""
    found = condition(kube, namespace, name)
    return (found["status"], found["reason"]) if found else None


def wait_ready(kube, namespace, wanted=("True", "SecretSynced"), seconds=10.0, name="db") -> None:
    """Until the condition is as wanted."""
    wait_for(lambda: ready(kube, namespace, name) == wanted, seconds, lambda: kube.get(*ES, namespace, name)["status"])
