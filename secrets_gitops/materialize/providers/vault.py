"""The `vault` provider: a KV secrets engine of Vault or OpenBao."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from secrets_gitops.backends.backend import Locator
from secrets_gitops.backends.vault_store import METADATA
from secrets_gitops.errors import BackendError, NotBuiltYet
from secrets_gitops.manifests.external_secret import Remote
from secrets_gitops.manifests.known_fields import choice, known, required
from secrets_gitops.materialize.providers.provider import called, members_of
from secrets_gitops.materialize.providers.vault_login import login_of
from secrets_gitops.references.json_values import Json
from secrets_gitops.references.reference import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.manifests.external_secret import Find
    from secrets_gitops.manifests.secret_store import SecretStore
    from secrets_gitops.materialize.providers.credentials import Credentials

_PATH = ("spec", "provider", "vault")
_FIELDS = frozenset((
    "server", "path", "version", "namespace", "caBundle", "caProvider", "tls", "readYourWrites", "forwardInconsistent",
    "headers", "checkAndSet", "auth",
))  # fmt: skip


class Vault:
    """One mount as one login sees it. An answer is the secret's JSON object as the server wrote it."""

    converts = False

    def __init__(self, store: SecretStore, credentials: Credentials) -> None:
        fields, given = credentials.fields, store.provider
        known(fields, given, _FIELDS, "the provider `vault`", *_PATH)
        version = choice(fields, given.get("version"), ("", "v1", "v2"), *_PATH, "version")
        headers = fields.texts(given.get("headers"), *_PATH, "headers")
        if fields.flag(given.get("forwardInconsistent"), *_PATH, "forwardInconsistent"):
            headers["X-Vault-Inconsistent"] = "forward-active-node"
        settings = {
            "address": required(fields, given.get("server"), *_PATH, "server"),
            "mount": fields.text(given.get("path"), *_PATH, "path"),
            "kv": "1" if version == "v1" else "2",
            "namespace": fields.text(given.get("namespace"), *_PATH, "namespace"),
            "ca_pem": credentials.authorities(given.get("caBundle"), given.get("caProvider"), *_PATH),
            "headers": json.dumps(headers, sort_keys=True) if headers else "",
            **_retries(store),
            **_tls(credentials, given.get("tls")),
            **login_of(credentials, given.get("auth")),
        }
        self._tells_metadata = version != "v1"
        self.store = Store("vault-store", tuple(sorted((name, text) for name, text in settings.items() if text)))

    def locator(self, remote: Remote) -> Locator:
        """The key, which the backend puts below the mount."""
        parameters = {"version": remote.version} if remote.version else {}
        if remote.metadata:
            parameters[METADATA] = "all"
        return Locator(remote.key, tuple(sorted(parameters.items())))

    def value(self, remote: Remote, answer: bytes) -> bytes:
        """All of it as JSON; with a property the member of that name, else what is found under it as a path."""
        whole = Json.read(answer, f"the secret `{remote.key}`")
        if not remote.property:
            return whole.marshalled(keep_numbers=True).encode()
        member = whole.child(remote.property)
        if member is not None:
            return member.typed(keep_numbers=True)
        found = whole.at(remote.property)
        if found is None:
            raise BackendError(f"{called(remote)} does not exist")
        # A path is looked up in the text that Go makes of the secret, so that its objects come out in that spelling.
        return found.found() if found.is_scalar else found.marshalled(keep_numbers=True).encode()

    def members(self, remote: Remote, answer: bytes) -> Mapping[str, bytes]:
        """Each member as Go makes text of it: numbers through a float."""
        value = Json.read(self.value(remote, answer), f"the value of {called(remote)}")
        return {name: one.typed() for name, one in members_of(value, remote).items()}

    def absent_is_an_error(self, *, extract: bool) -> bool:  # noqa: ARG002
        """It is told apart everywhere."""
        return False

    def listing(self, find: Find) -> Locator:
        """All keys below the path."""
        if find.name is None:
            raise NotBuiltYet("`find.tags` of the provider `vault` is not built yet", hints=("`find.name` is",))
        return Locator.names(find.path)

    def found(self, find: Find, names: Sequence[str]) -> Sequence[Remote]:
        """Each of them as a whole."""
        return [Remote(name, reading=find.reading) for name in names]


def _retries(store: SecretStore) -> dict[str, str]:
    if store.retries is None:
        return {}
    wait = {} if store.retries.wait is None else {"retry_wait": str(store.retries.wait)}
    return {"retries": str(store.retries.most or 0), **wait}


def _tls(credentials: Credentials, value: object) -> dict[str, str]:
    """The client certificate, which needs its key."""
    fields, path = credentials.fields, (*_PATH, "tls")
    given = fields.mapping(value, *path)
    known(fields, given, {"certSecretRef", "keySecretRef"}, "`tls`", *path)
    named = [name for name in ("certSecretRef", "keySecretRef") if given.get(name) is not None]
    if len(named) == 1:
        raise fields.error("`tls` needs both `certSecretRef` and `keySecretRef`, or neither", *path)
    if not named:
        return {}
    return {
        "certificate": credentials.text(given["certSecretRef"], *path, "certSecretRef", key="tls.crt"),
        "key": credentials.text(given["keySecretRef"], *path, "keySecretRef", key="tls.key"),
    }
