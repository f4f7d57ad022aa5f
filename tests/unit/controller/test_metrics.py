"""The metrics have the names that people's dashboards ask for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from secrets_gitops.controller.metrics import Metrics, Observed
from secrets_gitops.controller.server import Request, Response

KEYS = SimpleNamespace(
    newest_first=lambda: (SimpleNamespace(name="sealed-secrets-key1"),),
    ordered_by=lambda: None,
)


def scrape(objects=(), **options):
    metrics = Metrics(KEYS, lambda: objects, lambda: 3, dropped_events=lambda: {"full": 2}, **options)
    metrics.requests.inc()
    metrics.errors.labels("unseal", "ns").inc()
    metrics.count_request(Request("POST", "/v1/verify", {}, "x", b""), Response(409), 0.1)
    metrics.count_request(Request("GET", "/nowhere", {}, "x", b""), Response(404), 0.1)
    return metrics.answer(Request("GET", "/metrics", {}, "x", b"")).body.decode()


@pytest.mark.parametrize(
    "line",
    [
        "sealed_secrets_controller_unseal_requests_total 1.0",
        'sealed_secrets_controller_unseal_errors_total{namespace="ns",reason="unseal"} 1.0',
        'sealed_secrets_controller_http_requests_total{code="409",method="post",path="/v1/verify"} 1.0',
        'sealed_secrets_controller_http_request_duration_seconds_count{method="post",path="/v1/verify"} 1.0',
        "sealed_secrets_controller_keys 1.0",
        "sealed_secrets_controller_queue_length 3.0",
        'sealed_secrets_controller_events_dropped_total{reason="full"} 2.0',
    ],
)
def test_what_is_counted(line):
    assert line in scrape().splitlines()


def test_the_condition_of_each_object_and_its_key():
    objects = [Observed("ns", "a", "True", "shop", "sealed-secrets-key1"), Observed("ns", "b", "False", "", "")]
    text = scrape(objects)
    name = "sealed_secrets_controller_condition_info"
    labels = 'condition="Synced",name="{}",namespace="ns",ss_app_kubernetes_io_instance="{}"'
    assert f"{name}{{{labels.format('a', 'shop')}}} 1.0" in text
    assert f"{name}{{{labels.format('b', '')}}} -1.0" in text
    assert 'sealed_secrets_controller_objects_by_key{key="sealed-secrets-key1"} 1.0' in text


def test_names_of_secrets_can_be_left_out():
    assert 'name="a"' not in scrape([Observed("ns", "a", "True", "", "")], omit_secret_labels=True)
