"""The work on a SealedSecret: what is written, what is told, and what is left alone."""

from __future__ import annotations

import base64
import io

import pytest
from fake_api import FakeApi

from secrets_gitops.clients.kube.objects import Key, Version
from secrets_gitops.controller.apply import Writer
from secrets_gitops.controller.flags import Flags
from secrets_gitops.controller.kinds.sealed_secret import SealedSecretKind
from secrets_gitops.controller.logs import Log
from secrets_gitops.controller.queue import WorkQueue
from secrets_gitops.controller.sealing_keys import SealingKeys
from secrets_gitops.crypto import rsa_hybrid

CANARY = "canary-value-4711"
KEY = Key("ns", "a")
WIDE = "sealedsecrets.bitnami.com/cluster-wide"


class Share:
    mine = True
    writes = True

    def owns(self, namespace):
        return self.mine

    def may_write(self, namespace):
        return self.mine and self.writes


class World:
    """One controller over a fake API."""

    def __init__(self, **flags):
        self.api = FakeApi()
        self.flags = Flags(key_size=1024, **flags)
        self.output = io.StringIO()
        self.events = []
        self.start()
        self.keys.make()
        self.api.requests.clear()

    def start(self):
        log = Log(info_stream=self.output, error_stream=self.output)
        old = getattr(self, "keys", None)
        self.keys = SealingKeys(self.api, "ks", self.flags, log)
        if old:
            self.keys.load()
        self.queue, self.share = WorkQueue(), Share()
        self.kind = SealedSecretKind(
            self.api,
            self.keys,
            self.queue,
            Writer(self.api, self.share.may_write),
            self.share,
            self.flags,
            log,
            lambda obj, kind, reason, message: self.events.append((kind, reason, message)),
        )
        self.keys.on_new = self.kind.on_new_key
        self.api.requests.clear()

    def sealed(self, label=b"ns/a", value=CANARY, generation=1, keys=None, template=None, **annotations):
        blob = rsa_hybrid.seal((keys or self.keys).served().public_key, value.encode(), label)
        return {
            "apiVersion": "bitnami.com/v1alpha1",
            "kind": "SealedSecret",
            "metadata": {"name": "a", "namespace": "ns", "generation": generation, "annotations": annotations},
            "spec": {"encryptedData": {"k": base64.b64encode(blob).decode()}, "template": template or {}},
        }

    def apply(self, obj):
        known = self.api.objects.get(("sealedsecrets", "ns", "a"))
        if known:
            obj["metadata"]["uid"] = known["metadata"]["uid"]
        return self.seen(self.api.put("sealedsecrets", obj))

    def seen(self, obj=None):
        obj = obj or self.object
        self.kind.on_changed(obj)
        return obj

    def work(self):
        """Everything that is due now."""
        while (key := self.queue.get(0)) is not None:
            self.kind.work(key)
            self.queue.done(key)

    @property
    def object(self):
        return self.api.objects["sealedsecrets", "ns", "a"]

    @property
    def secret(self):
        return self.api.objects.get(("secrets", "ns", "a"))

    @property
    def condition(self):
        (one,) = self.object["status"]["conditions"]
        return one

    def target_event(self):
        self.kind.targets.on_changed({"metadata": self.secret["metadata"]})


@pytest.fixture
def world():
    return World()


def other_keys():
    keys = SealingKeys(FakeApi(), "ks", Flags(key_size=1024), Log(info_stream=io.StringIO()))
    keys.make()
    return keys


