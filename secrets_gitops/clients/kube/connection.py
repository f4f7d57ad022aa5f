"""Connection: where the API server is, how it proves itself, and who we are. `choose` finds the one to use."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secrets_gitops.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def anonymous() -> str | None:
    """No token: a client certificate says who we are, or nothing does."""
    return None


@dataclass(frozen=True)
class Connection:
    """One API server and one identity. It holds no socket; `authorize` is asked before every request."""

    server: str
    """`https://host:port`, perhaps with a path prefix; no slash at the end."""
    authorize: Callable[[], str | None] = anonymous
    """The value of the Authorization header now; None for none. May raise Unavailable or SettingsError."""
    ca_file: str | None = None
    ca_pem: str | None = None
    """Certificates that the server's must lead to; without both, those of the system."""
    client_certificate: tuple[str, str] | None = None
    """Files of the client certificate and of its key."""
    client_pem: tuple[bytes, bytes] | None = None
    """The same two as they stood in a kubeconfig."""
    server_name: str | None = None
    """Host name that the server's certificate must have, when it is not that of the URL."""
    verify: bool = True
    proxy: str | None = None
    """`http://[user:password@]host:port`; it is asked to CONNECT."""
    namespace: str | None = None
    """The namespace that the kubeconfig's context, or the pod, is in."""

    def tls(self) -> ssl.SSLContext:
        """A context that checks the server and presents the client certificate. SettingsError: a file is unusable."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file, cadata=self.ca_pem)
            if not self.verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if self.client_certificate:
                context.load_cert_chain(*self.client_certificate)
            elif self.client_pem:
                _load_pem(context, *self.client_pem)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise SettingsError(
                f"the certificates for `{self.server}` cannot be used: {_reason(error)}",
                hints=("look at the certificate fields of your kubeconfig",),
            ) from None
        return context

    def __repr__(self) -> str:
        return f"Connection({self.server!r})"  # never the key or the token


def choose(environ: Mapping[str, str], *, kubeconfig: str | None = None, context: str | None = None) -> Connection:
    """The kubeconfig that was named; else the pod's own account; else `KUBECONFIG` or `~/.kube/config`.

    Raises SettingsError when there is none, or the one found cannot be used.
    """
    from secrets_gitops.clients.kube import in_cluster  # noqa: PLC0415  both import this module
    from secrets_gitops.clients.kube import kubeconfig as files  # noqa: PLC0415

    if kubeconfig is None and context is None and not environ.get("KUBECONFIG") and in_cluster.is_inside(environ):
        return in_cluster.connection(environ)
    return files.connection(kubeconfig, context, environ)


def _load_pem(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL takes these two from files only; the file is private and gone again before this returns."""
    handle, path = tempfile.mkstemp(prefix="secrets-gitops-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _reason(error: OSError | ValueError) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not readable"
    name = getattr(error, "filename", None)
    return f"`{name}`: {reason}" if name else str(reason)
