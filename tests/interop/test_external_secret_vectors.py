"""What External Secrets Operator 2.9 makes of the same input; each skipped row says why."""

from __future__ import annotations

import base64
import json

import pytest
from vector_files import cases

from secrets_gitops.backends import vault_paths
from secrets_gitops.backends.backend import Surroundings
from secrets_gitops.deadline import Deadline
from secrets_gitops.documents.read import read
from secrets_gitops.errors import AccessDenied, BackendError, BadReference, DocumentError, NotBuiltYet
from secrets_gitops.golang import durations
from secrets_gitops.manifests import external_secret, secret_store
from secrets_gitops.manifests import external_secret_marks as marks
from secrets_gitops.manifests.external_secret import Merge, Remote, Renaming, StoreRef, UnbuiltRewrite
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.materialize import conversion, decoding, refresh, target
from secrets_gitops.materialize import external_secret as external_secret_pipeline
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.materialize.objects import Found
from secrets_gitops.materialize.providers import catalog
from secrets_gitops.materialize.rewrite import rewrite
from secrets_gitops.references.fetcher import Fetcher


def rewrites(step: dict) -> external_secret.Rewrite:
    if "regexp" in step:
        return Renaming(step["regexp"]["source"], step["regexp"]["target"])
    if "merge" in step:
        names = {"priorityPolicy": "priority_policy", "conflictPolicy": "conflict_policy"}
        given = {names.get(name, name): value for name, value in step["merge"].items()}
        if "priority" in given:
            given["priority"] = tuple(given["priority"])
        return Merge(**given)
    return UnbuiltRewrite(next(iter(step)))


@pytest.mark.parametrize("case", cases("external-secrets", "rewrite"))
def test_keys_are_rewritten(case):
    steps = [rewrites(step) for step in case["rewrite"]]
    values = {key: value.encode() for key, value in case["input"].items()}
    expect = case["expect"]
    if any(isinstance(step, UnbuiltRewrite) for step in steps):
        with pytest.raises(NotBuiltYet, match="transform"):
            rewrite(values, steps)
        return
    if "output" in expect:
        assert {key: value.decode() for key, value in rewrite(values, steps).items()} == expect["output"]
        return
    with pytest.raises((DocumentError, BackendError)):  # a collision, too: which value survives is chance upstream
        rewrite(values, steps)


@pytest.mark.parametrize("case", cases("external-secrets", "conversion", built=lambda case: case["kind"] != "reverse"))
def test_keys_are_converted_and_checked(case):
    kind, expect, given = case["kind"], case["expect"], case.get("input")
    if kind == "round-trip":
        assert conversion.convert(given, "Unicode") == expect["encoded"]
    elif kind == "validate":
        keys = dict.fromkeys(given if isinstance(given, list) else [given], "")
        if expect.get("error"):
            with pytest.raises(DocumentError):
                conversion.checked(keys)
        else:
            assert conversion.checked(keys) == {key: "" for key in keys if key}
    elif kind == "convert":
        assert conversion.convert(given, case["strategy"] or "") == expect["output"]
    elif expect.get("error"):
        with pytest.raises(DocumentError):
            conversion.convert_all(given, case["strategy"] or "")
    else:
        assert conversion.convert_all(given, case["strategy"] or "") == expect["output"]


@pytest.mark.parametrize("case", cases("external-secrets", "decoding"))
def test_values_are_decoded(case):
    value = case["input"].encode()
    expect = case["expect"]
    if expect.get("error"):
        with pytest.raises(BackendError):
            decoding.decode(value, case["strategy"] or "")
        return
    wanted = base64.b64decode(expect["output_b64"]) if "output_b64" in expect else expect["output"].encode()
    assert decoding.decode(value, case["strategy"] or "") == wanted


def fields_of(tree: dict) -> Fields:
    document = read(json.dumps(tree), path="es.json")
    return Fields(document, document.roots[0])


ADMISSION = [case for case in cases("external-secrets", "validation") if case.values[0]["kind"] == "ExternalSecret"]


@pytest.mark.parametrize("case", ADMISSION)
def test_an_external_secret_is_admitted_or_not(case):
    tree = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "e"}}
    tree["spec"] = case["input"]
    if case["expect"]["valid"]:
        external_secret.read(fields_of(tree), tree)
    else:
        with pytest.raises(DocumentError):
            external_secret.read(fields_of(tree), tree)


