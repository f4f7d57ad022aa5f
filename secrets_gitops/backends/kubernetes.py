"""Secrets of a namespace as a store: the `kubernetes` provider of External Secrets, of this cluster or another.

An answer is `{"data": {key: base64}, "labels": …, "annotations": …}`.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from secrets_gitops.backends.backend import Fetched
from secrets_gitops.clients.kube.connection import Connection, choose
from secrets_gitops.clients.kube.request import Api
from secrets_gitops.clients.kube.resources import SECRETS, path
from secrets_gitops.clients.vault_login import hashed
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, Error, Forbidden, ObjectNotFound, SecretNotFound, SettingsError
from secrets_gitops.plaintext import Plaintext
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from secrets_gitops.backends.backend import Locator, Surroundings

_IN_CLUSTER = frozenset(("", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"))
_TOKEN_LIFE = 3600
"""Seconds that a token is asked for; it is asked for anew when a fifth of that is left."""
_PATIENCE = 30.0
"""Seconds to wait for one."""
_PAGE = "500"
_LIST_FROM = 20
"""Secrets in one batch from which on the whole namespace is listed instead."""


class Kubernetes:
    """The Secrets of one namespace, as one identity may read them."""

    def __init__(self, connect: Callable[[], Api], namespace: str, identity: str) -> None:
        """`connect` is called with the first request, and makes none itself."""
        self._connect = connect
        self._namespace = namespace
        self._lock = threading.Lock()
        self._api: Api | None = None
        self.identity = f"kubernetes {identity} {namespace}"

    def fetch(self, locators: Sequence[Locator], deadline: Deadline) -> Sequence[Fetched | Error]:
        """One request for each Secret; of many, the whole namespace where we may list it."""
        names = dict.fromkeys(locator.path for locator in locators if not locator.asks_names)
        listed = self._all(deadline, "") if len(names) >= _LIST_FROM else None
        answers: dict[str, Fetched | Error] = {}
        for name in names:
            try:
                answers[name] = (
                    self._one(name, deadline) if listed is None else _of(listed.get(name), name, self._where)
                )
            except Error as error:
                answers[name] = error
        return [self._names(each, deadline) if each.asks_names else answers[each.path] for each in locators]

    def _one(self, name: str, deadline: Deadline) -> Fetched | Error:
        try:
            found = self._connected().call("GET", path(SECRETS, self._namespace, name), deadline=deadline)
        except ObjectNotFound:
            return _of(None, name, self._where)
        except Forbidden as error:
            return AccessDenied(f"the Secret `{printable(name)}` {self._where} may not be read: {error.message}")
        return _of(found, name, self._where)

    def _names(self, locator: Locator, deadline: Deadline) -> Fetched | Error:
        try:
            listed = self._all(deadline, locator.parameter("labels") or "")
        except Error as error:
            return error
        if listed is None:
            return AccessDenied(f"the Secrets {self._where} may not be listed, which `find` needs")
        return Fetched(Plaintext(json.dumps(sorted(listed))))

    def _all(self, deadline: Deadline, labels: str) -> dict[str, Mapping[str, object]] | None:
        """Every Secret by name; None where we may not list them."""
        out: dict[str, Mapping[str, object]] = {}
        query = {"limit": _PAGE, **({"labelSelector": labels} if labels else {})}
        while True:
            try:
                page = self._connected().call("GET", path(SECRETS, self._namespace), query=query, deadline=deadline)
            except Forbidden:
                return None
            items = page.get("items")
            for item in items if isinstance(items, list) else ():
                out[str(item["metadata"]["name"])] = item
            metadata = page.get("metadata")
            more = metadata.get("continue") if isinstance(metadata, dict) else None
            if not more:
                return out
            query = {**query, "continue": str(more)}

    def _connected(self) -> Api:
        with self._lock:
            if self._api is None:
                self._api = self._connect()
            return self._api

    @property
    def _where(self) -> str:
        return f"of namespace `{printable(self._namespace)}`"


def _of(found: Mapping[str, object] | None, name: str, where: str) -> Fetched | Error:
    if found is None:
        return SecretNotFound(f"there is no Secret `{printable(name)}` {where}")
    given = found.get("metadata")
    metadata = given if isinstance(given, dict) else {}
    answer = {
        "data": found.get("data") or {},
        "labels": metadata.get("labels") or {},
        "annotations": metadata.get("annotations") or {},
    }
    version = metadata.get("resourceVersion")
    return Fetched(Plaintext(json.dumps(answer)), version=None if version is None else str(version))


class AccountToken:
    """The token of a service account, asked for at our API server, and again before it ends."""

    def __init__(
        self,
        ask: Callable[..., Plaintext],
        account: str,
        audiences: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`account`: namespace, a slash, name. `ask`: see `Surroundings.service_account_token`."""
        self._ask = ask
        self._namespace, _, self._name = account.partition("/")
        self._audiences = tuple(audiences)
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        """The token now. Raises AccessDenied when we may not ask for it."""
        with self._lock:
            if self._clock() >= self._until:
                fresh = self._ask(self._namespace, self._name, self._audiences, _TOKEN_LIFE, Deadline(_PATIENCE))
                self._token, self._until = fresh.reveal().decode(), self._clock() + _TOKEN_LIFE * 0.8
            return self._token


