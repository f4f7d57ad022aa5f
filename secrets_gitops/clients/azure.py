"""Azure Key Vault through Azure's own libraries: their login, one request for each operation, what a failure means.

azure-identity reads the process's own environment and the login of `az`; it is imported when Azure is first asked.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from secrets_gitops.clients.per_environment import PerEnvironment
from secrets_gitops.clients.refusal import Refusal
from secrets_gitops.clients.retrying import retrying
from secrets_gitops.errors import AccessDenied, BackendError, SecretNotFound, SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.deadline import Deadline

_CONNECT, _READ = 10.0, 30.0
_WHO = "`az account show` tells who you are"


class AzureError(BackendError):
    """The service refused for a reason of its own; `reason` is the code that it gave, such as `BadParameter`."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class _Login:
    """The default chain of Azure's libraries; the first thread to ask logs in for all."""

    def __init__(self, authorities: bool | str) -> None:
        self._lock = threading.Lock()
        self._authorities = authorities
        self._credential: Any = None
        self._refusal = Refusal()

    def get_token(self, *scopes: str, **options: Any) -> Any:  # noqa: ANN401  the libraries' own protocol
        """A token, from the cache of the credential where it has one."""
        from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415
        from azure.identity import CredentialUnavailableError, DefaultAzureCredential  # noqa: PLC0415

        with self._lock:
            self._refusal.check()
            if self._credential is None:
                self._credential = DefaultAzureCredential(connection_verify=self._authorities)
            try:
                return self._credential.get_token(*scopes, **options)
            except (CredentialUnavailableError, ClientAuthenticationError) as error:  # its text holds tenants
                self._credential = None
                # Where no way to log in is there at all, the chain of the libraries says it with this class, too.
                missing = isinstance(error, CredentialUnavailableError) or "DefaultAzureCredential failed" in str(error)
                message = "no Azure login is at hand" if missing else "Azure does not accept the login at hand"
                raise self._refusal.keep(AccessDenied(message, hints=("log in: `az login`",))) from None


class Azure:
    """The key vaults that the login of one environment may use. Safe to use from several threads."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        for name in ("azure", "msal"):  # they log every failed way to log in, and we say it in one line
            logging.getLogger(name).addHandler(logging.NullHandler())
        self._authorities = environ.get("SSL_CERT_FILE") or environ.get("REQUESTS_CA_BUNDLE") or True
        self._login = _Login(self._authorities)
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def ask(
        self, vault: str, method: str, path: str, body: Mapping[str, object] | None, what: str, deadline: Deadline
    ) -> Mapping[str, Any]:
        """The JSON that a key vault answers about `what`, tried again while that may help.

        `vault` is `https://HOST`. Raises AccessDenied, SecretNotFound, AzureError, and Unavailable where Azure is away
        or asks for fewer requests.
        """

        def once() -> Mapping[str, Any]:
            return self._once(vault, method, path, body, what, deadline)

        return retrying(once, deadline, f"asking Azure about {what}")

    def _once(
        self, vault: str, method: str, path: str, body: Mapping[str, object] | None, what: str, deadline: Deadline
    ) -> Mapping[str, Any]:
        from azure.core import exceptions as trouble  # noqa: PLC0415
        from azure.core.rest import HttpRequest  # noqa: PLC0415

        try:
            answer = self._client(vault).send_request(
                HttpRequest(method, f"{vault}/{path}", json=None if body is None else dict(body)),
                connection_timeout=deadline.at_most(_CONNECT),
                read_timeout=deadline.at_most(_READ),
            )
        except (trouble.ServiceRequestError, trouble.ServiceResponseError) as error:
            raise _unreachable(vault, error) from None
        except trouble.AzureError as error:
            raise BackendError(f"`{vault}` cannot be asked: {type(error).__name__}") from None
        except ValueError:
            raise BackendError(
                f"`{vault}` asks for a login of another service", hints=("is that the address of your key vault?",)
            ) from None
        tree = _object(answer)
        if answer.status_code == 200 and tree is not None:
            return tree
        raise _refusal(answer.status_code, tree or {}, answer.headers.get("Retry-After"), what, vault)

    def _client(self, vault: str) -> Any:  # noqa: ANN401  imported late
        from azure.keyvault.keys import KeyClient  # noqa: PLC0415

        with self._lock:
            if vault not in self._clients:
                self._clients[vault] = KeyClient(
                    vault,
                    self._login,
                    retry_total=0,  # we try again ourselves, within the deadline
                    connection_verify=self._authorities,
                )
            return self._clients[vault]


def azure(environ: Mapping[str, str]) -> Azure:
    """The one of this environment. Raises SettingsError where Azure's libraries are not installed."""
    try:
        import azure.identity  # noqa: PLC0415
        import azure.keyvault.keys  # noqa: F401, PLC0415
    except ImportError:
        raise SettingsError(
            "Azure needs the Python packages azure-identity and azure-keyvault-keys, which are not installed",
            hints=("pip install 'secrets-gitops[azure]'",),
        ) from None
    return _of_environment(environ)


_of_environment = PerEnvironment(Azure, ("AZURE_", "IDENTITY_", "MSI_", "REQUESTS_CA_BUNDLE", "KUBERNETES_"))


def _object(answer: Any) -> Mapping[str, Any] | None:  # noqa: ANN401  imported late
    try:
        tree = answer.json()
    except (ValueError, RecursionError, UnicodeDecodeError):
        return None
    return tree if isinstance(tree, dict) else None


def _unreachable(vault: str, error: Exception) -> BackendError:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return BackendError(
            f"cannot trust the certificate of `{vault}`",
            hints=("name your own authority's certificates with the variable SSL_CERT_FILE",),
        )
    reason = "no answer in time" if "timed out" in text else "no connection"
    return Unavailable(f"cannot reach `{vault}`: {reason}", hints=("is the name of the key vault right?",))


def _refusal(status: int, tree: Mapping[str, Any], after: str | None, what: str, vault: str) -> BackendError:
    error = tree.get("error")
    reason = str(error.get("code", "")) if isinstance(error, dict) else ""
    if status == 429:
        seconds = float(after) if after is not None and after.isascii() and after.isdecimal() else None
        return Unavailable("Azure asks for fewer requests (429)", retry_after=seconds)
    if status >= 500:
        return Unavailable(f"Azure has trouble of its own: it answered {status} about {what}")
    if status in {401, 403}:
        return AccessDenied(f"Azure denies us {what} ({reason or status})", hints=(_WHO,))
    if status == 404:
        return SecretNotFound(f"Azure knows nothing of {what}")
    if not reason:
        return BackendError(f"`{vault}` does not answer like a key vault (it answered {status})")
    return AzureError(f"Azure refuses the request about {what} ({reason})", reason)
