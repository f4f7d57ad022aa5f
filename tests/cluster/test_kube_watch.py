"""The reflector on a real API server: pages, bookmarks, a real 410, deletions missed during an outage, stopping."""

from __future__ import annotations

import threading
import time

from watched import READ, config_map, until

from secrets_gitops.clients.kube import resources
from secrets_gitops.errors import Forbidden


def test_it_tells_of_what_is_there_and_of_each_change(user, namespace, kube, watching):
    kube.create(config_map(namespace, "one", a="1"))
    _, seen, _ = watching(user(READ).api(), namespace=namespace)
    assert seen.synced.wait(10)
    kube.create(config_map(namespace, "two"))
    kube.merge("v1", "ConfigMap", namespace, "one", {"data": {"a": "2"}})
    kube.delete("v1", "ConfigMap", namespace, "two")
    until(lambda: "two" in seen.names("deleted"))
    assert seen.events == [
        ("changed", "one"),
        ("synced", ""),
        ("changed", "two"),
        ("changed", "one"),
        ("deleted", "two"),
    ]
    assert seen.objects["one"]["data"] == {"a": "2"}
    assert "managedFields" not in seen.objects["one"]["metadata"]
    assert seen.objects["one"]["kind"] == "ConfigMap"


def test_a_long_list_comes_in_pages(cluster, user, namespace, kube, watching):
    for number in range(1001):
        kube.api.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", config_map(namespace, f"map-{number}"))
    somebody = user(READ)
    mark = cluster.mark()
    _, seen, _ = watching(somebody.api(), namespace=namespace)
    assert seen.synced.wait(20)
    assert len(set(seen.names("changed"))) == len(seen.names("changed")) == 1001
    assert len([line for line in cluster.requests(somebody, mark) if line.startswith("list")]) == 3


def test_metadata_alone_carries_no_data_of_a_secret(user, namespace, kube, watching):
    def secret(name):
        meta = {"name": name, "namespace": namespace}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"password": "canary"}}

    kube.create(secret("listed"))
    _, seen, _ = watching(user(READ).api(), resources.SECRETS, namespace=namespace, metadata_only=True)
    assert seen.synced.wait(10)
    kube.create(secret("watched"))
    until(lambda: "watched" in seen.objects)
    for name in ("listed", "watched"):
        assert seen.objects[name]["kind"] == "PartialObjectMetadata"
        assert "data" not in seen.objects[name]


def test_selectors_narrow_what_is_seen(user, namespace, kube, watching):
    kube.create(config_map(namespace, "plain"))
    labelled = config_map(namespace, "labelled")
    labelled["metadata"]["labels"] = {"app": "yes"}
    kube.create(labelled)
    _, seen, _ = watching(user(READ).api(), namespace=namespace, labels="app=yes")
    assert seen.synced.wait(10)
    assert list(seen.objects) == ["labelled"]
    _, seen, _ = watching(user(READ).api(), namespace=namespace, fields="metadata.name=plain")
    assert seen.synced.wait(10)
    assert list(seen.objects) == ["plain"]


def test_without_the_right_to_it_it_says_so_and_starts_when_it_gets_it(cluster, user, namespace, kube, watching):
    somebody = user()
    kube.create(config_map(namespace, "one"))
    reflector, seen, _ = watching(somebody.api(), namespace=namespace)
    until(lambda: isinstance(reflector.problem, Forbidden))
    assert not reflector.synced
    cluster.allow(somebody, READ, namespace=namespace)
    assert seen.synced.wait(20)
    assert reflector.problem is None


def test_stopping_does_not_wait_for_data(user, namespace, watching):
    reflector, seen, thread = watching(user(READ).api(), namespace=namespace)
    assert seen.synced.wait(10)
    until(lambda: reflector._stream is not None)
    begun = time.monotonic()
    reflector.stop()
    thread.join(10)
    assert time.monotonic() - begun < 1
    assert reflector.problem is None


def test_a_line_of_a_megabyte_arrives_whole(user, namespace, kube, watching):
    _, seen, _ = watching(user(READ).api(), namespace=namespace)
    assert seen.synced.wait(10)
    kube.create(config_map(namespace, "big", text="x" * 1_000_000))
    until(lambda: "big" in seen.objects)
    assert len(seen.objects["big"]["data"]["text"]) == 1_000_000


def test_after_an_outage_it_goes_on_where_it_was(cluster, user, namespace, kube, watching):
    """The API server dies and comes back: no event twice, no list again."""
    kube.create(config_map(namespace, "one"))
    somebody = user(READ)
    reflector, seen, _ = watching(somebody.api(), namespace=namespace)
    assert seen.synced.wait(10)
    cluster.stop_api()
    until(lambda: reflector.problem is not None)
    cluster.start_api()
    kube.create(config_map(namespace, "two"))
    until(lambda: "two" in seen.objects, 40)
    assert seen.events == [("changed", "one"), ("synced", ""), ("changed", "two")]
    assert reflector.problem is None


def test_a_compacted_history_leads_to_a_new_list_that_finds_the_missed_deletion(
    cluster, user, namespace, kube, watching
):
    """A real 410: while it cannot look, an object goes, another changes, and etcd forgets how."""
    for name in ("same", "goes", "changes", "again"):
        kube.create(config_map(namespace, name))
    reflector, seen, _ = watching(user(READ).api(), namespace=namespace)
    assert seen.synced.wait(10)
    seen.events.clear()
    gone = threading.Event()
    reflector._backoff.failed = lambda retry_after=None: gone.wait(60) * 0.1  # it stays away until then
    cluster.stop_api()
    until(lambda: reflector.problem is not None)
    cluster.start_api()
    kube.delete("v1", "ConfigMap", namespace, "goes")
    kube.delete("v1", "ConfigMap", namespace, "again")
    kube.create(config_map(namespace, "again"))
    kube.merge("v1", "ConfigMap", namespace, "changes", {"data": {"a": "2"}})
    cluster.compact()
    cluster.restart_api()
    gone.set()
    until(lambda: ("synced", "") in seen.events, 60)
    assert sorted(seen.events) == [
        ("changed", "again"),
        ("changed", "changes"),
        ("deleted", "again"),
        ("deleted", "goes"),
        ("synced", ""),
    ]
