"""Stores of ExternalSecrets: who may name what, how logins reach a store, what each provider makes of an answer."""

from __future__ import annotations

import base64
import json

import pytest

from secrets_gitops.backends.backend import Fetched
from secrets_gitops.deadline import Deadline
from secrets_gitops.documents.read import read
from secrets_gitops.errors import AccessDenied, BackendError, DocumentError, NotBuiltYet, SecretNotFound, SettingsError
from secrets_gitops.manifests.external_secret import Remote, StoreRef
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.materialize.catalog import materialize
from secrets_gitops.materialize.materialized import Given
from secrets_gitops.materialize.objects import Found
from secrets_gitops.materialize.providers import catalog
from secrets_gitops.plaintext import Plaintext
from secrets_gitops.references.fetcher import Fetcher

API = "external-secrets.io/v1"
CANARY = "c4nary-5d2f"


class Objects:
    def __init__(self, *trees, offline=True):
        self.trees, self.offline = trees, offline

    def get(self, group, kind, namespace, name):
        for tree in self.trees:
            meta = tree["metadata"]
            where = (tree["apiVersion"].rpartition("/")[0], tree["kind"], meta.get("namespace", ""), meta["name"])
            if where == (group, kind, namespace, name):
                return Found(tree, fields(tree))
        return None


def fields(tree):
    document = read(json.dumps(tree), path="o.json")
    return Fields(document, document.roots[0])


def store(provider, kind="SecretStore", **spec):
    meta = {"name": "s"} if kind == "ClusterSecretStore" else {"name": "s", "namespace": "team"}
    return {"apiVersion": API, "kind": kind, "metadata": meta, "spec": {"provider": provider, **spec}}


def secret(namespace, **data):
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": namespace},
        "data": encoded,
    }


def provider(tree, *others, offline=True, namespace="team"):
    reference = StoreRef("s", tree["kind"])
    return catalog.provider_of(reference, namespace, fields(tree), Objects(tree, *others, offline=offline))[0]


def vault(**selector):
    token = {"name": "login", "key": "token", **selector}
    return {"vault": {"server": "https://v", "path": "kv", "auth": {"tokenSecretRef": token}}}


def test_a_login_comes_from_the_namespace_that_the_rules_name():
    own, other = secret("team", token="own"), secret("infra", token="infra")
    assert dict(provider(store(vault()), own, other).store.settings)["secret"] == "own"
    wide = store(vault(namespace="infra"), "ClusterSecretStore")
    assert dict(provider(wide, own, other).store.settings)["secret"] == "infra"
    referent = store(vault(), "ClusterSecretStore")
    assert dict(provider(referent, own, other).store.settings)["secret"] == "own"


def test_a_namespaced_store_may_not_look_elsewhere():
    with pytest.raises(AccessDenied, match="another namespace"):
        provider(store(vault(namespace="infra")), secret("infra", token="infra"))


def test_two_logins_are_two_stores_and_neither_shows_its_credential():
    one = provider(store(vault()), secret("team", token=CANARY)).store
    two = provider(store(vault()), secret("team", token="another")).store
    assert one != two
    assert CANARY not in repr(one)


def test_a_login_that_is_not_among_the_manifests_is_named_with_what_to_do():
    with pytest.raises(SettingsError, match="`team/login`") as caught:
        provider(store(vault()))
    assert any("--store" in hint for hint in caught.value.hints)


def test_without_auth_the_environment_logs_in_offline_and_nobody_in_a_cluster():
    tree = store({"vault": {"server": "https://v"}})
    assert dict(provider(tree).store.settings)["auth"] == "environment"
    assert "auth" not in dict(provider(tree, offline=False).store.settings)


def test_in_a_cluster_nobody_reads_secrets_with_the_rights_of_the_controller():
    tree = store({"kubernetes": {"remoteNamespace": "kube-system"}})
    provider(tree)
    with pytest.raises(DocumentError, match="needs `auth`"):
        provider(tree, offline=False)


