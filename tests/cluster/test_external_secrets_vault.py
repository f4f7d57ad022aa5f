"""ExternalSecrets whose store is a real OpenBao, in a real cluster: from what it holds to the Secret."""

from __future__ import annotations

import base64

import pytest
import yaml
from apiserver import wait_for
from at_work import API, ES, RIGHTS, AtWork, condition, wait_ready

from secrets_gitops.controller import manifests

CANARY = "c4nary-7b1e"


@pytest.fixture(autouse=True)
def _kinds(kube):
    for name in ("externalsecrets", "secretstores"):
        kube.apply(yaml.safe_load(manifests.crd(name)))


@pytest.fixture
def controller(user, namespace):
    made = AtWork(user(*RIGHTS), namespace)
    yield made
    made.end()


@pytest.fixture
def store(kube, namespace):
    """A maker: a SecretStore over a mount, which logs in with this token."""

    def make(server, mount, token, name="main", **more):
        login = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"{name}-login", "namespace": namespace}}
        kube.apply({**login, "stringData": {"token": token}})
        auth = {"tokenSecretRef": {"name": f"{name}-login", "key": "token"}}
        spec = {"provider": {"vault": {"server": server.address, "path": mount, "auth": auth, **more}}}
        meta = {"name": name, "namespace": namespace}
        kube.apply({"apiVersion": API, "kind": "SecretStore", "metadata": meta, "spec": spec})

    return make


@pytest.fixture
def want(kube, namespace):
    """A maker: an ExternalSecret with this spec, of the store `main`."""

    def make(name="db", **spec):
        meta = {"name": name, "namespace": namespace}
        spec = {"secretStoreRef": {"name": "main"}, **spec}
        return kube.create({"apiVersion": API, "kind": "ExternalSecret", "metadata": meta, "spec": spec})

    return make


@pytest.fixture
def mount(openbao, store):
    """A mount of KV 2 that the store `main` may read; a path in it is denied."""
    path = openbao.mount()
    name = openbao.policy(f"{path}/data/apps/*", f"{path}/metadata/apps/*", f"{path}/metadata/apps", f"{path}/metadata")
    store(openbao, path, openbao.new_token(name))
    return path


def made(kube, namespace, expected, name="db", seconds=15.0):
    wait_for(
        lambda: kube.secret(namespace, name) == expected,
        seconds,
        lambda: (kube.secret(namespace, name), kube.get(*ES, namespace, name).get("status")),
    )


def test_single_values_by_property_path_version_and_decoding(openbao, kube, namespace, mount, want, controller):
    openbao.put(mount, "apps/db", {"password": "old", "tls": {"cert": "pem"}, "a.b": "literal"})
    openbao.put(mount, "apps/db", {"password": CANARY, "tls": {"cert": "pem"}, "a.b": "literal", "n": 5})
    encoded = base64.b64encode(bytes(range(4))).decode()
    openbao.put(mount, "apps/binary", {"key": encoded})

    def of(name, **remote):
        return {"secretKey": name, "remoteRef": {"key": "apps/db", **remote}}

    want(
        data=[
            of("new", property="password"),
            of("old", property="password", version="1"),
            of("inner", property="tls.cert"),
            of("dotted", property="a.b"),
            of("number", property="n"),
            of("by-mount", key=f"{mount}/apps/db", property="password"),
            of("bytes", key="apps/binary", property="key", decodingStrategy="Base64"),
            of("whole", version="1"),
        ]
    )
    made(
        kube,
        namespace,
        {
            "new": CANARY.encode(), "old": b"old", "inner": b"pem", "dotted": b"literal", "number": b"5",
            "by-mount": CANARY.encode(), "bytes": bytes(range(4)),
            "whole": b'{"a.b":"literal","password":"old","tls":{"cert":"pem"}}',
        },
    )  # fmt: skip
    wait_ready(kube, namespace)
    assert CANARY not in str(kube.get(*ES, namespace, "db")) + str(kube.list("v1", "Event", namespace))


def test_whole_secrets_and_found_ones_with_their_keys_changed(openbao, kube, namespace, mount, want, controller):
    openbao.put(mount, "apps/db", {"user": "app", "pass word": "x"})
    openbao.put(mount, "apps/web", {"cookie": "y"})
    openbao.put(mount, "other", {"never": "seen"})
    want("extracted", dataFrom=[{"extract": {"key": "apps/db"}}])
    want("unicode", dataFrom=[{"extract": {"key": "apps/db", "conversionStrategy": "Unicode"}}])
    renamed = [{"regexp": {"source": "^(u)(.*)$", "target": "${1}-$2"}}, {"regexp": {"source": " ", "target": "."}}]
    want("renamed", dataFrom=[{"extract": {"key": "apps/db"}, "rewrite": renamed}])
    by_name = {"path": "apps", "name": {"regexp": "db$|web$"}}
    want("found", dataFrom=[{"find": by_name}])
    cut = [{"regexp": {"source": "^apps/", "target": ""}}]
    overlaid = [{"find": by_name, "rewrite": cut}, {"extract": {"key": "apps/web"}}]
    want("both", dataFrom=overlaid, data=[{"secretKey": "cookie", "remoteRef": {"key": "apps/db", "property": "user"}}])
    whole = {"db": b'{"pass word":"x","user":"app"}', "web": b'{"cookie":"y"}'}
    made(kube, namespace, {"user": b"app", "pass_word": b"x"}, "extracted")
    made(kube, namespace, {"user": b"app", "pass_U0020_word": b"x"}, "unicode")
    made(kube, namespace, {"u-ser": b"app", "pass.word": b"x"}, "renamed")
    made(kube, namespace, {f"apps_{key}": value for key, value in whole.items()}, "found")
    made(kube, namespace, {**whole, "cookie": b"app"}, "both")


