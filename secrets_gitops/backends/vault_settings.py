"""Which server and which login a `ref+vault://` or `ref+openbao://` means: its parameters, then the environment.

A reference may come from people who must not decide where our token goes. So files that a reference names lie in the
repository unless outside ones are allowed, and credentials of the environment go to the server of the environment:
when it names one, a reference that names another must bring its own login.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from secrets_gitops.backends import confined
from secrets_gitops.backends.env import Environment
from secrets_gitops.clients import vault_login
from secrets_gitops.clients.vault_environment import Product, Variables, from_file
from secrets_gitops.clients.vault_login import Credential, Login
from secrets_gitops.clients.vault_server import address_of
from secrets_gitops.errors import AccessDenied, Error, SettingsError
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from secrets_gitops.backends.backend import Surroundings
    from secrets_gitops.clients.vault_server import Server

METHODS = ("token", "approle", "userpass", "kubernetes")
POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  where a pod finds its own


class Choice:
    """The parameters of one reference in their surroundings. Every method raises SettingsError for what cannot be."""

    def __init__(self, parameters: Mapping[str, str], surroundings: Surroundings, product: Product) -> None:
        self._parameters = parameters
        self._surroundings = surroundings
        self._environ = surroundings.environ
        self._product = product
        self._variables = Variables(surroundings.environ, product)

    def server(self) -> Server:
        """The server, with the TLS settings of the environment."""
        return self._variables.server(self._address(), self._parameters.get("namespace"))

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
        if (credential := self._variables.token()) is not None:
            return vault_login.token(credential)
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
            variable = self._variables.name_of("SECRET_ID")
            if variable is not None or role is None:
                self._may_use_ours("secret id")
            secret = self._from_variable(variable) if variable is not None else None
        role = role or self._variables.value("ROLE_ID") or self._required("role_id", "ROLE_ID")
        return vault_login.approle(role, secret, mount=self._login_mount("approle"))

    def _userpass(self) -> Login:
        user = self._value("username", "USERNAME") or self._required("username", "USERNAME")
        if name := self._parameters.get("password_env"):
            password = self._from_variable(name)
        elif path := self._parameters.get("password_file"):
            password = self._from_named_file(path)
        else:
            self._may_use_ours("password")
            if name := self._variables.value("PASSWORD_ENV"):
                password = self._from_variable(name)
            elif path := self._variables.value("PASSWORD_FILE"):
                password = from_file(path)
            else:
                self._required("password_env", "PASSWORD_ENV")
        return vault_login.userpass(user, password, mount=self._login_mount("userpass"))

    def _kubernetes(self) -> Login:
        self._may_use_ours("service account's token")
        role = self._value("role_id", "ROLE_ID") or self._required("role_id", "ROLE_ID")
        jwt = from_file(self._variables.value("KUBERNETES_JWT_TOKEN_PATH") or POD_TOKEN)
        mount = self._variables.value("KUBERNETES_MOUNT_POINT") or self._login_mount("kubernetes")
        return vault_login.kubernetes(role, jwt, mount=mount)

    def _address(self) -> str:
        if named := self._named_address():
            return address_of(named)
        text = self._variables.value("ADDR")
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
        named, ours = self._named_address(), self._variables.value("ADDR")
        if named and ours and address_of(named) != address_of(ours):
            raise AccessDenied(
                f"the {what} of the environment is for the server of `{self._variables.shown('ADDR')}` "
                "and is not sent to the other one that the reference names",
                hints=("let the reference name its login too, such as `token_env`, or unset that variable",),
            )

    def _login_mount(self, default: str) -> str:
        return self._variables.value("LOGIN_MOUNT_POINT") or default

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
        return self._parameters.get(parameter) or self._variables.value(variable)

    def _required(self, parameter: str, variable: str) -> NoReturn:
        raise SettingsError(
            f"a login at {self._product.title} needs `{parameter}`",
            hints=(f"write it into the reference, or set `{self._product.prefixes[0]}{variable}`",),
        )
