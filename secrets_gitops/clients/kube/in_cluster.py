"""The pod's own account: two environment variables, a CA file and a token file that Kubernetes renews."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.connection import Connection
from secrets_gitops.clients.kube.proxies import proxy_for
from secrets_gitops.errors import SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
_REREAD = 60.0  # seconds; the kubelet renews the token after 80 % of its life, which is an hour or more


class TokenFile:
    """The bearer token in a file, read again every minute; while the file cannot be read the last token goes on."""

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._header: str | None = None
        self._next = 0.0

    def __call__(self) -> str:
        """The Authorization header. Raises Unavailable when the file never could be read, or is empty."""
        with self._lock:
            now = self._clock()
            if self._header is None or now >= self._next:
                self._header = self._read() or self._header
                self._next = now + _REREAD
            if self._header is None:
                raise Unavailable(f"no token can be read from `{self._path}`")
            return self._header

    def _read(self) -> str | None:
        try:
            with open(self._path, encoding="ascii") as file:
                token = file.read().strip()
        except (OSError, ValueError):
            return None
        return f"Bearer {token}" if token and token.isprintable() else None


def is_inside(environ: Mapping[str, str]) -> bool:
    """Whether this process runs in a pod of a cluster."""
    return bool(environ.get("KUBERNETES_SERVICE_HOST") and environ.get("KUBERNETES_SERVICE_PORT"))


def connection(environ: Mapping[str, str], *, folder: str = FOLDER) -> Connection:
    """The API server of the cluster that this pod runs in, as the pod's account. SettingsError outside of one."""
    if not is_inside(environ):
        raise SettingsError(
            "this is no pod: `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` are not set",
            hints=("name a kubeconfig",),
        )
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    return Connection(
        server=server,
        proxy=proxy_for(server, environ),
        authorize=TokenFile(f"{folder}/token"),
        ca_file=f"{folder}/ca.crt",
        namespace=_namespace(folder),
    )


def _namespace(folder: str) -> str | None:
    try:
        with open(f"{folder}/namespace", encoding="utf-8") as file:
            return file.read().strip() or None
    except (OSError, ValueError):
        return None
