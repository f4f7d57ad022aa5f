"""One small GET over HTTP or HTTPS with the standard library: a deadline, a size limit, proxies from the environment.

Redirects are followed to HTTPS and on this machine only, and a loopback address is never asked through a proxy: what is
safe because of where it comes from must really come from there.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

from secrets_gitops.errors import AccessDenied, BackendError, SecretNotFound, SettingsError, Unavailable

if TYPE_CHECKING:
    from typing import IO

    from secrets_gitops.deadline import Deadline

_CHUNK = 64 * 1024
_NO_TIMEOUT = 3600.0


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = _split(newurl).scheme
        if scheme != "https" and not (scheme == req.type == "http" and is_loopback(newurl)):
            fp.close()
            raise BackendError(
                f"`{shown(req.full_url)}` redirects to `{shown(newurl)}`, which is not https",
                hints=("name the final URL yourself",),
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_url(text: str) -> bool:
    """Whether `text` is a URL that `get` takes, and not the path of a file."""
    return text.lower().startswith(("https://", "http://"))


def is_loopback(url: str) -> bool:
    """Whether the URL points to this very machine, so that nobody on the way can change the answer."""
    host = _split(url).hostname or ""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdigit())


def shown(url: str) -> str:
    """The URL for a message: without user, password, query and fragment, which may hold secrets."""
    parts = _split(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _split(url: str) -> urllib.parse.SplitResult:
    try:
        return urllib.parse.urlsplit(url)
    except ValueError:
        return urllib.parse.urlsplit("")


def get(url: str, deadline: Deadline, *, limit: int) -> bytes:
    """The body of a 200 answer, at most `limit` bytes.

    Raises Unavailable (worth another try) when the server cannot be reached in time, is overloaded or answers 5xx;
    SecretNotFound for 404 and 410, AccessDenied for 401 and 403, BackendError for other answers, a certificate that
    does not verify and a body that is too long; SettingsError for text that is no URL.
    """
    name = shown(url) or "the URL"
    try:
        handlers: list[urllib.request.BaseHandler] = [_Redirects()]
        if is_loopback(url):
            handlers.append(urllib.request.ProxyHandler({}))
        opener = urllib.request.build_opener(*handlers)
        request = urllib.request.Request(url, headers={"User-Agent": "secrets-gitops"})  # noqa: S310  is_url is the caller's check
        deadline.check(f"fetching `{name}`")
        with opener.open(request, timeout=_left(deadline)) as answer:
            return _body(answer, name, deadline, limit)
    except urllib.error.HTTPError as error:
        raise _refusal(name, error) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise BackendError(
                f"cannot trust the server of `{name}`: {error.reason.verify_message}",
                hints=("name your own authority's certificates with the variable SSL_CERT_FILE",),
            ) from error
        raise Unavailable(f"cannot reach `{name}`: {_reason(error.reason)}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"cannot fetch `{name}`: {_reason(error)}") from error
    except ValueError as error:
        raise SettingsError(f"`{name}` cannot be fetched: it is not a proper URL") from error


def _body(answer: http.client.HTTPResponse, name: str, deadline: Deadline, limit: int) -> bytes:
    body = b""
    # The socket's timeout bounds each read; a server that drips bytes is stopped by the deadline.
    while chunk := answer.read1(_CHUNK):
        body += chunk
        if len(body) > limit:
            raise BackendError(f"the answer of `{name}` is longer than {limit} bytes")
        deadline.check(f"fetching `{name}`")
    return body


def _left(deadline: Deadline) -> float:
    left = deadline.left()
    return _NO_TIMEOUT if left is None else left


def _refusal(name: str, error: urllib.error.HTTPError) -> BackendError:
    status = f"{error.code} {http.client.responses.get(error.code, '')}".strip()
    error.close()
    if error.code in {404, 410}:
        return SecretNotFound(f"nothing at `{name}`: the server answered {status}", hints=("check the URL",))
    if error.code in {401, 403, 407}:
        return AccessDenied(f"cannot fetch `{name}`: the server answered {status}")
    if error.code in {408, 425, 429} or error.code >= 500:
        return Unavailable(f"cannot fetch `{name}`: the server answered {status}")
    return BackendError(f"cannot fetch `{name}`: the server answered {status}")


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return type(error).__name__ if isinstance(error, Exception) else str(error)
