"""Which server and which login a `ref+vault://` or `ref+openbao://` means: its parameters, then the environment.

A reference may come from people who must not decide where our token goes. So files that a reference names lie in the
repository unless outside ones are allowed, and credentials of the environment go to the server of the environment:
when it names one, a reference that names another must bring its own login.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secrets_gitops.backends import confined
from secrets_gitops.backends.env import Environment
from secrets_gitops.clients import vault_login
from secrets_gitops.clients.vault_login import Credential, Login
from secrets_gitops.clients.vault_server import Server, address_of
from secrets_gitops.errors import AccessDenied, Error, SettingsError
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from secrets_gitops.backends.backend import Surroundings

METHODS = ("token", "approle", "userpass", "kubernetes")
POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  where a pod finds its own
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


class Choice:
    """The parameters of one reference in their surroundings. Every method raises SettingsError for what cannot be."""

    def __init__(self, parameters: Mapping[str, str], surroundings: Surroundings, product: Product) -> None:
        self._parameters = parameters
        self._surroundings = surroundings
        self._environ = surroundings.environ
        self._product = product

    def server(self) -> Server:
        """The server, with the TLS settings of the environment."""
        return Server(
            address=self._address(),
            namespace=self._parameters.get("namespace") or self._variable("NAMESPACE"),
            ca_file=self._variable("CACERT"),
            ca_folder=self._variable("CAPATH"),
            ca_pem=self._variable("CACERT_BYTES"),
            client_certificate=self._client_certificate(),
            tls_name=self._variable("TLS_SERVER_NAME"),
            danger_skip_verify=self._truth("SKIP_VERIFY"),
            timeout=self._number("CLIENT_TIMEOUT", 60.0) or 60.0,
            retries=int(self._number("MAX_RETRIES", 2.0)),
        )

    def login(self) -> Login:
        """How to log in there."""
        method = self._value("auth_method", "AUTH_METHOD") or "token"
        if method not in METHODS:
            raise SettingsError(
                f"`auth_method` of `ref+{self._product.title.lower()}://` can be {', '.join(f'`{m}`' for m in METHODS)}"
            )
        login: Login = getattr(self, f"_{method}")()
        return login

    def _token(self) -> Login:
        if name := self._parameters.get("token_env"):
            return vault_login.token(self._from_variable(name))
        if path := self._parameters.get("token_file"):
            return vault_login.token(self._from_named_file(path))
        self._may_use_ours("token")
        if (name := self._set("TOKEN")) is not None:
            return vault_login.token(self._from_variable(name))
        if path := self._variable("TOKEN_FILE"):
            return vault_login.token(from_file(path))
        home = self._environ.get("HOME") or os.path.expanduser("~")
        for file in self._product.token_files:
            path = os.path.join(home, file)
            if os.path.isfile(path):
                return vault_login.token(from_file(path))
        raise SettingsError(
            f"there is no token for {self._product.title}",
            hints=(
                f"set `{self._product.prefixes[0]}TOKEN`, or log in: `{self._product.program} login`",
                f"other ways to log in: `{self._product.prefixes[0]}AUTH_METHOD` = approle, userpass or kubernetes",
            ),
        )

    def _approle(self) -> Login:
        role = self._parameters.get("role_id")
        secret_text = self._parameters.get("secret_id")
        if secret_text is not None:
            secret: Credential | None = vault_login.fixed(Plaintext(secret_text), "the parameter `secret_id`")
        else:
            variable = self._set("SECRET_ID")
            if variable is not None or role is None:
                self._may_use_ours("secret id")
            secret = self._from_variable(variable) if variable is not None else None
        role = role or self._variable("ROLE_ID") or self._required("role_id", "ROLE_ID")
        return vault_login.approle(role, secret, mount=self._login_mount("approle"))

    def _userpass(self) -> Login:
        user = self._value("username", "USERNAME") or self._required("username", "USERNAME")
        if name := self._parameters.get("password_env"):
            password = self._from_variable(name)
        elif path := self._parameters.get("password_file"):
            password = self._from_named_file(path)
        else:
            self._may_use_ours("password")
            if name := self._variable("PASSWORD_ENV"):
                password = self._from_variable(name)
            elif path := self._variable("PASSWORD_FILE"):
                password = from_file(path)
            else:
                self._required("password_env", "PASSWORD_ENV")
        return vault_login.userpass(user, password, mount=self._login_mount("userpass"))

    def _kubernetes(self) -> Login:
        self._may_use_ours("service account's token")
        role = self._value("role_id", "ROLE_ID") or self._required("role_id", "ROLE_ID")
        jwt = from_file(self._variable("KUBERNETES_JWT_TOKEN_PATH") or POD_TOKEN)
        mount = self._variable("KUBERNETES_MOUNT_POINT") or self._login_mount("kubernetes")
        return vault_login.kubernetes(role, jwt, mount=mount)

    def _address(self) -> str:
        if named := self._named_address():
            return address_of(named)
        text = self._variable("ADDR")
        if text is None:
            raise SettingsError(
                f"no {self._product.title} server is named",
                hints=(
                    f"set `{self._product.prefixes[0]}ADDR`, or write `?address=https://HOST:8200` into the reference",
                ),
            )
        return address_of(text)

    def _named_address(self) -> str | None:
        """The address that the reference itself names."""
        if address := self._parameters.get("address"):
            return address
        host = self._parameters.get("host")
        return f"{self._parameters.get('proto') or 'https'}://{host}" if host else None

    def _may_use_ours(self, what: str) -> None:
        named, ours = self._named_address(), self._variable("ADDR")
        if named and ours and address_of(named) != address_of(ours):
            raise AccessDenied(
                f"the {what} of the environment is for the server of `{self._prefixed('ADDR')}` "
                "and is not sent to the other one that the reference names",
                hints=("let the reference name its login too, such as `token_env`, or unset that variable",),
            )

    def _login_mount(self, default: str) -> str:
        return self._variable("LOGIN_MOUNT_POINT") or default

    def _client_certificate(self) -> tuple[bytes, Plaintext] | None:
        certificate, key = self._variable("CLIENT_CERT"), self._variable("CLIENT_KEY")
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            raise SettingsError(f"{self._product.title} needs both a client certificate and its key, or neither")
        return _content(certificate), Plaintext(_content(key))

    def _from_variable(self, name: str) -> Credential:
        value = Environment(self._environ).value(name)
        if isinstance(value, Error):
            raise SettingsError(value.message)
        return vault_login.fixed(Plaintext(value.encode("utf-8", "surrogateescape")), f"the variable `{name}`")

    def _from_named_file(self, path: str) -> Credential:
        surroundings = self._surroundings
        return Credential(
            f"the file `{path}`",
            f"file {os.path.join(surroundings.directory, path)}",
            lambda _: Plaintext(confined.read(path, surroundings).rstrip(b"\r\n")),
        )

    def _value(self, parameter: str, variable: str) -> str | None:
        return self._parameters.get(parameter) or self._variable(variable)

    def _required(self, parameter: str, variable: str) -> NoReturn:
        raise SettingsError(
            f"a login at {self._product.title} needs `{parameter}`",
            hints=(f"write it into the reference, or set `{self._product.prefixes[0]}{variable}`",),
        )

    def _set(self, name: str) -> str | None:
        """The name of the variable that is set (and not empty)."""
        return next((p + name for p in self._product.prefixes if self._environ.get(p + name)), None)

    def _prefixed(self, name: str) -> str:
        return self._set(name) or self._product.prefixes[0] + name

    def _variable(self, name: str) -> str | None:
        found = self._set(name)
        return self._environ[found] if found is not None else None

    def _truth(self, name: str) -> bool:
        text = (self._variable(name) or "false").lower()
        if text not in {"1", "t", "true", "0", "f", "false"}:
            raise SettingsError(f"`{self._prefixed(name)}` must be `true` or `false`")
        return text in {"1", "t", "true"}

    def _number(self, name: str, default: float) -> float:
        text = self._variable(name)
        if text is None:
            return default
        digits = text.removesuffix("s")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 7):
            raise SettingsError(f"`{self._prefixed(name)}` must be a whole number")
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
