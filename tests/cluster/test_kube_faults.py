"""The client behind a proxy that fails: what callers are told, and that the reflector always comes back, unhurried."""

from __future__ import annotations

import time

import pytest
from apiserver import wait_for
from watched import READ, config_map, until

from secrets_gitops.clients.kube import resources
from secrets_gitops.errors import Conflict, Unavailable

WRITE = ("", "configmaps", "get list create update")


@pytest.fixture
def api(user, fault_proxy):
    made = user(WRITE).api(fault_proxy.url)
    yield made
    made.close()


def test_through_the_healthy_proxy_all_is_as_ever(api, namespace, fault_proxy):
    path = resources.path(resources.CONFIG_MAPS, namespace)
    api.call("POST", path, config_map(namespace, "one"))
    assert api.call("GET", f"{path}/one")["metadata"]["name"] == "one"
    assert [entry[0] for entry in fault_proxy.log] == ["create", "get"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refusal_is_unavailable_and_carries_how_long_to_wait(api, namespace, fault_proxy, status):
    fault_proxy.answer(status, "get", retry_after=7)
    with pytest.raises(Unavailable) as caught:
        api.call("GET", resources.path(resources.CONFIG_MAPS, namespace, "one"))
    assert caught.value.retry_after == 7


def test_a_read_is_tried_again_on_a_broken_connection_and_a_write_is_not(api, namespace, fault_proxy, kube):
    path = resources.path(resources.CONFIG_MAPS, namespace)
    fault_proxy.reset("list", times=1)
    assert api.call("GET", path)["kind"] == "ConfigMapList"
    fault_proxy.reset("create", times=1, late=True)
    with pytest.raises(Unavailable):
        api.call("POST", path, config_map(namespace, "one"))
    assert kube.get("v1", "ConfigMap", namespace, "one") is not None
    with pytest.raises(Conflict):
        api.call("POST", path, config_map(namespace, "one"))


def test_a_stall_ends_with_the_deadline(api, namespace, fault_proxy):
    from secrets_gitops.deadline import Deadline

    fault_proxy.stall("list", seconds=20)
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        api.call("GET", resources.path(resources.CONFIG_MAPS, namespace), deadline=Deadline(0.5))
    assert time.monotonic() - begun < 5


def test_a_watch_that_is_cut_goes_on_without_a_list(user, namespace, fault_proxy, kube, watching):
    _, seen, _ = watching(user(READ).api(fault_proxy.url), namespace=namespace)
    assert seen.synced.wait(10)
    until(lambda: fault_proxy._watches)
    fault_proxy.end_watches()
    kube.create(config_map(namespace, "one"))
    until(lambda: "one" in seen.objects)
    assert [entry[0] for entry in fault_proxy.log].count("list") == 1


def test_watches_that_end_at_once_do_not_make_it_spin(user, namespace, fault_proxy, kube, watching):
    fault_proxy.end_watches(at_once=True)
    reflector, seen, _ = watching(user(READ).api(fault_proxy.url), namespace=namespace)
    assert seen.synced.wait(10)
    until(lambda: reflector.problem is not None)
    time.sleep(4)
    assert 1 < len(fault_proxy.log) < 8
    fault_proxy.heal()
    kube.create(config_map(namespace, "one"))
    until(lambda: "one" in seen.objects, 20)


def test_a_server_that_only_fails_is_asked_ever_more_rarely(user, namespace, fault_proxy, watching):
    fault_proxy.answer(500, "list watch")
    reflector, seen, _ = watching(user(READ).api(fault_proxy.url), namespace=namespace)
    time.sleep(4)
    assert 1 < len(fault_proxy.log) < 6
    assert isinstance(reflector.problem, Unavailable)
    fault_proxy.heal()
    assert seen.synced.wait(20)
    assert reflector.problem is None


def test_how_long_to_wait_is_the_servers_word(user, namespace, fault_proxy, watching):
    fault_proxy.answer(429, "list", times=2, retry_after=2)
    begun = time.monotonic()
    _, seen, _ = watching(user(READ).api(fault_proxy.url), namespace=namespace)
    assert seen.synced.wait(20)
    assert 4 <= time.monotonic() - begun < 6


def test_a_silent_connection_is_given_up_and_nothing_is_missed(
    user,
    namespace,
    fault_proxy,
    kube,
    watching,
):
    """Half open: the other side is gone and nobody said so."""
    reflector, seen, _ = watching(user(READ).api(fault_proxy.url), namespace=namespace, silence=1.0)
    assert seen.synced.wait(10)
    until(lambda: fault_proxy._watches)
    fault_proxy.freeze_watches()
    kube.create(config_map(namespace, "one"))
    time.sleep(0.3)
    assert "one" not in seen.objects
    fault_proxy.heal()
    until(lambda: "one" in seen.objects)
    assert seen.names("changed").count("one") == 1
    assert reflector.problem is None


def test_an_object_deleted_during_an_outage_is_missed_by_nobody(
    cluster,
    user,
    namespace,
    fault_proxy,
    kube,
    watching,
):
    kube.create(config_map(namespace, "one"))
    reflector, seen, _ = watching(user(READ).api(fault_proxy.url), namespace=namespace)
    assert seen.synced.wait(10)
    with fault_proxy.outage():
        until(lambda: reflector.problem is not None)
        kube.delete("v1", "ConfigMap", namespace, "one")
    until(lambda: "one" in seen.names("deleted"), 40)
    wait_for(lambda: reflector.problem is None, 5, "the problem stays")