def test_a_namespaced_store_cannot_have_the_token_of_the_controller_sent_away():
    auth = {"kubernetes": {"role": "r"}}
    tree = {"vault": {"server": "https://evil.example.org", "auth": auth}}
    with pytest.raises(AccessDenied, match="own token"):
        provider(store(tree), offline=False)
    assert dict(provider(store(tree, "ClusterSecretStore"), offline=False).store.settings)["pod_token"] == "true"
    auth["kubernetes"]["serviceAccountRef"] = {"name": "app"}
    assert dict(provider(store(tree), offline=False).store.settings)["service_account"] == "team/app"


@pytest.mark.parametrize("name", ["aws", "gcpsm", "webhook"])
def test_another_provider_is_refused_by_name(name):
    with pytest.raises(NotBuiltYet, match=name):
        provider(store({name: {}}))


def test_an_unknown_field_of_a_store_is_refused_by_name():
    with pytest.raises(DocumentError, match="maxAge"):
        provider(store({"fake": {"data": []}}, maxAge="1h"))
    with pytest.raises(DocumentError, match="pathh"):
        provider(store({"vault": {"server": "https://v", "pathh": "kv"}}))


ANSWER = json.dumps({
    "data": {
        "user": base64.b64encode(b"app").decode(),
        "raw": base64.b64encode(b"\xff\x00").decode(),
        "cfg.json": base64.b64encode(b'{"db": {"host": "h"}, "n": 1}').decode(),
    },
    "labels": {"app": "x"},
    "annotations": {},
}).encode()  # fmt: skip


def kubernetes():
    return provider(store({"kubernetes": {}}))


@pytest.mark.parametrize(
    ("name", "value"), [("user", b"app"), ("raw", b"\xff\x00"), ("cfg.json.db.host", b"h"), ("cfg.json.n", b"1")]
)
def test_a_property_of_a_secret_is_a_key_first_and_then_a_path(name, value):
    assert kubernetes().value(Remote("s", name), ANSWER) == value


def test_a_whole_secret_is_a_json_object_of_texts_and_its_members_are_bytes():
    whole = json.loads(kubernetes().value(Remote("s"), ANSWER))
    assert whole["user"] == "app"
    assert kubernetes().members(Remote("s"), ANSWER)["raw"] == b"\xff\x00"
    assert kubernetes().members(Remote("s", "cfg.json"), ANSWER)["db"] == b'{"host": "h"}'
    with pytest.raises(BackendError):
        kubernetes().value(Remote("s", "nothing"), ANSWER)


class Broken:
    """A store that has nothing, and one that is away."""

    identity = "broken"

    def fetch(self, locators, deadline):
        return [
            SecretNotFound("gone") if locator.path == "gone" else Fetched(Plaintext('{"a": "1"}'))
            for locator in locators
        ]


def test_a_missing_secret_in_data_is_an_error_for_kubernetes_whatever_the_policy_says():
    tree = store({"kubernetes": {}})
    es = {"apiVersion": API, "kind": "ExternalSecret", "metadata": {"name": "e", "namespace": "team"}}
    remote = {"secretKey": "k", "remoteRef": {"key": "gone"}}
    target = {"deletionPolicy": "Delete"}
    es["spec"] = {"secretStoreRef": {"name": "s"}, "target": target, "data": [remote]}
    given = Given(objects=Objects(tree), fetcher=Fetcher(lambda _: Broken(), Deadline(5)))
    with pytest.raises(BackendError, match="gone"):
        materialize(read(json.dumps(es), path="e.json"), given)
    es["spec"] = {"secretStoreRef": {"name": "s"}, "target": target, "dataFrom": [{"extract": {"key": "gone"}}]}
    made = materialize(read(json.dumps(es), path="e.json"), given)
    assert made.secrets == ()
    assert "dataFrom[0] is left out" in made.notes[0]
