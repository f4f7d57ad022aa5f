"""The `kubernetes` provider: Secrets of a namespace, of this cluster or another."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from secrets_gitops.backends.backend import Locator
from secrets_gitops.errors import BackendError, NotBuiltYet
from secrets_gitops.manifests.external_secret import Remote
from secrets_gitops.manifests.known_fields import known
from secrets_gitops.materialize.providers.provider import called, members_of
from secrets_gitops.references.json_values import Json
from secrets_gitops.references.reference import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.manifests.external_secret import Find
    from secrets_gitops.manifests.secret_store import SecretStore
    from secrets_gitops.materialize.providers.credentials import Credentials

_PATH = ("spec", "provider", "kubernetes")


class Kubernetes:
    """One namespace as one identity sees it. An answer is `{"data": …, "labels": …, "annotations": …}`."""

    converts = True

    def __init__(self, store: SecretStore, credentials: Credentials) -> None:
        fields, given = credentials.fields, store.provider
        known(fields, given, {"server", "auth", "authRef", "remoteNamespace"}, "the provider `kubernetes`", *_PATH)
        if given.get("authRef") is not None:
            raise NotBuiltYet(
                "`authRef`, a kubeconfig in a Secret, is not built yet",
                hints=("`auth.token` and `auth.cert` are", "a kubeconfig may start programs; a Secret must not"),
                place=fields.place(*_PATH, "authRef"),
            )
        server = fields.mapping(given.get("server"), *_PATH, "server")
        known(fields, server, {"url", "caBundle", "caProvider"}, "`server`", *_PATH, "server")
        settings = {
            "server": fields.text(server.get("url"), *_PATH, "server", "url"),
            "authorities": credentials.authorities(server.get("caBundle"), server.get("caProvider"), *_PATH, "server"),
            "namespace": fields.text(given.get("remoteNamespace"), *_PATH, "remoteNamespace") or "default",
            **_login(credentials, given.get("auth")),
        }
        self.store = Store("kubernetes", tuple(sorted((name, text) for name, text in settings.items() if text)))

    def locator(self, remote: Remote) -> Locator:
        """The name of the Secret; there are no versions."""
        return Locator(remote.key)

    def value(self, remote: Remote, answer: bytes) -> bytes:
        """One key, else all as a JSON object of texts. A key's own dots come first, then a path into its JSON."""
        if remote.metadata:
            return self._metadata(remote, answer)
        data = _data(answer)
        if not remote.property:
            return _as_json(data)
        if remote.property in data:
            return data[remote.property]
        found = self._inside(remote, data)
        if found is None:
            raise BackendError(f"{called(remote)} does not exist")
        return found.found()

    def members(self, remote: Remote, answer: bytes) -> Mapping[str, bytes]:
        """All keys; with a property the members of its JSON, strings in their quotes, as External Secrets does it."""
        if remote.metadata:
            value = Json.read(self._metadata(remote, answer), "the metadata")
            return {name: one.written() for name, one in members_of(value, remote).items()}
        data = _data(answer)
        if not remote.property:
            return data
        found = Json.read(self.value(remote, answer), f"the value of {called(remote)}")
        return {name: one.raw().encode() for name, one in members_of(found, remote).items()}

    def absent_is_an_error(self, *, extract: bool) -> bool:
        """A missing Secret is told apart for `extract` only."""
        return not extract

    def listing(self, find: Find) -> Locator:
        """The Secrets with these labels."""
        if find.path:
            raise NotBuiltYet("the provider `kubernetes` has no paths to find in: leave out `find.path`")
        selector = ",".join(f"{name}={value}" for name, value in find.tags)
        return Locator.names("", **({"labels": selector} if selector else {}))

    def found(self, find: Find, names: Sequence[str]) -> Sequence[Remote]:
        """Each of them as a whole."""
        return [Remote(name, reading=find.reading) for name in names]

    def _inside(self, remote: Remote, data: Mapping[str, bytes]) -> Json | None:
        for at, char in enumerate(remote.property):
            key, path = remote.property[:at], remote.property[at + 1 :]
            if char == "." and key in data:
                return Json.read(data[key], f"the key `{key}` of `{remote.key}`").at(path)
        return None

    def _metadata(self, remote: Remote, answer: bytes) -> bytes:
        given = json.loads(answer)
        found = {field: given.get(field) or {} for field in ("annotations", "labels")}
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        if not remote.property:
            return text.encode()
        field, _, name = remote.property.partition(".")
        if field not in found or (name and name not in found[field]):
            raise BackendError(f"{called(remote)} does not exist in its metadata")
        value = found[field][name] if name else found[field]
        return (value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))).encode()


def _login(credentials: Credentials, value: object) -> dict[str, str]:
    """How to log in, as settings of the backend; without `auth` as ourselves."""
    fields, path = credentials.fields, (*_PATH, "auth")
    if value is None:
        if not credentials.offline:  # else every tenant could read with the controller's rights
            raise fields.error("the provider `kubernetes` needs `auth`", *_PATH)
        return {"login": "own"}
    given = fields.mapping(value, *path)
    known(fields, given, {"token", "cert", "serviceAccount"}, "`auth`", *path)
    ways = [name for name, one in given.items() if one is not None]
    if len(ways) != 1:
        raise fields.error("`auth` takes exactly one of `token`, `cert` and `serviceAccount`", *path)
    (way,) = ways
    here = (*path, way)
    if way == "serviceAccount":
        account = credentials.account(given[way], *here)
        return {
            "login": "account",
            "account": f"{account.namespace}/{account.name}",
            "audiences": ",".join(account.audiences),
        }
    inner = fields.mapping(given[way], *here)
    if way == "token":
        known(fields, inner, {"bearerToken"}, "`auth.token`", *here)
        return {
            "login": "token",
            "token": credentials.text(inner.get("bearerToken"), *here, "bearerToken", key="token"),
        }
    known(fields, inner, {"clientCert", "clientKey"}, "`auth.cert`", *here)
    certificate = credentials.text(inner.get("clientCert"), *here, "clientCert", key="tls.crt")
    return {
        "login": "certificate",
        "certificate": certificate,
        "key": credentials.text(inner.get("clientKey"), *here, "clientKey", key="tls.key"),
    }


def _data(answer: bytes) -> dict[str, bytes]:
    return {key: base64.b64decode(text) for key, text in json.loads(answer)["data"].items()}


def _as_json(data: Mapping[str, bytes]) -> bytes:
    """As Go writes a map of strings: keys sorted, what is no UTF-8 replaced, `<`, `>`, `&` as escapes."""
    texts = {key: value.decode("utf-8", "replace") for key, value in data.items()}
    plain = json.dumps(texts, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Json.read(plain, "a Secret").marshalled().encode()
