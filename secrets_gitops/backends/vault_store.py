"""The Vault provider of External Secrets as a store: a SecretStore's settings as plain text, remote keys as locators.

Settings (all optional but `address`):

    address, namespace, ca_pem, certificate and key (PEM), headers (a JSON object), retries, retry_wait (seconds)
    mount      the store's `path`
    kv         `1` or `2` (default)
    auth       token, approle, userpass, ldap, kubernetes, jwt, or `environment` for what `VAULT_*` say; absent: no
               token is sent, a proxy on the way adds one
    auth_mount, auth_namespace
    role       of kubernetes and jwt; the role id of approle
    username   of userpass and ldap
    secret     the token, secret id, password or JWT (a `Hidden` text)
    service_account, audiences (JSON list), seconds    NAMESPACE/NAME whose token is asked for at each login instead
    pod_token  `true`: the pod's own token instead

Locators: the path is the remote key. `version` asks for a version, METADATA for what is known about the secret instead
of its values, `Locator.names` for the keys below a path.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from secrets_gitops.backends import vault_settings
from secrets_gitops.backends.backend import Fetched
from secrets_gitops.backends.vault_paths import data_path, metadata_path
from secrets_gitops.backends.vault_reading import at_once, metadata_of, names_of, secret_of, trouble_of
from secrets_gitops.backends.vault_settings import POD_TOKEN, Choice
from secrets_gitops.clients import vault_login
from secrets_gitops.clients.vault import Client
from secrets_gitops.clients.vault_environment import VAULT, from_file
from secrets_gitops.clients.vault_login import Credential
from secrets_gitops.clients.vault_server import Server, address_of
from secrets_gitops.errors import AccessDenied, BadReference, SecretNotFound, SettingsError
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.backends.backend import Locator, Surroundings
    from secrets_gitops.clients.vault_login import Login
    from secrets_gitops.clients.vault_transport import Answer
    from secrets_gitops.deadline import Deadline
    from secrets_gitops.errors import Error

METADATA = "\0metadata"
"""The parameter that asks for custom metadata and times, all as text in a JSON object; KV 2 only."""
MAX_NAMES = 20_000
"""A search that finds more is refused: each name is a request."""


class VaultStore:
    """One SecretStore. Paths are built as that provider builds them, whatever the server's mounts are."""

    def __init__(self, client: Client, mount: str | None, version: int) -> None:
        self._client = client
        self._mount = mount
        self._version = version
        self.identity = f"vault-store {client.identity} mount {mount} kv {version}"

    def fetch(self, locators: Sequence[Locator], deadline: Deadline) -> Sequence[Fetched | Error]:
        """The secret of each key as JSON. Raises Unavailable when the server is not there."""
        answers = at_once(dict.fromkeys(locators), lambda locator: self._one(locator, deadline))
        return [answers[locator] for locator in locators]

    def _one(self, locator: Locator, deadline: Deadline) -> Fetched:
        if locator.asks_names:
            return Fetched(Plaintext(json.dumps(self._names(locator.path.strip("/"), deadline))))
        key = locator.path.lstrip("/")
        if trouble := trouble_of(key):
            raise BadReference(f"a remote key {trouble}")
        if locator.parameter(METADATA) is not None:
            return self._metadata(key, deadline)
        version = locator.parameter("version")
        query = {"version": version} if version and self._version == 2 else {}
        answer = self._client.read(data_path(self._mount, self._version, key), deadline, query)
        self._refuse(answer, key)
        secret = secret_of(answer, self._version, self._client.name)
        which = f"version {version} of `{key}`" if version else f"`{key}`"
        if secret is None:
            raise SecretNotFound(f"{self._client.name} has no {'secret ' if not version else ''}{which}")
        if secret.text is None:
            raise SecretNotFound(f"{which} on {self._client.name} was {'destroyed' if secret.destroyed else 'deleted'}")
        return Fetched(Plaintext(secret.text), secret.version, metadata={"format": "json"})

    def _metadata(self, key: str, deadline: Deadline) -> Fetched:
        if self._version == 1:
            raise BadReference("a KV store of version 1 keeps no metadata")
        answer = self._client.read(metadata_path(self._mount, self._version, key), deadline)
        self._refuse(answer, key)
        known = metadata_of(answer)
        if known is None:
            raise SecretNotFound(f"{self._client.name} has no secret `{key}`")
        return Fetched(Plaintext(json.dumps(known)), metadata={"format": "json"})

    def _names(self, path: str, deadline: Deadline) -> list[str]:
        """Every key below `path`, folders walked, as keys that `fetch` takes."""
        if path and (trouble := trouble_of(path)):
            raise BadReference(f"the path of a search {trouble}")
        found: list[str] = []
        folders = [path]
        while folders:
            walked = at_once(folders, lambda folder: self._listed(folder, deadline))
            folders = []
            for folder, names in walked.items():
                if not isinstance(names, list):
                    raise names
                keys = [f"{folder}/{name}" if folder else name for name in names]
                folders += [key.rstrip("/") for key in keys if key.endswith("/")]
                found += [key for key in keys if not key.endswith("/")]
            if len(found) + len(folders) > MAX_NAMES:
                raise BadReference(f"more than {MAX_NAMES} secrets lie below `{path}`", hints=("search a longer path",))
        return sorted(found)

    def _listed(self, folder: str, deadline: Deadline) -> list[str]:
        answer = self._client.list(metadata_path(self._mount, self._version, folder), deadline)
        self._refuse(answer, f"{folder}/")
        return [name for name in names_of(answer) if not trouble_of(name.rstrip("/"))]

    def _refuse(self, answer: Answer, key: str) -> None:
        if answer.status == 403:
            raise AccessDenied(
                f"{self._client.name} does not let this login read `{key}`",
                hints=("its policy must allow the path, or there is no such path",),
            )
        if answer.says("no handler for route"):
            raise SecretNotFound(f"{self._client.name} has no secrets engine where `{key}` is looked for")


