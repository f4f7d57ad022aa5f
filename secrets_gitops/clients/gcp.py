"""Google Cloud over REST with google-auth: credentials as Google's own tools find them, and what a failure means.

Imported libraries (google-auth, urllib3) cost 130 ms, so they are imported when Google is first asked.
"""

from __future__ import annotations

import json
import os
import ssl
import threading
import urllib.request
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from secrets_gitops.clients.http import is_loopback, shown
from secrets_gitops.clients.per_environment import PerEnvironment
from secrets_gitops.clients.refusal import Refusal
from secrets_gitops.clients.retrying import retrying
from secrets_gitops.errors import AccessDenied, BackendError, SecretNotFound, SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.deadline import Deadline

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_CONNECT, _READ = 10.0, 30.0
_MAX_BYTES = 16 * 1024 * 1024
_LOGIN = "log in: `gcloud auth application-default login`"


class GcpError(BackendError):
    """The service refused for a reason of its own; `reason` is the status word that it gave, such as `NOT_FOUND`."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Gcp:
    """The login of one environment. Safe to use from several threads."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._credentials: Any = None
        self._refusal = Refusal()
        self._pools: dict[str, Any] = {}

    def post(self, url: str, body: Mapping[str, object] | bytes, what: str, deadline: Deadline) -> Mapping[str, Any]:
        """The JSON that answers a POST about `what`, tried again while that may help. Bytes are sent as they are.

        Raises AccessDenied, SecretNotFound, GcpError, and Unavailable where Google is away or asks for fewer requests;
        SettingsError for credentials that are none.
        """
        return retrying(lambda: self._once(url, body, what, deadline), deadline, f"asking Google Cloud about {what}")

    def _once(self, url: str, body: Mapping[str, object] | bytes, what: str, deadline: Deadline) -> Mapping[str, Any]:
        import urllib3  # noqa: PLC0415

        is_raw = isinstance(body, bytes)
        headers = {"Content-Type": "application/octet-stream" if is_raw else "application/json"}
        self._authorize(url, headers)
        timeout = urllib3.Timeout(
            connect=deadline.at_most(_CONNECT),
            read=deadline.at_most(_READ),
        )
        try:
            answer = self._pool(url).request(
                "POST",
                url,
                body=body if is_raw else json.dumps(body).encode(),
                headers=headers,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            with answer:
                text = answer.read(_MAX_BYTES)
        except urllib3.exceptions.SSLError:
            raise _not_trusted(url) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = "no answer in time" if isinstance(error, urllib3.exceptions.TimeoutError) else "no connection"
            raise Unavailable(f"cannot reach `{_host(url)}`: {reason}") from None
        tree = _object(text)
        if answer.status == 200 and tree is not None:
            return tree
        raise _refusal(answer.status, tree or {}, answer.headers.get("Retry-After"), what, _host(url))

    def _authorize(self, url: str, headers: dict[str, str]) -> None:
        """Add the token to the headers; the first thread to ask logs in for all."""
        from google.auth import exceptions as trouble  # noqa: PLC0415
        from google.auth.transport.urllib3 import Request  # noqa: PLC0415

        with self._lock:
            self._refusal.check()
            request = Request(self._pool(url, locked=True))  # type: ignore[no-untyped-call]
            try:
                if self._credentials is None:
                    self._credentials = self._log_in(request)
                self._credentials.before_request(request, "POST", url, headers)
            except trouble.TransportError:
                raise Unavailable("cannot reach Google to log in") from None
            except trouble.RefreshError as error:
                if error.retryable:
                    raise Unavailable("Google cannot log us in just now") from None
                self._credentials = None
                refused = AccessDenied("Google does not accept the credentials at hand", hints=(_LOGIN,))
                raise self._refusal.keep(refused) from None
            except (trouble.GoogleAuthError, ValueError, KeyError):  # their texts may quote the credentials
                refused = AccessDenied("no Google credentials are at hand", hints=(_LOGIN,))
                raise self._refusal.keep(refused) from None

    def _log_in(self, request: Any) -> Any:  # noqa: ANN401  google-auth has no types of use here
        """As sops: `GOOGLE_CREDENTIALS` (path or JSON), `GOOGLE_OAUTH_ACCESS_TOKEN`, then as Google finds them."""
        import google.auth  # noqa: PLC0415
        import google.oauth2.credentials  # noqa: PLC0415

        named = self._environ.get("GOOGLE_CREDENTIALS")
        if named:
            text = _content(named) if os.path.exists(named) else named.encode("utf-8", "surrogateescape")
            info = _object(text)
            if info is None:
                raise SettingsError("`GOOGLE_CREDENTIALS` is neither JSON nor the path of a JSON file")
            with warnings.catch_warnings():  # that JSON from strangers is dangerous; this is the user's own
                warnings.simplefilter("ignore", DeprecationWarning)
                found = google.auth.load_credentials_from_dict(info, scopes=_SCOPES, request=request)  # type: ignore[no-untyped-call]
                return found[0]
        if token := self._environ.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
            return google.oauth2.credentials.Credentials(token)  # type: ignore[no-untyped-call]
        with warnings.catch_warnings():  # a warning about quota projects goes to standard error
            warnings.simplefilter("ignore")
            return google.auth.default(scopes=_SCOPES, request=request)[0]

    def _pool(self, url: str, *, locked: bool = False) -> Any:  # noqa: ANN401  urllib3 is imported late
        if not locked:
            with self._lock:
                return self._pool(url, locked=True)
        import urllib3  # noqa: PLC0415

        parts = urlsplit(url)
        local = is_loopback(url) or urllib.request.proxy_bypass(parts.netloc)
        proxy = None if local else urllib.request.getproxies().get(parts.scheme)
        if (key := proxy or "") not in self._pools:
            settings: dict[str, Any] = {"ssl_context": ssl.create_default_context(), "maxsize": 16}
            self._pools[key] = urllib3.ProxyManager(proxy, **settings) if proxy else urllib3.PoolManager(**settings)
        return self._pools[key]


def gcp(environ: Mapping[str, str]) -> Gcp:
    """The one of this environment. Raises SettingsError where google-auth is not installed."""
    try:
        import google.auth.transport.urllib3  # noqa: F401, PLC0415
    except ImportError:
        raise SettingsError(
            "Google Cloud needs the Python package google-auth, which is not installed",
            hints=("pip install 'secrets-gitops[gcp]'",),
        ) from None
    return _of_environment(environ)


_of_environment = PerEnvironment(Gcp, ("GOOGLE_", "GCE_", "CLOUDSDK_", "GCLOUD_", "XDG_CONFIG_HOME"))


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES)
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise SettingsError(f"the file that `GOOGLE_CREDENTIALS` names cannot be read: {reason}") from None


