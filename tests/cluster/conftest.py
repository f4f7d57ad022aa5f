"""One real cluster for the whole session, a namespace for each test, and users with exactly the rights they are given.

Run it in one process (`make cluster`): two workers would start two clusters.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import pytest
from apiserver import Cluster, Kube, User
from fault_proxy import FaultProxy
from installed import Installation
from watched import Seen

from secrets_gitops.clients.kube import resources
from secrets_gitops.clients.kube.watch import Reflector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster(program: Callable[[str], str]) -> Iterator[Cluster]:
    """etcd and kube-apiserver, ready in some seconds; stopped at the end, come what may."""
    for name in ("etcd", "kube-apiserver"):
        program(name)
    made = Cluster(program)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def kube(cluster: Cluster) -> Kube:
    """The administrator's hands."""
    return cluster.kube


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A fresh namespace; its objects are gone for good when `start_controller_manager` has been called."""
    name = f"test-{next(_numbers)}"
    cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    cluster.kube.delete("v1", "Namespace", None, name)


@pytest.fixture
def user(cluster: Cluster, namespace: str) -> Callable[..., User]:
    """A maker: `user(("", "secrets", "get list"), …, namespace=None)` is somebody new with these rights only.

    The rights hold in the test's namespace, in another one by `namespace=`, or everywhere by `everywhere=True`.
    """

    def make(*rules: tuple[str, str, str], everywhere: bool = False) -> User:
        made = cluster.account(namespace, f"user-{next(_numbers)}")
        if rules:
            cluster.allow(made, *rules, namespace=None if everywhere else namespace)
        return made

    return make


@pytest.fixture
def fault_proxy(cluster: Cluster) -> Iterator[FaultProxy]:
    """In front of the API server; give its `url` to what is tested."""
    made = FaultProxy(cluster)
    yield made
    made.close()


@pytest.fixture
def installed(cluster: Cluster, namespace: str, fault_proxy: FaultProxy, tmp_path: Path) -> Iterator[Installation]:
    """The controller's installation in the test's namespace, with the rights that are shipped; nothing runs yet."""
    made = Installation(cluster, namespace, tmp_path, fault_proxy)
    yield made
    made.close()


@pytest.fixture
def watching():
    """A maker of running reflectors with their handlers; all are stopped at the end."""
    running = []

    def start(api, resource=resources.CONFIG_MAPS, **options):
        seen = Seen()
        reflector = Reflector(api, resource, seen, **options)
        thread = threading.Thread(target=reflector.run)
        thread.start()
        running.append((reflector, thread, api))
        return reflector, seen, thread

    yield start
    for reflector, thread, api in running:
        reflector.stop()
        thread.join(10)
        api.close()
        assert not thread.is_alive()