def connect(settings: Mapping[str, str], surroundings: Surroundings) -> VaultStore:
    """Open the store that `settings` describe. Makes no request. Raises SettingsError."""
    login: Login | None
    try:
        server = Server(address_of(settings.get("address", "")), settings.get("namespace") or None)
        if settings.get("auth") == "environment":
            named = {name: settings[name] for name in ("address", "namespace") if name in settings}
            ours = Choice(named, surroundings, VAULT)
            server, login = ours.server(), ours.login()
        else:
            login = _login(settings, surroundings)
        server = _adjusted(server, settings)
    except (ValueError, AttributeError):
        raise SettingsError("the settings of a Vault store hold a number or headers that cannot be read") from None
    mount = (settings.get("mount") or "").strip("/")
    return VaultStore(Client(server, login), mount or None, 1 if settings.get("kv") == "1" else 2)


def _adjusted(server: Server, settings: Mapping[str, str]) -> Server:
    certificate, key, authorities = (settings.get(name) for name in ("certificate", "key", "ca_pem"))
    if authorities:
        server = replace(server, ca_pem=authorities, ca_file=None, ca_folder=None)
    if certificate and key:
        server = replace(server, client_certificate=(certificate.encode(), Plaintext(key)))
    return replace(
        server,
        headers={str(name): str(value) for name, value in json.loads(settings.get("headers") or "{}").items()},
        retries=int(settings.get("retries") or server.retries),
        retry_wait=float(settings.get("retry_wait") or server.retry_wait),
    )


def _login(settings: Mapping[str, str], surroundings: Surroundings) -> Login | None:
    method = settings.get("auth")
    if method is None:
        return None
    if method == "environment":
        return vault_settings.Choice({"address": settings["address"]}, surroundings, VAULT).login()
    mount, namespace = settings.get("auth_mount") or method, settings.get("auth_namespace") or None
    if method == "token":
        return vault_login.token(_credential(settings, surroundings))
    if method == "approle":
        secret = _credential(settings, surroundings) if "secret" in settings else None
        return vault_login.approle(settings.get("role", "").strip(), secret, mount=mount, namespace=namespace)
    if method in {"userpass", "ldap"}:
        secret = _credential(settings, surroundings)
        return vault_login.userpass(settings.get("username", ""), secret, mount=mount, namespace=namespace)
    if method in {"kubernetes", "jwt"}:
        secret = _credential(settings, surroundings)
        return vault_login.kubernetes(settings.get("role", ""), secret, mount=mount, namespace=namespace)
    raise SettingsError(f"the Vault login `{method}` is not built")


def _credential(settings: Mapping[str, str], surroundings: Surroundings) -> Credential:
    if (secret := settings.get("secret")) is not None:
        return vault_login.fixed(Plaintext(secret), "the store's credentials")
    if account := settings.get("service_account"):
        ask = surroundings.service_account_token
        if ask is None:
            raise SettingsError(
                f"the Vault store logs in as the service account `{account}`, which only a cluster can make a token for"
            )
        namespace, _, name = account.partition("/")
        audiences = tuple(json.loads(settings.get("audiences") or "[]"))
        seconds = int(settings.get("seconds") or 600)
        return Credential(
            f"the service account `{account}`",
            f"service account {account} {audiences}",
            lambda deadline: ask(namespace, name, audiences, seconds, deadline),
        )
    if settings.get("pod_token") == "true":
        return from_file(POD_TOKEN)
    raise SettingsError("the Vault store names a login, but no credentials for it")
