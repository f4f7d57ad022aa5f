"""Tokens of service accounts, asked for at the API server as ourselves (TokenRequest)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.resources import SERVICE_ACCOUNTS, path
from secrets_gitops.errors import AccessDenied, Forbidden, ObjectNotFound, SettingsError
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.deadline import Deadline


class TokenRequests:
    """Callable as `Surroundings.service_account_token`; connects with the first request."""

    def __init__(self, api: Callable[[], Api]) -> None:
        self._api = api

    def __call__(
        self, namespace: str, name: str, audiences: Sequence[str], seconds: int, deadline: Deadline
    ) -> Plaintext:
        """A token that lives for about `seconds`. Raises AccessDenied, or SettingsError: there is no such account."""
        spec: dict[str, object] = {"expirationSeconds": seconds}
        if audiences:
            spec["audiences"] = list(audiences)
        where = path(SERVICE_ACCOUNTS, namespace, name, "token")
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        try:
            answer = self._api().call("POST", where, body, deadline=deadline)
        except Forbidden as error:
            raise AccessDenied(
                f"no token may be made for the service account `{namespace}/{name}`: {error.message}",
                hints=("a role must allow `create` on `serviceaccounts/token`",),
            ) from None
        except ObjectNotFound:
            raise SettingsError(f"there is no service account `{namespace}/{name}`") from None
        status = answer.get("status")
        token = status.get("token") if isinstance(status, dict) else None
        if not isinstance(token, str) or not token:
            raise AccessDenied(f"the API server gave no token for the service account `{namespace}/{name}`")
        return Plaintext(token)
