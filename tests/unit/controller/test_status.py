"""What `controller status` makes of the answers of an API server."""

from __future__ import annotations

import json

import pytest

from secrets_gitops.clients.kube.request import Answer
from secrets_gitops.controller import status
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import ObjectNotFound, Unavailable

NOW = "Tue, 24 Nov 2026 12:00:30 GMT"


class Server:
    """Lists, by the end of their path; everything else is not there."""

    def __init__(self, **lists):
        self.lists = {"leases": [], "secrets": [], **lists}

    def call(self, method, path, *, query=None, deadline=None):
        assert method == "GET", "it reads only"
        items = self.lists.get(path.rpartition("/")[2])
        if items is None:
            raise ObjectNotFound("no such kind")
        begin = int((query or {}).get("continue", 0))
        more = {"continue": str(begin + 2)} if begin + 2 < len(items) else {}
        return {"metadata": more, "items": items[begin : begin + 2]}

    def raw(self, method, path, *, query=None, accept=None, deadline=None):
        assert method == "GET", "it reads only"
        if path.endswith("cert.pem"):
            return Answer(503, {}, b"")
        return Answer(200, {"Date": NOW}, json.dumps({"items": self.lists["leases"]}).encode())

    def parsed(self, body):
        return json.loads(body)


def read(server):
    return status.read(server, "kube-system", (), Deadline(10))


def lease(name, written, view=None, holder="x"):
    annotations = {"secrets-gitops/replicas": view or name, "secrets-gitops/pod": "p"}
    metadata = {"name": name, "resourceVersion": "1", "annotations": annotations}
    times = {"managedFields": [{"time": "2026-11-01T00:00:00Z"}, {"time": written}]}
    return {"metadata": metadata | times, "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15,
                                                   "renewTime": "1999-01-01T00:00:00.000000Z"}}  # fmt: skip


def sealed(name, namespace="a", generation=1, **said):
    metadata = {"name": name, "namespace": namespace, "generation": generation}
    return {"metadata": metadata, "status": said}


def test_a_replica_is_gone_by_the_clock_of_the_api_server():
    found = read(Server(leases=[lease("new", "2026-11-24T12:00:28Z"), lease("old", "2026-11-24T11:59:00Z")]))
    assert [(one.lease, one.silent, one.is_alive) for one in found.replicas] == [("new", 2, True), ("old", 90, False)]


def test_no_living_replica_is_a_problem():
    found = read(Server(leases=[lease("old", "2026-11-24T11:59:00Z")]))
    assert any("does not run" in problem for problem in found.problems)


def test_a_lease_that_was_given_up_is_no_replica():
    found = read(Server(leases=[lease("left", "2026-11-24T12:00:28Z", holder="")]))
    assert found.replicas == () and any("no replica holds a Lease" in note for note in found.notes)


def test_shares_add_up_to_all_objects():
    objects = [sealed("x", f"team-{number}") for number in range(50)]
    leases = [lease(name, "2026-11-24T12:00:28Z", "one two") for name in ("one", "two")]
    found = read(Server(leases=leases, sealedsecrets=objects))
    assert sum(one.objects for one in found.replicas) == 50 and all(one.namespaces for one in found.replicas)


def test_all_pages_are_read():
    (kind,) = read(Server(sealedsecrets=[sealed(f"x{number}") for number in range(7)])).kinds
    assert kind.total == 7 and len(kind.lagging) == 7


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ({"sopssecrets": [sealed("s", message="Decryption error")]}, "Decryption error"),
        ({"externalsecrets": [sealed("s", conditions=[
            {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "could not get it"},
        ])]}, "SecretSyncedError: could not get it"),
        ({"sealedsecrets": [sealed("s", conditions=[
            {"type": "Synced", "status": "False", "message": "error calling fail: hunter2"},
        ])]}, "no reason is given"),
    ],
    ids=["SopsSecret", "ExternalSecret", "a value in the original's status"],
)  # fmt: skip
def test_failing_objects_say_why(objects, reason):
    (failing,) = read(Server(**objects)).failing
    assert failing.reason == reason


def test_healthy_objects_are_no_problem():
    healthy = [sealed("s", message="Healthy")]
    synced = [sealed("s", observedGeneration=1, conditions=[{"type": "Synced", "status": "True"}])]
    found = read(Server(sopssecrets=healthy, sealedsecrets=synced))
    assert not found.failing and not any(kind.lagging for kind in found.kinds)


def test_an_api_server_that_does_not_answer_is_an_error_and_no_empty_status():
    class Down(Server):
        def raw(self, *_, **__):
            raise Unavailable("connection refused")

    with pytest.raises(Unavailable):
        read(Down())
