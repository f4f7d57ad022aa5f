"""An API server in a dictionary: enough of one for the controller's own decisions. The real one is in tests/cluster."""

from __future__ import annotations

import copy
import json
import re

from secrets_gitops.clients.kube.connection import Connection
from secrets_gitops.clients.kube.failures import failure
from secrets_gitops.clients.kube.request import Answer

_PATH = re.compile(r"/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/([^/]+))?/(\w+)(?:/([^/]+))?(/status)?")


class FakeApi:
    """`objects[plural, namespace, name]`; `requests` lists what was asked; `refuse` maps "VERB plural" to a status."""

    connection = Connection("https://fake")

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], dict] = {}
        self.requests: list[str] = []
        self.refuse: dict[str, int] = {}
        self.before: dict[str, object] = {}
        self._version = 0

    def put(self, plural: str, obj: dict) -> dict:
        self._version += 1
        obj = copy.deepcopy(obj)
        obj["metadata"].setdefault("uid", f"uid-{self._version}")
        obj["metadata"]["resourceVersion"] = str(self._version)
        self.objects[plural, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]] = obj
        return copy.deepcopy(obj)

    def call(self, method, path, body=None, *, query=None, **_) -> dict:
        answer = self.raw(method, path, body)
        parsed = self.parsed(answer.body)
        if answer.status >= 300:
            raise failure(answer.status, parsed, {}, secret=False)
        return parsed

    def raw(self, method, path, body=None, **_) -> Answer:
        match = _PATH.fullmatch(path)
        namespace, plural, name, sub = match.groups()
        if plural == "namespaces" or (namespace and not plural):
            return self._answer(200, {"metadata": {"uid": "ns-uid"}})
        self.requests.append(f"{method} {plural}{sub or ''}")
        hook = self.before.pop(f"{method} {plural}", None)
        if hook:
            hook()
        status = self.refuse.get(f"{method} {plural}{sub or ''}")
        if status:
            return self._answer(status, {"message": f"refused with {status}"})
        return self._answer(*self._do(method, plural, namespace or "", name, sub, json.loads(json.dumps(body))))

    def _do(self, method, plural, namespace, name, sub, body):
        if name is None and method == "GET":
            found = [(f"{ns}/{name}", o) for (p, ns, name), o in self.objects.items() if p == plural]
            return 200, {
                "items": [o for place, o in sorted(found) if place.startswith(f"{namespace}/" if namespace else "")]
            }
        if name is None and "name" not in body["metadata"]:
            body["metadata"]["name"] = f"{body['metadata']['generateName']}{self._version:05d}"
        name = name or body["metadata"]["name"]
        known = self.objects.get((plural, namespace, name))
        if method == "POST":
            if known:
                return 409, {"message": "already exists"}
            body["metadata"]["namespace"] = namespace
            return 201, self.put(plural, {"type": "Opaque", **body} if plural == "secrets" else body)
        if known is None:
            return 404, {"message": "not found"}
        if method == "PUT":
            if body["metadata"].get("resourceVersion") != known["metadata"]["resourceVersion"]:
                return 409, {"message": "the object has been modified"}
            return 200, self.put(plural, {**known, "status": body["status"]} if sub else body)
        if method == "DELETE":
            del self.objects[plural, namespace, name]
        return 200, known

    def parsed(self, body):
        return json.loads(body)

    def _answer(self, status, obj) -> Answer:
        return Answer(status, {}, json.dumps(obj).encode())
