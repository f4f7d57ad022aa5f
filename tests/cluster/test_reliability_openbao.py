"""OpenBao fails under the controller: Secrets stay as they are, conditions say why, and all heals without a restart."""

from __future__ import annotations

import pytest
from apiserver import wait_for
from in_the_end import all_is_right, no_value_is_told
from installed import CANARY, EXTERNAL, Installation, Wanted

OBJECTS, PATHS = 12, 3


@pytest.fixture
def installed(cluster, namespace, fault_proxy, tmp_path):
    made = Installation(cluster, namespace, tmp_path, fault_proxy, kinds=("externalsecrets",))
    yield made
    made.close()


class Store:
    """A SecretStore over the server, and ExternalSecrets of it."""

    def __init__(self, installed, server):
        self.installed, self.server = installed, server
        self.policy = server.policy("secret/data/*")
        self.tokens = []
        auth = {"tokenSecretRef": {"name": "login", "key": "token"}}
        provider = {"vault": {"server": server.address, "path": "secret", "version": "v2", "auth": auth}}
        self.login()
        self._create("SecretStore", "main", {"provider": provider})

    def login(self):
        self.tokens.append(self.server.new_token(self.policy))
        meta = {"name": "login", "namespace": self.installed.namespace}
        data = {"token": self.tokens[-1]}
        self.installed.kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data})

    def put(self, word):
        """A new value under each path; every Secret must get it."""
        for at in range(PATHS):
            self.server.put("secret", f"db{at}", {"k": f"{CANARY}{word}{at}"})
        for number in range(OBJECTS):
            data = {"k": f"{CANARY}{word}{number % PATHS}".encode()}
            wanted = self.installed.wanted.get(f"es{number}")
            if wanted is None:
                spec = {
                    "refreshInterval": "1s",
                    "secretStoreRef": {"name": "main"},
                    "dataFrom": [{"extract": {"key": f"db{number % PATHS}"}}],
                }
                self._create("ExternalSecret", f"es{number}", spec)
                self.installed.wanted[f"es{number}"] = Wanted(data, kind=EXTERNAL)
            else:
                wanted.data, wanted.updates, wanted.since = data, wanted.updates + 1, wanted.since + 1

    def conditions(self):
        """Status and message of each object."""
        found = []
        for obj in self.installed.kube.list(*EXTERNAL, self.installed.namespace):
            (one, *_) = obj.get("status", {}).get("conditions") or [{}]
            found.append((one.get("status"), one.get("message", "")))
        return found

    def all_fail(self, *words):
        """Every condition says so, with one of these words, and every Secret is what it was."""

        def failed():
            return all(status == "False" and any(w in said for w in words) for status, said in self.conditions())

        wait_for(failed, 90, lambda: str(self.conditions()), interval=0.2)
        for name, wanted in self.installed.wanted.items():
            assert self.installed.kube.secret(self.installed.namespace, name) == wanted.data
        no_value_is_told(self.installed, *self.tokens)

    def _create(self, kind, name, spec):
        meta = {"name": name, "namespace": self.installed.namespace}
        self.installed.kube.create({"apiVersion": EXTERNAL[0], "kind": kind, "metadata": meta, "spec": spec})


@pytest.mark.live
@pytest.mark.timeout(400)
def test_openbao_is_sealed_and_restarted_and_revokes_our_token(installed, durable_openbao):
    store = Store(installed, durable_openbao)
    controller = installed.start().ready()
    store.put("first")
    all_is_right(installed)

    durable_openbao.seal()
    store.all_fail("sealed")
    durable_openbao.unseal()
    store.put("unsealed")
    all_is_right(installed, seconds=120, secret_words=store.tokens)

    durable_openbao.stop()
    store.all_fail("cannot be reached", "does not answer", "reach")
    durable_openbao.start()
    store.put("restarted")
    all_is_right(installed, seconds=120, secret_words=store.tokens)

    durable_openbao.ask("POST", "auth/token/revoke", {"token": store.tokens[-1]})
    store.all_fail("denied", "token", "refuse")
    store.login()
    store.put("logged-in")
    all_is_right(installed, seconds=120, secret_words=store.tokens)
    assert controller.lives()
