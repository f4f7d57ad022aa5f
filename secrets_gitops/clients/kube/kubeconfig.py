"""A connection from kubeconfig files, as kubectl finds and merges them.

Tokens, token files, passwords and client certificates are read here. A user with an exec plugin or an identity
provider is handed to the official `kubernetes` package, which is imported for such a user only: it costs half a second
and 50 MB.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.connection import Connection, anonymous
from secrets_gitops.clients.kube.in_cluster import TokenFile
from secrets_gitops.clients.kube.proxies import proxy_for
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import read
from secrets_gitops.errors import DocumentError, SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Fields = Mapping[str, object]


def connection(path: str | None, context: str | None, environ: Mapping[str, str]) -> Connection:
    """The server and user of `context`, else of the current context.

    Without `path`: the files in `KUBECONFIG` (of each name the first entry counts), else `~/.kube/config`.
    Raises SettingsError: there is no file, no such context, a field is missing or unusable.
    """
    paths = [path] if path is not None else _paths(environ)
    files = [(name, _load(name)) for name in paths if path is not None or os.path.exists(name)]
    if not files:
        raise SettingsError(
            f"no kubeconfig: `{paths[0]}` does not exist", hints=("name one with `--kubeconfig` or `KUBECONFIG`",)
        )
    name = context or next((text for _, tree in files if (text := _text(tree, "current-context"))), None)
    if name is None:
        raise SettingsError(f"`{paths[0]}` names no current context", hints=("name one with `--context`",))
    chosen, _ = _entry(files, "contexts", "context", name)
    cluster, at = _entry(files, "clusters", "cluster", _text(chosen, "cluster") or "")
    user: Fields
    user, home = _entry(files, "users", "user", _text(chosen, "user") or "") if chosen.get("user") else ({}, at)
    server = _text(cluster, "server")
    if not server:
        raise SettingsError(f"the cluster of context `{name}` has no server")
    authorize: Callable[[], str | None]
    if user.get("exec") or user.get("auth-provider"):
        authorize, certificate = _official([file for file, _ in files], name)
    else:
        authorize, certificate = _authorize(user, home), _certificate_files(user, home)
    authority = _data(cluster, "certificate-authority-data")
    return Connection(
        server=server.rstrip("/"),
        authorize=authorize,
        ca_file=None if authority else _file(cluster, "certificate-authority", at),
        ca_pem=authority.decode("ascii", "replace") if authority else None,
        client_certificate=certificate,
        client_pem=_certificate_data(user, home),
        server_name=_text(cluster, "tls-server-name"),
        verify=cluster.get("insecure-skip-tls-verify") is not True,
        proxy=_text(cluster, "proxy-url") or proxy_for(server, environ),
        namespace=_text(chosen, "namespace"),
    )


def _paths(environ: Mapping[str, str]) -> list[str]:
    named = [path for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    return named or [os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".kube", "config")]


def _load(path: str) -> Fields:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise SettingsError(f"cannot read the kubeconfig `{path}`: {error.strerror}") from None
    try:
        document = read(data, path=path, format="yaml")
        tree = to_plain(document.roots[0], "k8s", path=path) if document.roots else {}
    except DocumentError as error:
        raise SettingsError(f"the kubeconfig cannot be read: {error.message}", place=error.place) from None
    return tree if isinstance(tree, dict) else {}


def _entry(files: list[tuple[str, Fields]], plural: str, singular: str, name: str) -> tuple[Fields, str]:
    """The first entry of that name, and the folder of its file, which relative paths start from."""
    for path, tree in files:
        entries = tree.get(plural)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(singular), dict):
                return entry[singular], os.path.dirname(os.path.abspath(path))
    raise SettingsError(f"no {singular} `{name}` in {', '.join(f'`{path}`' for path, _ in files)}")


def _authorize(user: Fields, home: str) -> Callable[[], str | None]:
    token_file = _file(user, "tokenFile", home)
    if token_file:
        return TokenFile(token_file)
    header = _header(user)
    return (lambda: header) if header else anonymous


def _header(user: Fields) -> str | None:
    token = _text(user, "token")
    if token:
        return f"Bearer {token}"
    name = _text(user, "username")
    if name:
        pair = f"{name}:{_text(user, 'password') or ''}"
        return "Basic " + base64.b64encode(pair.encode()).decode()
    return None


def _official(paths: list[str], context: str) -> tuple[Callable[[], str | None], tuple[str, str] | None]:
    """The header, asked of the official package each time: it runs the plugin again when the token is over.

    And the files of a client certificate, where a plugin gives one.
    """
    try:
        from kubernetes import client, config  # noqa: PLC0415  an extra, and heavy
    except ImportError:
        raise SettingsError(
            f"the user of context `{context}` needs an exec plugin or an identity provider, and the package"
            " `kubernetes` is not installed",
            hints=("pip install 'secrets-gitops[controller]'",),
        ) from None
    configuration = client.Configuration()
    try:
        config.load_kube_config(  # type: ignore[no-untyped-call]
            os.pathsep.join(paths), context, client_configuration=configuration, persist_config=False
        )
    except Exception as error:  # noqa: BLE001  the package raises what its parts raise; their text may hold a token
        raise _no_credentials(context, type(error).__name__) from None
    certificate, key = configuration.cert_file, configuration.key_file
    if not configuration.api_key and not certificate:  # it logs the failure of a plugin and goes on without
        raise _no_credentials(context)

    lock = threading.Lock()  # or several threads run the plugin at once

    def header() -> str | None:
        try:
            with lock:
                value: str | None = configuration.get_api_key_with_prefix("BearerToken")
        except Exception as error:  # noqa: BLE001
            raise Unavailable(f"no credentials for context `{context}`: {type(error).__name__}") from None
        return value

    return header, (certificate, key) if certificate and key else None


def _no_credentials(context: str, why: str = "its plugin or identity provider failed") -> SettingsError:
    return SettingsError(
        f"no credentials for context `{context}`: {why}", hints=(f"try `kubectl --context {context} version`",)
    )


def _certificate_files(user: Fields, home: str) -> tuple[str, str] | None:
    if user.get("client-certificate-data") or user.get("client-key-data"):
        return None
    certificate, key = _file(user, "client-certificate", home), _file(user, "client-key", home)
    return (certificate, key) if certificate and key else None


def _certificate_data(user: Fields, home: str) -> tuple[bytes, bytes] | None:
    certificate, key = _data(user, "client-certificate-data"), _data(user, "client-key-data")
    if not certificate and not key:
        return None
    certificate = certificate or _content(user, "client-certificate", home)
    key = key or _content(user, "client-key", home)
    return (certificate, key) if certificate and key else None


def _content(fields: Fields, name: str, home: str) -> bytes | None:
    path = _file(fields, name, home)
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise SettingsError(f"cannot read `{path}`: {error.strerror}") from None


def _text(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def _file(fields: Fields, name: str, home: str) -> str | None:
    path = _text(fields, name)
    return os.path.join(home, path) if path else None


def _data(fields: Fields, name: str) -> bytes | None:
    text = _text(fields, name)
    if text is None:
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SettingsError(f"`{name}` of the kubeconfig is not base64") from None
