"""`auth` of the `vault` provider as settings of the backend; of several blocks the first in their order counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from secrets_gitops.errors import AccessDenied, NotBuiltYet
from secrets_gitops.manifests.known_fields import known, required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.materialize.providers.credentials import Credentials

_PATH = ("spec", "provider", "vault", "auth")
_ORDER = ("tokenSecretRef", "appRole", "kubernetes", "ldap", "userPass", "jwt", "cert", "iam", "gcp")


def login_of(credentials: Credentials, value: object) -> dict[str, str]:
    """The settings `auth`, `secret` and the like. Raises NotBuiltYet for a method that this version has not.

    Without `auth` no token is sent, for a proxy may add one; offline, the environment says how to log in.
    """
    fields = credentials.fields
    if value is None:
        return {"auth": "environment"} if credentials.offline else {}
    given = fields.mapping(value, *_PATH)
    known(fields, given, {*_ORDER, "namespace"}, "`auth`", *_PATH)
    method = next((name for name in _ORDER if given.get(name) is not None), None)
    if method is None:
        raise fields.error("`auth` names no way to log in", *_PATH)
    namespace = fields.text(given.get("namespace"), *_PATH, "namespace")
    if method == "tokenSecretRef":
        return {"auth": "token", "secret": credentials.text(given[method], *_PATH, method)}
    path = (*_PATH, method)
    block = fields.mapping(given[method], *path)
    if method == "appRole":
        login = _approle(credentials, block, *path)
    elif method in {"ldap", "userPass"}:
        login = _password(credentials, block, *path)
    elif method == "kubernetes":
        login = _kubernetes(credentials, block, *path)
    elif method == "jwt":
        login = _jwt(credentials, block, *path)
    else:
        raise NotBuiltYet(f"the Vault login `{method}` is not built yet", place=fields.place(*path))
    return {**login, "auth_namespace": namespace}


def _approle(credentials: Credentials, block: Mapping[str, object], *path: str | int) -> dict[str, str]:
    fields = credentials.fields
    known(fields, block, {"path", "roleId", "roleRef", "secretRef"}, "`appRole`", *path)
    role = fields.text(block.get("roleId"), *path, "roleId")
    if not role and block.get("roleRef") is None:
        raise fields.error("`appRole` has neither `roleId` nor `roleRef`", *path)
    return {
        "auth": "approle",
        "auth_mount": fields.text(block.get("path"), *path, "path") or "approle",
        "role": role or credentials.text(block["roleRef"], *path, "roleRef"),
        "secret": credentials.text(block.get("secretRef"), *path, "secretRef"),
    }


def _password(credentials: Credentials, block: Mapping[str, object], *path: str | int) -> dict[str, str]:
    fields, method = credentials.fields, str(path[-1]).lower()
    known(fields, block, {"path", "username", "secretRef"}, f"`{path[-1]}`", *path)
    return {
        "auth": method,
        "auth_mount": fields.text(block.get("path"), *path, "path") or method,
        "username": required(fields, block.get("username"), *path, "username").strip(),
        "secret": credentials.text(block.get("secretRef"), *path, "secretRef"),
    }


def _kubernetes(credentials: Credentials, block: Mapping[str, object], *path: str | int) -> dict[str, str]:
    fields = credentials.fields
    known(fields, block, {"mountPath", "role", "serviceAccountRef", "secretRef"}, "`kubernetes`", *path)
    login = {
        "auth": "kubernetes",
        "auth_mount": fields.text(block.get("mountPath"), *path, "mountPath") or "kubernetes",
        "role": required(fields, block.get("role"), *path, "role").strip(),
    }
    if block.get("serviceAccountRef") is not None:
        account = credentials.account(block["serviceAccountRef"], *path, "serviceAccountRef")
        return {**login, **_account(account.namespace, account.name, account.audiences, 600)}
    if block.get("secretRef") is not None:
        return {**login, "secret": credentials.text(block["secretRef"], *path, "secretRef", key="token")}
    if not (credentials.offline or credentials.store.is_cluster_wide):
        raise AccessDenied(
            "a SecretStore would have the controller's own token sent to the server that it names",
            hints=("name an account of the namespace: `serviceAccountRef`", "a ClusterSecretStore may do so"),
            place=fields.place(*path),
        )
    return {**login, "pod_token": "true"}


def _jwt(credentials: Credentials, block: Mapping[str, object], *path: str | int) -> dict[str, str]:
    fields = credentials.fields
    known(fields, block, {"path", "role", "secretRef", "kubernetesServiceAccountToken"}, "`jwt`", *path)
    login = {
        "auth": "jwt",
        "auth_mount": fields.text(block.get("path"), *path, "path") or "jwt",
        "role": fields.text(block.get("role"), *path, "role").strip(),
    }
    if block.get("secretRef") is not None:
        return {**login, "secret": credentials.text(block["secretRef"], *path, "secretRef", key="jwt")}
    here = (*path, "kubernetesServiceAccountToken")
    token = fields.mapping(block.get("kubernetesServiceAccountToken"), *here)
    known(fields, token, {"serviceAccountRef", "audiences", "expirationSeconds"}, "the token of `jwt`", *here)
    if token.get("serviceAccountRef") is None:
        raise fields.error("`jwt` has neither `secretRef` nor a service account", *path)
    account = credentials.account(token["serviceAccountRef"], *here, "serviceAccountRef")
    stated = enumerate(fields.items(token.get("audiences"), *here, "audiences"))
    audiences = [fields.text(one, *here, "audiences", at) for at, one in stated] or ["vault"]
    seconds = token.get("expirationSeconds")
    if seconds is not None and type(seconds) is not int:
        raise fields.error("`expirationSeconds` is a number", *here, "expirationSeconds")
    return {**login, **_account(account.namespace, account.name, (*audiences, *account.audiences), seconds or 600)}


def _account(namespace: str, name: str, audiences: tuple[str, ...], seconds: int) -> dict[str, str]:
    return {
        "service_account": f"{namespace}/{name}",
        "audiences": json.dumps(audiences) if audiences else "",
        "seconds": str(seconds),
    }
