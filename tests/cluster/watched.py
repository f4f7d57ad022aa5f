"""What tests of the reflector share: the rights it needs, a handler that remembers, objects to watch."""

from __future__ import annotations

import threading

from apiserver import wait_for

from secrets_gitops.clients.kube.objects import key_of

READ = ("", "secrets configmaps", "list watch")


class Seen:
    """A handler that writes down what it is told."""

    def __init__(self):
        self.events = []
        self.objects = {}
        self.synced = threading.Event()

    def on_changed(self, obj):
        self.events.append(("changed", key_of(obj).name))
        self.objects[key_of(obj).name] = obj

    def on_deleted(self, key, known):
        self.events.append(("deleted", key.name))
        self.objects.pop(key.name, None)

    def on_synced(self):
        self.events.append(("synced", ""))
        self.synced.set()

    def names(self, what):
        return [name for kind, name in self.events if kind == what]


def config_map(namespace, name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def until(condition, seconds=15):
    wait_for(condition, seconds, "it did not happen")