def connect(settings: Mapping[str, str], surroundings: Surroundings) -> Kubernetes:
    """The namespace that `settings` name, reached with their login. Makes no request.

    A server that is not named, or only by its name inside a cluster, is our own: the pod's, or that of a kubeconfig.
    """
    login = settings.get("login", "own")
    host = urlsplit(settings.get("server", "")).hostname or ""
    is_ours = host in _IN_CLUSTER

    def api() -> Api:
        base = own_connection(surroundings) if is_ours else None
        if base is not None and login == "own":
            return Api(base)
        if login == "own":
            raise SettingsError("a `kubernetes` store with a server of its own needs `auth`")
        return Api(_logged_in(settings, base, surroundings))

    secret = settings.get("token") or settings.get("key") or ""
    who = f"{login} {settings.get('account', '')} {settings.get('audiences', '')} {hashed(secret) if secret else ''}"
    server = "ours" if is_ours else f"{settings['server']} {hashed(settings.get('authorities', ''))}"
    return Kubernetes(api, settings["namespace"], f"{server} {who}")


def own_connection(surroundings: Surroundings) -> Connection:
    """The API server that this process may use as itself. Raises SettingsError when there is none."""
    try:
        return choose(surroundings.environ)
    except SettingsError as error:
        raise SettingsError(
            f"a store needs an API server: {error.message}",
            hints=(*error.hints, "outside a cluster a kubeconfig says where it is: `KUBECONFIG`"),
        ) from None


def _logged_in(settings: Mapping[str, str], base: Connection | None, surroundings: Surroundings) -> Connection:
    """The connection with the login of the settings, to their server or to ours."""
    authorities = settings.get("authorities") or (base.ca_pem if base is not None else None)
    server = base.server if base is not None else settings["server"].rstrip("/")
    authorize: Callable[[], str | None] = lambda: None  # noqa: E731
    certificate = None
    if settings["login"] == "token":
        header = f"Bearer {settings['token'].strip()}"
        authorize = lambda: header  # noqa: E731
    elif settings["login"] == "account":
        audiences = [each for each in settings.get("audiences", "").split(",") if each]
        ask = surroundings.service_account_token
        if ask is None:
            raise SettingsError(
                f"the store logs in as the service account `{settings['account']}`, "
                "and only a cluster can make a token for it"
            )
        token = AccountToken(ask, settings["account"], audiences)
        authorize = lambda: f"Bearer {token()}"  # noqa: E731
    else:
        certificate = (settings["certificate"].encode(), settings["key"].encode())
    return Connection(
        server,
        authorize,
        ca_file=base.ca_file if base is not None and not settings.get("authorities") else None,
        ca_pem=authorities,
        client_pem=certificate,
        server_name=base.server_name if base is not None else None,
        verify=base.verify if base is not None else True,
        proxy=base.proxy if base is not None else None,
    )