def test_a_new_object_costs_one_create_one_status_and_one_event(world):
    uid = world.apply(world.sealed())["metadata"]["uid"]
    world.work()
    assert world.api.requests == ["POST secrets", "PUT sealedsecrets/status"]
    assert world.secret["data"] == {"k": base64.b64encode(CANARY.encode()).decode()}
    (owner,) = world.secret["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == (uid, True)
    assert world.condition["status"] == "True" and "message" not in world.condition
    assert world.object["status"]["observedGeneration"] == 1
    assert world.events == [("Normal", "Unsealed", "SealedSecret unsealed successfully")]


def test_our_own_status_write_is_no_news(world):
    world.apply(world.sealed())
    world.work()
    world.api.requests.clear()
    world.seen()
    world.work()
    assert world.api.requests == []


def test_a_restart_over_what_is_right_asks_for_nothing(world):
    world.apply(world.sealed())
    world.work()
    world.start()
    world.target_event()
    world.seen()
    world.kind.on_synced()
    world.work()
    assert world.api.requests == []
    assert world.kind.compare(world.object, world.secret)


def test_the_comparison_after_a_restart_finds_what_was_edited_by_hand(world):
    world.apply(world.sealed())
    world.work()
    world.secret["data"]["k"] = "b3RoZXI="
    world.start()
    world.target_event()
    world.seen()
    assert not world.kind.compare(world.object, world.secret)
    world.work()
    assert base64.b64decode(world.secret["data"]["k"]).decode() == CANARY


def test_a_secret_that_vanished_while_we_were_away_is_made_again(world):
    world.apply(world.sealed())
    world.work()
    del world.api.objects["secrets", "ns", "a"]
    world.start()
    world.seen()
    world.work()
    assert world.secret is not None


def test_a_deleted_secret_comes_back_and_the_status_is_left_alone(world):
    world.apply(world.sealed())
    world.work()
    world.target_event()
    del world.api.objects["secrets", "ns", "a"]
    world.api.requests.clear()
    world.kind.targets.on_deleted(KEY, Version("x", "1"))
    world.work()
    assert world.api.requests == ["GET sealedsecrets", "POST secrets"]
    assert [reason for _, reason, _ in world.events] == ["Unsealed", "Unsealed"]


def test_an_unknown_certificate_a_wrong_name_and_a_wrong_namespace_are_told_apart(world):
    causes = {}
    for name, obj in {
        "certificate": world.sealed(keys=other_keys()),
        "name": world.sealed(label=b"ns/b", template={"metadata": {"name": "b", "namespace": "ns"}}),
        "namespace": world.sealed(label=b"team/a", template={"metadata": {"name": "a", "namespace": "team"}}),
        "scope": world.sealed(label=b""),
    }.items():
        obj["metadata"]["generation"] = len(causes) + 1
        world.apply(obj)
        world.work()
        assert world.condition["status"] == "False"
        assert world.condition["message"].startswith("no key could decrypt secret (k): ")
        causes[name] = world.condition["message"]
    assert "another cluster's key" in causes["certificate"]
    assert "`ns/b`" in causes["name"]
    assert "`team/a`" in causes["namespace"]
    assert "cluster-wide" in causes["scope"]
    assert [event[:2] for event in world.events] == [("Warning", "ErrUnsealFailed")] * 4
    assert world.events[0][2].startswith("Failed to unseal: no key could decrypt secret (k)")


def test_damaged_base64_keeps_the_words_of_the_original(world):
    obj = world.sealed()
    obj["spec"]["encryptedData"] = {"bad": "!!!", "short": "AAA="}
    world.apply(obj)
    world.work()
    message = world.condition["message"]
    assert "illegal base64 data at input byte 0 (bad)" in message and "no key could decrypt secret (short)" in message


def test_a_failure_is_told_once_and_a_late_key_heals_it(world):
    late = other_keys()
    world.apply(world.sealed(keys=late))
    world.work()
    world.seen()
    world.work()
    assert world.api.requests.count("PUT sealedsecrets/status") == 1 and len(world.events) == 1
    secret = next(iter(late._api.objects.values()))
    assert world.keys.take({**secret, "metadata": {**secret["metadata"], "name": "late"}})
    world.work()
    assert world.condition["status"] == "True"


def test_a_scope_annotation_that_is_added_is_news_and_another_annotation_is_not(world):
    world.apply(world.sealed(label=b""))
    world.work()
    assert world.condition["status"] == "False"
    obj = {**world.object, "metadata": {**world.object["metadata"], "annotations": {WIDE: "true"}}}
    world.apply(obj)
    world.work()
    assert world.condition["status"] == "True"
    world.api.requests.clear()
    world.apply({**world.object, "metadata": {**world.object["metadata"], "annotations": {WIDE: "true", "x": "y"}}})
    world.work()
    assert world.api.requests == []


def test_somebody_elses_secret_is_left_alone_until_they_say_otherwise(world):
    theirs = world.api.put("secrets", {"metadata": {"name": "a", "namespace": "ns"}, "type": "Opaque"})
    world.kind.targets.on_changed(theirs)
    world.apply(world.sealed())
    world.work()
    said = 'Resource "a" already exists and is not managed by SealedSecret'
    assert world.condition["message"] == f"failed update: {said}"
    assert world.events == [("Warning", "ErrUpdateFailed", said)]
    theirs["metadata"]["annotations"] = {"sealedsecrets.bitnami.com/managed": "true"}
    world.api.put("secrets", theirs)
    world.target_event()
    world.work()
    assert world.condition["status"] == "True" and "data" in world.secret


def test_a_secret_that_came_into_being_meanwhile_is_looked_at_before_it_is_touched(world):
    meanwhile = {"metadata": {"name": "a", "namespace": "ns"}, "type": "Opaque", "data": {"theirs": "eA=="}}
    world.api.before["POST secrets"] = lambda: world.api.put("secrets", meanwhile)
    world.apply(world.sealed())
    world.work()
    assert world.secret["data"] == {"theirs": "eA=="} and world.condition["status"] == "False"


def test_an_outage_is_waited_for_and_not_told_at_once(world):
    world.api.refuse["POST secrets"] = 503
    world.apply(world.sealed())
    key = world.queue.get(0)
    world.kind.work(key)
    world.queue.done(key)
    assert "status" not in world.object and world.events == []
    del world.api.refuse["POST secrets"]
    assert world.queue.get(1) == key
    world.kind.work(key)
    assert world.condition["status"] == "True"


def test_a_refusal_is_told_once_however_often_it_is_tried(world):
    world.api.refuse["POST secrets"] = 403
    world.apply(world.sealed())
    for _ in range(4):
        key = world.queue.get(1)
        world.kind.work(key)
        world.queue.done(key)
    assert world.api.requests.count("POST secrets") == 4
    assert world.api.requests.count("PUT sealedsecrets/status") == 1 and len(world.events) == 1


def test_a_status_that_could_not_be_written_is_written_later(world):
    world.api.refuse["PUT sealedsecrets/status"] = 500
    world.apply(world.sealed())
    key = world.queue.get(0)
    world.kind.work(key)
    world.queue.done(key)
    del world.api.refuse["PUT sealedsecrets/status"]
    assert world.queue.get(1) == key
    world.kind.work(key)
    assert world.condition["status"] == "True" and len(world.events) == 1


def test_without_the_right_to_write_nothing_is_written_and_the_work_is_taken_up_later(world):
    world.share.writes = False
    world.apply(world.sealed())
    world.work()
    assert world.api.requests == []
    world.share.writes = True
    world.kind.on_share_changed()
    world.work()
    assert world.condition["status"] == "True"


def test_what_another_replica_did_is_not_done_again(world):
    world.share.mine = False
    world.apply(world.sealed())
    world.work()
    secret = {"metadata": {"name": "a", "namespace": "ns"}}
    world.kind.targets.on_changed(world.api.put("secrets", secret))
    status = {"observedGeneration": 1, "conditions": [{"type": "Synced", "status": "True"}]}
    world.seen(world.api.put("sealedsecrets", {**world.object, "status": status}))
    world.share.mine = True
    world.kind.on_share_changed()
    world.work()
    assert world.api.requests == []


def test_go_templates_are_refused_by_name_and_literal_ones_work(world):
    world.apply(world.sealed(template={"data": {"plain": "text", "gone": None, "made": "{{ .k }}"}}))
    world.work()
    assert "`made`" in world.condition["message"] and world.secret is None
    world.apply(world.sealed(generation=2, template={"data": {"plain": "text", "k": None}}))
    world.work()
    assert world.secret["data"] == {"plain": "dGV4dA=="}


def test_the_oldest_format_is_opened_where_it_is_accepted():
    inner = '{"metadata": {"labels": {"from": "inner"}}, "data": {"foo": "YmFy"}, "type": "Opaque"}'
    for accepted in (True, False):
        world = World(accept_deprecated_v1_data=accepted)
        obj = world.sealed(value=inner)
        obj["spec"] = {"data": obj["spec"]["encryptedData"]["k"], "encryptedData": {}}
        world.apply(obj)
        world.work()
        assert (world.secret is not None) == accepted
        if accepted:
            assert (world.secret["data"], world.secret["metadata"]["labels"]) == ({"foo": "YmFy"}, {"from": "inner"})


def test_the_old_garbage_collection_deletes_the_secret_with_its_object():
    world = World(old_gc_behavior=True)
    uid = world.apply(world.sealed())["metadata"]["uid"]
    world.work()
    del world.api.objects["sealedsecrets", "ns", "a"]
    world.kind.on_deleted(KEY, Version(uid, "9"))
    world.work()
    assert world.secret is None


def test_work_that_nobody_did_is_looked_at_again_also_without_news_of_the_share(world):
    clock = [0.0]
    world.queue._clock = lambda: clock[0]
    world.share.mine = False
    world.apply(world.sealed())
    world.work()
    world.share.mine = True
    clock[0] += 60
    world.work()
    assert world.condition["status"] == "True"


@pytest.mark.parametrize(
    "spec",
    [
        None,
        {},
        [],
        {"encryptedData": None},
        {"encryptedData": {"k": 7}},
        {"encryptedData": {"k": None}},
        {"encryptedData": "text"},
        {"encryptedData": {}, "template": []},
        {"encryptedData": {}, "template": {"metadata": {"labels": {"a": 1}}}},
        {"data": 5},
    ],
    ids=str,
)
def test_an_object_that_got_past_the_schema_fails_alone_and_says_so(world, spec):
    obj = world.sealed()
    obj["spec"] = spec
    world.apply(obj)
    world.work()
    assert world.condition["status"] == "False" and world.secret is None


def test_the_key_that_opened_an_object_is_tried_first_the_next_time(world, monkeypatch):
    world.apply(world.sealed())
    world.work()
    for number in range(5):
        late = next(iter(other_keys()._api.objects.values()))
        world.keys.take({**late, "metadata": {**late["metadata"], "name": f"late{number}"}})
    tried = []
    real = rsa_hybrid.open
    monkeypatch.setattr(rsa_hybrid, "open", lambda *given: tried.append(1) or real(*given))
    world.seen({**world.object, "metadata": {**world.object["metadata"], "generation": 2}})
    world.work()
    assert len(tried) == 1


def late(world, keys, name):
    """The key of `keys` arrives in the cluster."""
    made = next(iter(keys._api.objects.values()))
    world.keys.take({**made, "metadata": {**made["metadata"], "name": name}})


@pytest.fixture
def tried(monkeypatch):
    """One entry for each RSA operation."""
    operations = []
    real = rsa_hybrid.open
    monkeypatch.setattr(rsa_hybrid, "open", lambda *given: operations.append(given[0]) or real(*given))
    return operations


def test_what_no_key_opens_is_not_tried_again_before_there_is_news_and_then_with_the_new_key_alone(world, tried):
    for number in range(4):
        late(world, other_keys(), f"late{number}")
    sealed_for, stranger = other_keys(), other_keys()
    world.apply(world.sealed(keys=sealed_for))
    world.work()
    told = world.condition["message"]
    tried.clear()
    world.kind.on_share_changed()
    world.queue.add(KEY)
    world.work()
    assert tried == []
    late(world, stranger, "stranger")
    world.work()
    assert set(tried) == {one.private_key for one in world.keys.newest_first() if one.name == "stranger"}
    assert world.condition["message"] == told and len(world.events) == 1
    late(world, sealed_for, "right")
    world.work()
    assert world.condition["status"] == "True" and world.secret is not None


def test_a_new_key_that_would_open_under_another_name_changes_what_is_told(world):
    sealed_for = other_keys()
    world.apply(world.sealed(keys=sealed_for, label=b"ns/b", template={"metadata": {"name": "b", "namespace": "ns"}}))
    world.work()
    assert "another cluster's key" in world.condition["message"]
    late(world, sealed_for, "right")
    world.work()
    assert "`ns/b`" in world.condition["message"]


def test_items_for_an_old_and_for_a_late_key_open_together(world):
    late_keys = other_keys()
    obj = world.sealed()
    obj["spec"]["encryptedData"]["l"] = world.sealed(keys=late_keys)["spec"]["encryptedData"]["k"]
    world.apply(obj)
    world.work()
    assert world.condition["message"].startswith("no key could decrypt secret (l)")
    late(world, late_keys, "late")
    world.work()
    assert world.condition["status"] == "True" and set(world.secret["data"]) == {"k", "l"}


def test_a_failure_whose_telling_failed_is_told_later(world):
    world.api.refuse["PUT sealedsecrets/status"] = 500
    world.apply(world.sealed(keys=other_keys()))
    world.work()
    del world.api.refuse["PUT sealedsecrets/status"]
    assert world.queue.get(1) == KEY
    world.kind.work(KEY)
    assert world.condition["status"] == "False"


def test_two_hundred_keys_cost_a_failing_object_little_more_than_one_try_of_each(world, tried):
    (one,) = world.keys._entries
    made = [other_keys()._entries[0] for _ in range(40)] * 5
    world.keys._entries = (*made, one)
    world.keys._newest_first = tuple(entry.key for entry in world.keys._entries)
    world.apply(world.sealed(keys=other_keys(), template={"metadata": {"name": "b", "namespace": "team"}}))
    tried.clear()
    world.work()
    assert world.condition["status"] == "False" and len(tried) <= 201 + 100


def test_no_value_is_logged_told_or_kept(world):
    world.apply(world.sealed())
    world.work()
    world.apply(world.sealed(generation=2, template={"data": {"x": "{{ fail .k }}"}}))
    world.work()
    encoded = base64.b64encode(CANARY.encode()).decode()
    told = world.output.getvalue() + str(world.events) + str(world.object.get("status"))
    kept = str(vars(world.kind)) + str(world.kind._records) + str(world.kind.targets.__dict__)
    for text in (CANARY, encoded):
        assert text not in told and text not in kept


def test_metrics_know_the_condition_and_the_key(world):
    world.apply(world.sealed())
    world.work()
    (one,) = world.kind.observed()
    assert (one.namespace, one.name, one.condition) == ("ns", "a", "True")
    assert one.key.startswith("sealed-secrets-key")
