"""What the environment says about Vault and OpenBao: `VAULT_*` and `BAO_*` variables, and the token files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secrets_gitops.clients import vault_login
from secrets_gitops.clients.vault_login import Credential
from secrets_gitops.clients.vault_server import Server
from secrets_gitops.errors import SettingsError
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_FILE = 64 * 1024


@dataclass(frozen=True)
class Product:
    """What Vault and OpenBao call the same things."""

    title: str
    program: str
    prefixes: tuple[str, ...]
    """Of variables; the first that is set wins."""
    token_files: tuple[str, ...]
    """In the home directory."""


VAULT = Product("Vault", "vault", ("VAULT_",), (".vault-token",))
OPENBAO = Product("OpenBao", "bao", ("BAO_", "VAULT_"), (".bao-token", ".vault-token"))
EITHER = Product("Vault", "vault", ("VAULT_", "BAO_"), (".vault-token", ".bao-token"))
"""Where nothing says which of the two it is."""


class Variables:
    """The variables of one product. Every method raises SettingsError for what cannot be."""

    def __init__(self, environ: Mapping[str, str], product: Product) -> None:
        self._environ = environ
        self._product = product

    def name_of(self, name: str) -> str | None:
        """The full name of the variable that is set (and not empty)."""
        return next((p + name for p in self._product.prefixes if self._environ.get(p + name)), None)

    def shown(self, name: str) -> str:
        """The full name for a message, also where none is set."""
        return self.name_of(name) or self._product.prefixes[0] + name

    def value(self, name: str) -> str | None:
        """Its text; None when it is not set or empty."""
        found = self.name_of(name)
        return self._environ[found] if found is not None else None

    def server(self, address: str, namespace: str | None = None) -> Server:
        """The server at `address`, spoken to as the environment says."""
        return Server(
            address=address,
            namespace=namespace or self.value("NAMESPACE"),
            ca_file=self.value("CACERT"),
            ca_folder=self.value("CAPATH"),
            ca_pem=self.value("CACERT_BYTES"),
            client_certificate=self._client_certificate(),
            tls_name=self.value("TLS_SERVER_NAME"),
            danger_skip_verify=self._truth("SKIP_VERIFY"),
            timeout=self._number("CLIENT_TIMEOUT", 60.0) or 60.0,
            retries=int(self._number("MAX_RETRIES", 2.0)),
        )

    def token(self) -> Credential | None:
        """The token of a variable, of the file that a variable names, or of the file that `vault login` wrote."""
        if (name := self.name_of("TOKEN")) is not None:
            value = self._environ[name].encode("utf-8", "surrogateescape")
            return vault_login.fixed(Plaintext(value), f"the variable `{name}`")
        if path := self.value("TOKEN_FILE"):
            return from_file(path)
        home = self._environ.get("HOME") or os.path.expanduser("~")
        paths = (os.path.join(home, file) for file in self._product.token_files)
        return next((from_file(path) for path in paths if os.path.isfile(path)), None)

    def _client_certificate(self) -> tuple[bytes, Plaintext] | None:
        certificate, key = self.value("CLIENT_CERT"), self.value("CLIENT_KEY")
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            raise SettingsError(f"{self._product.title} needs both a client certificate and its key, or neither")
        return _content(certificate), Plaintext(_content(key))

    def _truth(self, name: str) -> bool:
        text = (self.value(name) or "false").lower()
        if text not in {"1", "t", "true", "0", "f", "false"}:
            raise SettingsError(f"`{self.shown(name)}` must be `true` or `false`")
        return text in {"1", "t", "true"}

    def _number(self, name: str, default: float) -> float:
        text = self.value(name)
        if text is None:
            return default
        digits = text.removesuffix("s")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 7):
            raise SettingsError(f"`{self.shown(name)}` must be a whole number")
        return float(digits)


def from_file(path: str) -> Credential:
    """What the file holds at each login, without a line break at its end."""
    return Credential(f"the file `{path}`", f"file {path}", lambda _: Plaintext(_content(path).rstrip(b"\r\n")))


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_FILE)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown"
        raise SettingsError(f"the file `{path}` cannot be read: {reason[:1].lower()}{reason[1:]}") from None