STORES = [case for case in cases("external-secrets", "validation") if case.values[0]["kind"] != "ExternalSecret"]


class Objects:
    """Manifests by group, kind, namespace and name."""

    offline = False

    def __init__(self, *trees: dict) -> None:
        self.trees = trees

    def get(self, group: str, kind: str, namespace: str, name: str) -> Found | None:
        for tree in self.trees:
            meta = tree["metadata"]
            where = (tree["apiVersion"].rpartition("/")[0], tree["kind"], meta.get("namespace", ""), meta["name"])
            if where == (group, kind, namespace, name):
                return Found(tree, fields_of(tree))
        return None


def store_tree(name: str, provider: dict, kind: str = "SecretStore") -> dict:
    meta = {"name": name, "namespace": "n"} if kind == "SecretStore" else {"name": name}
    return {"apiVersion": "external-secrets.io/v1", "kind": kind, "metadata": meta, "spec": {"provider": provider}}


@pytest.mark.parametrize("case", STORES)
def test_a_store_is_admitted_or_not(case):
    tree = store_tree("s", {}, case["kind"])
    tree["spec"] = case["input"]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "t", "namespace": "n"}, "data": {"k": "dA=="}}
    reference = StoreRef("s", case["kind"])
    if case["expect"]["valid"]:
        catalog.provider_of(reference, "n", fields_of(tree), Objects(tree, secret))
    else:
        with pytest.raises((DocumentError, AccessDenied)):
            catalog.provider_of(reference, "n", fields_of(tree), Objects(tree, secret))


@pytest.mark.parametrize("case", cases("external-secrets", "store-conditions"))
def test_conditions_say_which_namespaces_a_store_serves(case):
    tree = store_tree("s", {"fake": {"data": []}}, "ClusterSecretStore")
    tree["spec"]["conditions"] = case["conditions"]
    store = secret_store.read(fields_of(tree), tree)
    admitted = secret_store.admits(store.conditions, case["namespace"], case["namespace_labels"])
    assert admitted == case["expect"]["allowed"]


def given_of(*trees: dict) -> Given:
    surroundings = Surroundings(environ={}, directory="/", root="/")
    return Given(objects=Objects(*trees), fetcher=Fetcher.local(surroundings, Deadline(10)))


def bytes_of(value: object) -> bytes:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else str(value).encode()


def needs_more(spec: dict) -> bool:
    """The row needs generators or Go templates, which are refused by name."""
    if any("generatorRef" in entry.get("sourceRef", {}) for entry in spec.get("dataFrom", [])):
        return True
    template = spec.get("target", {}).get("template", {})
    texts = [*template.get("data", {}).values()]
    for texts_of in template.get("metadata", {}).values():
        texts += texts_of.values()
    return bool(template.get("templateFrom")) or any("{{" in text for text in texts)


@pytest.mark.parametrize("case", cases("external-secrets", "pipeline"))
def test_from_stores_to_the_secret(case):
    meta = {"name": "e", "namespace": "n", **case.get("external_secret_metadata", {})}
    tree = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": meta, "spec": case["spec"]}
    if case["id"] == "pipe-004":  # what admission refuses; the row says what would come of it
        tree["spec"]["target"] = {"deletionPolicy": "Merge"}
    given = given_of(*(store_tree(name, {"fake": {"data": items}}) for name, items in case["stores"].items()))
    expect, fields = case["expect"], fields_of(tree)
    refused_at_admission = expect.get("error") == "target-not-allowed"
    if needs_more(case["spec"]) and not refused_at_admission:
        with pytest.raises(NotBuiltYet):
            external_secret_pipeline.fetch(external_secret.read(fields, tree), fields, given)
        return
    if expect.get("error"):
        with pytest.raises((DocumentError, BackendError)):
            external_secret_pipeline.fetch(external_secret.read(fields, tree), fields, given)
        return
    found = external_secret.read(fields, tree)
    data = external_secret_pipeline.fetch(found, fields, given)
    existing = live_target(case["existing_target"]) if "existing_target" in case else None
    written = target.wanted(found, data.values, existing)
    assert written.data == {key: bytes_of(value) for key, value in expect["data"].items()}
    assert [f"MissingProviderSecret {each.where} {each.key}" for each in data.skipped] == expect.get("skipped", [])
    for name in ("labels", "annotations"):
        assert expect.get(name, {}).items() <= getattr(written, name).items()
    assert written.type == expect.get("type", written.type)


