"""Beside a running Bitnami controller ours waits: ready and serving, but writing nothing until that one is gone.

So an image can be changed in place: the new pod becomes ready, the old one is stopped, and then the new one begins.
Two writers would do no harm (every write is a create or carries a version), but each would undo what the other differs
in. It is told by its pods in the controller's own namespace: any that runs an image named `…sealed-secrets-controller`.
That needs `list` on pods there; without it nothing is checked, which the log says once. A Bitnami controller in another
namespace has its own keys and is not looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.resources import Resource, path
from secrets_gitops.errors import Error, Forbidden

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.controller.logs import Log

PODS = Resource("", "v1", "pods", "Pod")
IMAGE = "sealed-secrets-controller"
_WHILE_WAITING, _OTHERWISE = 2.0, 15.0  # seconds between two looks


class Takeover:
    """Looks for another controller; `waiting` says that there is one."""

    def __init__(self, api: Api, namespace: str, log: Log) -> None:
        self._api = api
        self._namespace = namespace
        self._log = log
        self.on_end: Callable[[], None] = lambda: None
        self._allowed = True
        self.waiting = False

    def look(self) -> None:
        """Ask once. An API server that cannot be asked changes nothing."""
        if not self._allowed:
            return
        try:
            answer = self._api.call("GET", path(PODS, self._namespace), query={"limit": "500"})
        except Forbidden:
            self._allowed = False
            self._log.info("No right to list pods: not looking for a running Bitnami controller")
            return
        except Error:
            return
        items = answer.get("items")
        name = next((name for pod in (items if isinstance(items, list) else ()) if (name := other_controller(pod))), "")
        if name and not self.waiting:
            self._log.info("Another controller runs; waiting, ready and serving, but writing nothing", pod=name)
        ended = self.waiting and not name
        self.waiting = bool(name)
        if ended:
            self._log.info("The other controller is gone; beginning")
            self.on_end()

    def watch(self, stop: threading.Event) -> None:
        """Look again and again until `stop`."""
        while self._allowed and not stop.wait(_WHILE_WAITING if self.waiting else _OTHERWISE):
            self.look()


def other_controller(pod: Mapping[str, object]) -> str:
    """The name of `pod` when it runs Bitnami's controller now; else nothing."""
    metadata, spec, status = (_mapping(pod.get(part)) for part in ("metadata", "spec", "status"))
    if status.get("phase") != "Running":
        return ""
    containers = spec.get("containers")
    for container in containers if isinstance(containers, list) else ():
        image = str(_mapping(container).get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]
        if image.endswith(IMAGE):
            return str(metadata.get("name", ""))
    return ""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
