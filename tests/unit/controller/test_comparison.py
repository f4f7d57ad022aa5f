"""The comparison after a start: two ordered lists side by side, and only what differs becomes work."""

from __future__ import annotations

import io
import threading

import pytest
from alone import Everything
from fake_api import FakeApi

from secrets_gitops.clients.kube.objects import Key, key_of
from secrets_gitops.controller.comparison import Comparison
from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.queue import WorkQueue

PLACES = [("a", "x"), ("a", "x-y"), ("a-b", "x"), ("a", "z"), ("b", "a")]
"""In an order that is not etcd's: a dash sorts before a slash."""


class Kind:
    def __init__(self, uncompared):
        self.uncompared = set(uncompared)
        self.pairs = {}

    def compare(self, obj, secret):
        self.pairs[key_of(obj)] = secret and key_of(secret)
        return secret is not None


def run(api, kind, namespaces=(None,)):
    output = io.StringIO()
    log = Log(info_stream=output, error_stream=output)
    Comparison(api, kind, WorkQueue(), Everything(), log, namespaces, None).run(threading.Event())
    return output.getvalue()


@pytest.mark.parametrize("namespaces", [(None,), ("a", "a-b", "b")])
def test_each_object_meets_its_own_secret_and_none_is_missed(namespaces):
    api = FakeApi()
    for namespace, name in PLACES:
        api.put("sealedsecrets", {"metadata": {"namespace": namespace, "name": name}})
        if name != "z":
            api.put("secrets", {"metadata": {"namespace": namespace, "name": name}})
        api.put("secrets", {"metadata": {"namespace": namespace, "name": f"{name}-of-somebody"}})
    keys = {Key(*place) for place in PLACES}
    kind = Kind(keys)
    said = run(api, kind, namespaces)
    assert kind.pairs == {key: None if key.name == "z" else key for key in keys}
    assert "objects=5 different=1" in said and not kind.uncompared


def test_what_was_worked_on_already_is_left_out():
    api = FakeApi()
    for place in PLACES:
        api.put("sealedsecrets", {"metadata": {"namespace": place[0], "name": place[1]}})
    kind = Kind({Key("a", "x")})
    run(api, kind)
    assert set(kind.pairs) == {Key("a", "x")}


def test_nothing_is_asked_when_nothing_was_left_uncompared():
    api = FakeApi()
    assert run(api, Kind(())) == "" and api.requests == []