def live_target(given: dict) -> target.Live:
    data = {key: value.encode() for key, value in given["data"].items()}
    return target.Live(data=data, type=given["type"], labels=given.get("labels", {}), annotations={})


ME = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "e", "namespace": "n"}}
LIVE = {
    "absent": None,
    "mine": target.Live(
        {"f": b"f", "p": b"old", "p_old": b"x"}, owner="us", ours=frozenset({("data", "p"), ("data", "p_old")})
    ),
    "foreign": target.Live({"f": b"f"}),
    "other-external-secret": target.Live({"f": b"f"}, owner="another ExternalSecret"),
    "other-controller": target.Live({"f": b"f"}, owner="another controller"),
}
SOURCES = {
    "data": {"data": [{"secretKey": "p", "remoteRef": {"key": "there"}}]},
    "changed-data": {"data": [{"secretKey": "p", "remoteRef": {"key": "there"}}]},
    "missing": {"data": [{"secretKey": "p", "remoteRef": {"key": "ghost"}}]},
    "empty": {"dataFrom": [{"find": {"name": {"regexp": "^nothing$"}}}]},
    "error": {"dataFrom": [{"extract": {"key": "there"}}]},
}
POLICIES = cases("external-secrets", "policies")
OUR_OWN = {
    "pol-016": "a Secret that is not ours is not deleted, although the operator does so",
}


@pytest.mark.parametrize("case", [case for case in POLICIES if "event" not in case.values[0]])
def test_policies_decide_what_becomes_of_the_secret(case):
    expect = case["expect"]
    policies = {"creationPolicy": case["creationPolicy"], "deletionPolicy": case["deletionPolicy"]}
    tree = {**ME, "spec": {"secretStoreRef": {"name": "main"}, **SOURCES[case["provider"]]}}
    tree["spec"]["target"] = {"immutable": case.get("immutable", False), **policies}
    fields = fields_of(tree)
    if case.get("admission") == "rejected":
        with pytest.raises(DocumentError):
            external_secret.read(fields, tree)
        tree["spec"]["target"] = {}
    found = external_secret.read(fields, tree)
    forced = found.target._replace(
        creation_policy=policies["creationPolicy"], deletion_policy=policies["deletionPolicy"]
    )
    found = found._replace(target=forced)
    live = None if "target_renamed_from" in case else LIVE[case["target"]]  # the old one is found by its mark
    if live is not None and case.get("target_immutable"):
        live = live._replace(immutable=True)
    store = store_tree("main", {"fake": {"data": [{"key": "there", "value": "text"}]}})
    try:
        values = external_secret_pipeline.fetch(found, fields, given_of(store)).values
        decision = target.decide(found, values, live)
    except BackendError:  # told, and tried again
        assert (expect["ready"], expect["reason"], expect["action"]) == ("False", "SecretSyncedError", "none")
        assert expect["retry"] != "none"
        return
    assert decision.ready == (expect["ready"] == "True")
    assert decision.reason == expect["reason"]
    assert expect.get("message", "") in decision.message
    if not decision.ready:
        assert decision.final == (expect["retry"] == "none")
    if case["id"] in OUR_OWN:
        assert decision.action == "none", OUR_OWN[case["id"]]
        return
    assert decision.action == expect["action"]
    if "data_keys" in expect:
        assert sorted(decision.wanted.data) == expect["data_keys"]
        assert decision.wanted.owned == expect["owner_reference"]
    if expect["action"] == "metadata-only":
        assert decision.wanted.data == live.data


@pytest.mark.parametrize(
    "case", [case for case in POLICIES if case.values[0].get("event") == "external-secret-deleted"]
)
def test_the_secret_is_deleted_with_its_external_secret_or_kept(case):
    found = read_with(case["creationPolicy"], case["deletionPolicy"])
    live = target.Live({"p": b"x"}, owner="us" if case["creationPolicy"] == "Owner" else "nobody")
    if "finalizer" in case["expect"].get("by", ""):
        assert target.deleted_with(found, live)
    else:
        assert not target.deleted_with(found, live)
        collected = target.wanted(found, {}, None).owned
        assert collected == (case["expect"]["target"] == "deleted")


