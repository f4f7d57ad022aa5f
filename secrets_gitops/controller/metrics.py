"""What Prometheus sees: the names of the original controller, and a few that it lacks. No label is ever a value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from secrets_gitops import __version__
from secrets_gitops.controller.server import NOT_FOUND, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client.core import Metric

    from secrets_gitops.controller.sealing_keys import SealingKeys

_PREFIX = "sealed_secrets_controller_"
_COUNTED_PATHS = ("/v1/cert.pem", "/v1/verify", "/v1/rotate")
_CONDITION = {"True": 1.0, "False": -1.0}


class Observed(NamedTuple):
    """One SealedSecret for the metrics."""

    namespace: str
    name: str
    condition: str
    instance: str
    """Its label `app.kubernetes.io/instance`."""
    key: str
    """Name of the key Secret that opened it; empty when unknown."""


class Metrics:
    """All metrics of one process."""

    def __init__(
        self,
        keys: SealingKeys,
        objects: Callable[[], Iterable[Observed]],
        waiting: Callable[[], int],
        *,
        dropped_events: Callable[[], Mapping[str, int]] = dict,
        omit_secret_labels: bool = False,
    ) -> None:
        """`objects` gives what is observed now, `waiting` how many objects wait to be worked on.

        `dropped_events` gives how many events were not written, by reason.
        """
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        build = Gauge(_PREFIX + "build_info", "Version of the controller", ["revision"], registry=self.registry)
        build.labels(__version__).set(1)
        self.requests = Counter(_PREFIX + "unseal_requests", "Reconciles, deletions included", registry=self.registry)
        self.errors = Counter(
            _PREFIX + "unseal_errors", "Failed reconciles", ["reason", "namespace"], registry=self.registry
        )
        self._http = Counter(
            _PREFIX + "http_requests", "HTTP requests", ["path", "code", "method"], registry=self.registry
        )
        self._seconds = Histogram(
            _PREFIX + "http_request_duration_seconds", "HTTP latency", ["path", "method"], registry=self.registry
        )
        Gauge(_PREFIX + "queue_length", "Objects that wait to be worked on", registry=self.registry).set_function(
            waiting
        )
        self.registry.register(_State(keys, objects, dropped_events, omit_secret_labels=omit_secret_labels))

    def count_request(self, request: Request, response: Response, seconds: float) -> None:
        """Count one request of the main port."""
        if request.path in _COUNTED_PATHS:
            method = request.method.lower()
            known = method if method in {"get", "post", "head", "put", "delete", "patch", "options"} else "other"
            self._http.labels(request.path, str(response.status), known).inc()
            self._seconds.labels(request.path, known).observe(seconds)

    def answer(self, request: Request) -> Response:
        """The response of the metrics port."""
        if request.path != "/metrics":
            return NOT_FOUND
        return Response(200, generate_latest(self.registry), CONTENT_TYPE_LATEST)


class _State(Collector):
    """Gauges made when they are asked for: nothing is kept per object beside what the controller keeps anyway."""

    def __init__(
        self,
        keys: SealingKeys,
        objects: Callable[[], Iterable[Observed]],
        dropped_events: Callable[[], Mapping[str, int]],
        *,
        omit_secret_labels: bool,
    ) -> None:
        self._keys = keys
        self._objects = objects
        self._dropped_events = dropped_events
        self._omit = omit_secret_labels

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        conditions = GaugeMetricFamily(
            _PREFIX + "condition_info",
            "Condition of a SealedSecret: -1 False, 0 Unknown, 1 True",
            labels=["namespace", "name", "condition", "ss_app_kubernetes_io_instance"],
        )
        opened: dict[str, int] = {key.name: 0 for key in self._keys.newest_first()}
        for one in self._objects():
            if not self._omit and one.condition:
                value = _CONDITION.get(one.condition, 0.0)
                conditions.add_metric([one.namespace, one.name, "Synced", one.instance], value)
            if one.key:
                opened[one.key] = opened.get(one.key, 0) + 1
        yield conditions
        count = GaugeMetricFamily(_PREFIX + "keys", "Sealing keys that are loaded")
        count.add_metric([], len(self._keys.newest_first()))
        yield count
        ordered_by = self._keys.ordered_by()
        if ordered_by is not None:
            age = GaugeMetricFamily(_PREFIX + "latest_key_age_seconds", "Age of the key that is served")
            age.add_metric([], (datetime.now(UTC) - ordered_by).total_seconds())
            yield age
        by_key = GaugeMetricFamily(
            _PREFIX + "objects_by_key", "SealedSecrets that a key opened since the start", labels=["key"]
        )
        for name, number in opened.items():
            by_key.add_metric([name], number)
        yield by_key
        dropped = CounterMetricFamily(
            _PREFIX + "events_dropped", "Kubernetes events that were never written", labels=["reason"]
        )
        for reason, number in self._dropped_events().items():
            dropped.add_metric([reason], number)
        yield dropped
