"""Beside a running Bitnami controller ours waits: ready and serving, but writing nothing until that one is gone.

So an image can be changed in place: the new pod becomes ready, the old one is stopped, and then the new one begins.
Two writers would do no harm (every write is a create or carries a version), but each would undo what the other differs
in. It is told by its pods in the controller's own namespace: any that runs an image named `…sealed-secrets-controller`,
and any ready one of the chart's, whatever its image is called, that has no Lease of ours: the chart runs our image too
when it is told to, and a pod of ours has a Lease before it is ready. That needs `list` on pods there; without it
nothing is checked, which the log says once. A Bitnami controller in another namespace has its own keys and is not
looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.resources import Resource, path
from secrets_gitops.errors import Error, Forbidden

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterator, Mapping

    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.controller.logs import Log

PODS = Resource("", "v1", "pods", "Pod")
IMAGE = "sealed-secrets-controller"
CHART_LABEL = ("app.kubernetes.io/name", "sealed-secrets")
CHART_COMMAND = "controller"
"""What the chart starts in its image."""
_WHILE_WAITING, _OTHERWISE = 2.0, 15.0  # seconds between two looks


class Takeover:
    """Looks for another controller; `waiting` says that there is one."""

    def __init__(self, api: Api, namespace: str, log: Log, our_pods: Callable[[], Collection[str] | None]) -> None:
        """`our_pods` gives the names of those with a Lease of ours; None when that is not known."""
        self._api = api
        self._namespace = namespace
        self._log = log
        self._our_pods = our_pods
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
        name = self._other(items if isinstance(items, list) else [])
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

    def _other(self, pods: list[Mapping[str, object]]) -> str:
        ours = self._our_pods()
        for pod in pods:
            if runs_its_image(pod) or (ours is not None and is_of_the_chart(pod) and _name(pod) not in ours):
                return _name(pod)
        return ""


def runs_its_image(pod: Mapping[str, object]) -> bool:
    """Whether `pod` runs, and that an image of Bitnami's controller."""
    names = (image.partition("@")[0].rpartition("/")[2].partition(":")[0] for image, _ in _containers(pod))
    return _status(pod).get("phase") == "Running" and any(name.endswith(IMAGE) for name in names)


def is_of_the_chart(pod: Mapping[str, object]) -> bool:
    """Whether `pod` is ready, and the chart's pod of a controller."""
    label, value = CHART_LABEL
    labels = _mapping(_mapping(pod.get("metadata")).get("labels"))
    is_its = labels.get(label) == value and any(command[:1] == [CHART_COMMAND] for _, command in _containers(pod))
    conditions = _status(pod).get("conditions")
    return is_its and any(
        _mapping(one).get("type") == "Ready" and _mapping(one).get("status") == "True"
        for one in (conditions if isinstance(conditions, list) else ())
    )


def _status(pod: Mapping[str, object]) -> Mapping[str, object]:
    return _mapping(pod.get("status"))


def _name(pod: Mapping[str, object]) -> str:
    return str(_mapping(pod.get("metadata")).get("name", ""))


def _containers(pod: Mapping[str, object]) -> Iterator[tuple[str, list[object]]]:
    """Image and command of each."""
    listed = _mapping(pod.get("spec")).get("containers")
    for container in listed if isinstance(listed, list) else ():
        command = _mapping(container).get("command")
        yield str(_mapping(container).get("image", "")), command if isinstance(command, list) else []


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