@pytest.mark.parametrize("case", [case for case in POLICIES if case.values[0].get("event") == "drift"])
def test_what_others_change_is_noticed_or_left(case):
    found = read_with(case["creationPolicy"], "Retain")
    made = target.wanted(found, {"p": b"x"}, target.Live({"f": b"f"}))
    live = target.Live(made.data, labels=made.labels, annotations=made.annotations)
    assert target.is_valid(found, live)
    changed = {
        "target deleted": None,
        "data edited": live._replace(data={**live.data, "p": b"edited"}),
        "foreign key edited": live._replace(data={**live.data, "f": b"edited"}),
        "managed label removed": live._replace(labels={}),
    }[case["change"]]
    outcome = case["expect"]["outcome"]
    noticed = not target.is_valid(found, changed)
    assert noticed == (not outcome.startswith(("left", "stays")))  # a missing label: when the object is looked at again


def read_with(creation: str, deletion: str) -> external_secret.ExternalSecret:
    tree = {**ME, "spec": {"secretStoreRef": {"name": "main"}, **SOURCES["data"]}}
    tree["spec"]["target"] = {"creationPolicy": creation, "deletionPolicy": deletion}
    return external_secret.read(fields_of(tree), tree)


def is_refresh_built(case: dict) -> bool:
    """PushSecrets and syncWindows, which are refused by name, come with a later version."""
    waits_for_window = case.get("sync_window_permits") is False and case["synced_before"]
    return case.get("kind") != "PushSecret" and (not waits_for_window or case["changed_since_sync"])


@pytest.mark.parametrize("case", cases("external-secrets", "refresh", built=is_refresh_built))
def test_when_stores_are_asked_again(case):
    expect = case["expect"]
    if case.get("kind") == "duration":
        if expect.get("error"):
            with pytest.raises(ValueError, match="duration"):
                durations.parse(case["input"])
        else:
            parsed = durations.parse(case["input"])
            assert (durations.text(parsed), parsed / 1e9) == (expect["canonical"], expect["seconds"])
        return
    interval, since = durations.parse(case["refreshInterval"]) / 1e9, case.get("seconds_since_refresh")
    if case.get("kind") == "requeue":
        after = refresh.look_again(interval, since)
        assert after == (0 if expect["requeue"] == "at once" else float(expect["requeue"].split()[1].rstrip("s")))
        return
    due = refresh.is_due(
        case.get("refreshPolicy", "Periodic"),
        interval,
        synced=case["synced_before"],
        changed=case["changed_since_sync"],
        since=since,
    )
    assert due == expect["refresh"]


def is_mark_built(case: dict) -> bool:
    """Targets of other kinds than Secret come with a later version."""
    return case["kind"] != "manifest-target-hash"


@pytest.mark.parametrize("case", cases("external-secrets", "hashes", built=is_mark_built))
def test_marks_are_those_of_the_operator(case):
    given, expect, kind = case["input"], case["expect"], case["kind"]
    if kind == "data-hash":
        assert marks.data_hash({key: value.encode() for key, value in given.items()}) == expect["sha3_224"]
    elif kind == "owner-label":
        assert marks.created_by(*given.split("/")) == expect["sha3_224"]
    elif kind == "synced-resource-version":
        version = marks.synced_version(given["generation"], given["labels"], given["annotations"])
        assert version == expect["value"]
    else:
        assert marks.field_manager(given) == expect["value"]


@pytest.mark.parametrize("case", cases("external-secrets", "vault"))
def test_vault_paths_properties_and_members(case):
    expect = case["expect"]
    if case["kind"] == "path":
        version = int(case["kv_version"][1])
        mount, key = case.get("mount_path"), case["remote_key"]
        assert vault_paths.data_path(mount, version, key) == expect["data_path"]
        if "metadata_error" in expect:
            with pytest.raises(BadReference):
                vault_paths.metadata_path(mount, version, key)
        else:
            assert vault_paths.metadata_path(mount, version, key) == expect["metadata_path"]
        return
    tree = store_tree("v", {"vault": {"server": "https://v", "path": "m"}})
    provider, _ = catalog.provider_of(StoreRef("v", "SecretStore"), "n", fields_of(tree), Objects(tree))
    remote, answer = Remote("k", case["property"]), case["secret_json"].encode()
    read_it = provider.value if case["kind"] == "property" else provider.members
    if expect.get("error"):
        with pytest.raises(BackendError):
            read_it(remote, answer)
    elif case["kind"] == "property":
        assert provider.value(remote, answer).decode() == expect["output"]
    else:
        found = provider.members(remote, answer)
        assert {key: value.decode() for key, value in found.items()} == expect["output"]