def test_a_mount_of_version_1_is_read_as_one(openbao, kube, namespace, store, want, controller):
    path = openbao.mount(1)
    openbao.ask("POST", f"{path}/db", {"user": "app"})
    store(openbao, path, openbao.new_token(openbao.policy(f"{path}/*")), version="v1")
    want(dataFrom=[{"extract": {"key": "db"}}])
    made(kube, namespace, {"user": b"app"})


def test_a_changed_value_arrives_with_the_refresh_interval(openbao, kube, namespace, mount, want, controller):
    openbao.put(mount, "apps/db", {"user": "before"})
    want(refreshInterval="1s", dataFrom=[{"extract": {"key": "apps/db"}}])
    want("once", refreshPolicy="CreatedOnce", refreshInterval="1s", dataFrom=[{"extract": {"key": "apps/db"}}])
    made(kube, namespace, {"user": b"before"})
    made(kube, namespace, {"user": b"before"}, "once")
    openbao.put(mount, "apps/db", {"user": "after"})
    made(kube, namespace, {"user": b"after"})
    assert kube.secret(namespace, "once") == {"user": b"before"}


@pytest.mark.parametrize("policy", ["Retain", "Delete", "Merge"])
def test_what_openbao_no_longer_has_goes_as_the_policy_says(openbao, kube, namespace, mount, want, controller, policy):
    """A deleted version is as good as none. Retain calls it an error and leaves the Secret as it is."""
    openbao.put(mount, "apps/db", {"user": "app"})
    openbao.put(mount, "apps/web", {"cookie": "y"})
    both = [{"extract": {"key": "apps/db"}}, {"extract": {"key": "apps/web"}}]
    want(refreshInterval="1s", target={"deletionPolicy": policy}, dataFrom=both)
    made(kube, namespace, {"user": b"app", "cookie": b"y"})
    openbao.ask("DELETE", f"{mount}/data/apps/web")
    if policy == "Retain":
        wait_ready(kube, namespace, ("False", "SecretSyncedError"))
    left = {"user": b"app", **({"cookie": b"y"} if policy == "Retain" else {})}
    made(kube, namespace, left)
    openbao.ask("DELETE", f"{mount}/data/apps/db")
    made(kube, namespace, {"Retain": left, "Delete": None, "Merge": {}}[policy])
    wanted = {"Retain": ("False", "SecretSyncedError"), "Delete": ("True", "SecretDeleted")}
    wait_ready(kube, namespace, wanted.get(policy, ("True", "SecretSynced")))
    openbao.put(mount, "apps/db", {"user": "again"})
    openbao.put(mount, "apps/web", {"cookie": "again"})
    made(kube, namespace, {"user": b"again", "cookie": b"again"}, seconds=30.0)


@pytest.mark.parametrize("policy", ["Merge", "CreateOrMerge", "Orphan", "None"])
def test_where_the_secret_is_made_or_only_filled(openbao, kube, namespace, mount, want, controller, policy):
    openbao.put(mount, "apps/db", {"user": "app"})
    want(target={"creationPolicy": policy}, dataFrom=[{"extract": {"key": "apps/db"}}])
    wait_ready(kube, namespace, ("True", "SecretMissing" if policy == "Merge" else "SecretSynced"))
    makes = policy in {"CreateOrMerge", "Orphan"}
    assert kube.secret(namespace, "db") == ({"user": b"app"} if makes else None)


def test_a_missing_and_a_denied_path_are_told_apart(openbao, kube, namespace, mount, want, controller):
    want("missing", dataFrom=[{"extract": {"key": "apps/nothing"}}])
    want("denied", dataFrom=[{"extract": {"key": "private/db"}}])
    for name in ("missing", "denied"):
        wait_ready(kube, namespace, ("False", "SecretSyncedError"), name=name)
    missing, denied = (condition(kube, namespace, name)["message"] for name in ("missing", "denied"))
    for said in (missing, denied):
        assert said.startswith("could not get secret data from provider: ")
    assert "has no secret" in missing and "apps/nothing" in missing
    assert "does not let this login read" in denied and "private/db" in denied
    openbao.put(mount, "apps/nothing", {"user": "app"})
    made(kube, namespace, {"user": b"app"}, "missing", seconds=30.0)


def test_a_sealed_server_is_waited_for_and_named(durable_openbao, kube, namespace, store, want, controller):
    durable_openbao.put("secret", "db", {"user": "app"})
    store(durable_openbao, "secret", durable_openbao.token)
    durable_openbao.seal()
    want(dataFrom=[{"extract": {"key": "db"}}])
    wait_ready(kube, namespace, ("False", "SecretSyncedError"), 40.0)
    assert "sealed" in condition(kube, namespace)["message"]
    durable_openbao.unseal()
    made(kube, namespace, {"user": b"app"}, seconds=40.0)
    wait_ready(kube, namespace)