def _object(text: bytes) -> Mapping[str, Any] | None:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, dict) else None


def _host(url: str) -> str:
    return urlsplit(shown(url)).netloc


def _not_trusted(url: str) -> BackendError:
    return BackendError(
        f"cannot trust the certificate of `{_host(url)}`",
        hints=("name your own authority's certificates with the variable SSL_CERT_FILE",),
    )


def _refusal(status: int, tree: Mapping[str, Any], after: str | None, what: str, host: str) -> BackendError:
    error = tree.get("error")
    reason = str(error.get("status", "")) if isinstance(error, dict) else ""
    if status == 429:
        seconds = float(after) if after is not None and after.isascii() and after.isdecimal() else None
        return Unavailable("Google Cloud asks for fewer requests (429)", retry_after=seconds)
    if status >= 500:
        return Unavailable(f"Google Cloud has trouble of its own: it answered {status} about {what}")
    if status in {401, 403}:
        hint = "`gcloud auth list` shows who you are"
        return AccessDenied(f"Google Cloud denies us {what} ({reason or status})", hints=(hint,))
    if status == 404:
        return SecretNotFound(f"Google Cloud knows nothing of {what}")
    if status == 200 or not reason:
        return BackendError(f"`{host}` does not answer like Google Cloud (it answered {status})")
    return GcpError(f"Google Cloud refuses the request about {what} ({reason})", reason)
