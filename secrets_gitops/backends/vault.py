"""Vault and OpenBao as a store: `ref+vault://MOUNT/PATH#/KEY` and `ref+openbao://…`, KV of both versions.

A locator's path names a secret; `data/` is put in for version 2. With the parameter `field` the answer is that key's
value as text, else all of the secret as JSON. Locators that lie in one secret are answered by one request.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.backends import vault_settings
from secrets_gitops.backends.backend import Fetched
from secrets_gitops.backends.vault_reading import Secret, at_once, secret_of, trouble_of
from secrets_gitops.clients import vault_environment
from secrets_gitops.clients.vault import Client
from secrets_gitops.errors import AccessDenied, BackendError, BadReference, Error, NotBuiltYet, SecretNotFound
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.backends.backend import Locator, Surroundings
    from secrets_gitops.clients.vault import Mount
    from secrets_gitops.deadline import Deadline


class _Wanted(NamedTuple):
    """One secret in one version: what costs a request."""

    path: str
    version: str | None


class Vault:
    """The KV secrets that one login may read."""

    def __init__(self, client: Client, product: str) -> None:
        self._client = client
        self._product = product
        self.identity = f"vault {client.identity}"

    def fetch(self, locators: Sequence[Locator], deadline: Deadline) -> Sequence[Fetched | Error]:
        """One request for each distinct secret, several at once. Raises Unavailable when the server is not there."""
        wanted = {_Wanted(locator.path.strip("/"), locator.parameter("version")): None for locator in locators}
        # The first of each top segment asks for the mount, so that the others mostly know it.
        firsts = {each.path.partition("/")[0]: each.path for each in reversed(wanted) if not trouble_of(each.path)}
        mounts = at_once(firsts, lambda top: self._client.mount_of(firsts[top], deadline))
        answers = at_once(wanted, lambda each: self._read(each, mounts, deadline))
        results: list[Fetched | Error] = []
        for locator in locators:
            answer = answers[_Wanted(locator.path.strip("/"), locator.parameter("version"))]
            try:
                results.append(answer if isinstance(answer, Error) else _part(answer, locator))
            except Error as error:
                results.append(error)
        return results

    def _read(self, wanted: _Wanted, mounts: Mapping[str, Mount | Error | None], deadline: Deadline) -> Secret:
        path, version = wanted
        if trouble := trouble_of(path):
            raise BadReference(f"the path of a secret {trouble}")
        if version is not None and not (version.isascii() and version.isdecimal()):
            raise BadReference(f"`version` of `{path}` is not a number")
        known = mounts.get(path.partition("/")[0])
        if isinstance(known, Error):
            raise known
        mount = self._client.mount_of(path, deadline)
        if mount is None:
            return self._read_without_mount(wanted, deadline)
        if mount.type not in {"kv", "generic", "cubbyhole"}:
            raise NotBuiltYet(
                f"`{mount.path}` on {self._client.name} is a secrets engine of type `{mount.type}`; only `kv` is built",
                hints=("such an engine makes a new credential at each read",) if mount.type != "transit" else (),
            )
        key = path.removeprefix(mount.path.rstrip("/")).strip("/")
        if not key:
            raise BadReference(f"`{path}` is a mount, and no secret in it is named")
        try:
            if mount.version == 1:
                return self._read_version_1(wanted, deadline)
            return self._read_version_2(mount.path, key, version, deadline)
        except SecretNotFound:
            self._client.forget_mount(mount)  # it may have been made anew; who asks again finds out
            raise

    def _read_version_1(self, wanted: _Wanted, deadline: Deadline) -> Secret:
        if wanted.version is not None:
            raise BadReference(
                f"`{wanted.path}` lies in a KV store of version 1, which keeps no versions",
                hints=("leave out `version`",),
            )
        answer = self._client.read(wanted.path, deadline)
        if answer.status == 403:
            raise self._denied(wanted.path)
        secret = secret_of(answer, 1, self._client.name)
        if secret is None:
            raise SecretNotFound(f"{self._client.name} has no secret `{wanted.path}`")
        return secret

    def _read_version_2(self, mount: str, key: str, version: str | None, deadline: Deadline) -> Secret:
        path = f"{mount}{key}"
        query = {} if version is None else {"version": version}
        answer = self._client.read(f"{mount}data/{key}", deadline, query)
        if answer.status == 403:
            raise self._denied(f"{mount}data/{key}")
        secret = secret_of(answer, 2, self._client.name)
        if secret is None:
            raise self._missing(mount, key, version, deadline)
        if secret.text is None:
            what = f"version {secret.version} of `{path}` on {self._client.name}"
            if secret.destroyed:
                raise SecretNotFound(f"{what} was destroyed", hints=("another version may be there: `?version=…`",))
            undelete = f"`{self._product} kv undelete -versions={secret.version} {path}` brings it back"
            raise SecretNotFound(f"{what} was deleted", hints=(undelete, "an older version: `?version=…`"))
        return secret

    def _missing(self, mount: str, key: str, version: str | None, deadline: Deadline) -> SecretNotFound:
        """Why a path of version 2 gave nothing: no such secret, or no such version of it."""
        path = f"{mount}{key}"
        hints: tuple[str, ...] = ()
        if version is not None:
            metadata = self._client.read(f"{mount}metadata/{key}", deadline).member("data")
            if isinstance(metadata, dict) and isinstance(metadata.get("versions"), dict):
                there = sorted(int(name) for name in metadata["versions"] if str(name).isdecimal())
                hints = (f"its newest version is {there[-1]}",) if there else ("it has no versions at all",)
                return SecretNotFound(f"`{path}` on {self._client.name} has no version {version}", hints=hints)
        if key.startswith("data/"):
            hints = (f"`data/` is put in here: write `{mount}{key.removeprefix('data/')}`",)
        return SecretNotFound(
            f"{self._client.name} has no secret `{path}`" + (f" with a version {version}" if version else ""),
            hints=hints,
        )

    def _read_without_mount(self, wanted: _Wanted, deadline: Deadline) -> Secret:
        """Where the server does not tell about the mount: as version 2 in a mount of one segment, then as version 1."""
        path = wanted.path
        mount, _, key = path.partition("/")
        if not key:
            raise BadReference(f"`{path}` names a mount, but no secret in it")
        denied = False
        for version, below in ((2, f"{mount}/data/{key}"), (1, path)):
            query = {"version": wanted.version} if version == 2 and wanted.version is not None else {}
            answer = self._client.read(below, deadline, query)
            if answer.says("no handler for route"):
                hints = ("an address goes into `?address=`",) if ":" in mount or "." in mount else ()
                raise SecretNotFound(f"{self._client.name} has no secrets engine at `{mount}/`", hints=hints)
            denied = denied or answer.status == 403
            secret = secret_of(answer, version, self._client.name)
            if secret is not None:
                if version == 1 and wanted.version is not None:
                    return self._read_version_1(wanted, deadline)
                return (
                    secret
                    if secret.text is not None
                    else self._read_version_2(f"{mount}/", key, wanted.version, deadline)
                )
        if denied:
            raise self._denied(f"{mount}/data/{key}")
        raise SecretNotFound(f"{self._client.name} has no secret `{path}`")

    def _denied(self, path: str) -> AccessDenied:
        return AccessDenied(
            f"{self._client.name} does not let this token read `{path}`",
            hints=(f'a policy must say: path "{path}" {{ capabilities = ["read"] }}', "or there is no such path"),
        )


def _part(secret: Secret, locator: Locator) -> Fetched:
    """The field that the locator names, or all of the secret."""
    field = locator.parameter("field")
    assert secret.text is not None
    if field is None:
        return Fetched(Plaintext(secret.text), secret.version, metadata={"format": "json"})
    value = secret.field(field)
    if value is None:
        raise SecretNotFound(f"`{locator.path}` has no key `{field}`")
    data = value.encode("utf-8", "surrogatepass")
    if locator.parameter("decode") == "base64":
        try:
            data = base64.b64decode(b"".join(data.split()), validate=True)
        except binascii.Error:
            raise BackendError(f"the key `{field}` of `{locator.path}` does not hold base64") from None
    return Fetched(Plaintext(data), secret.version)


def connect(settings: Mapping[str, str], surroundings: Surroundings) -> Vault:
    """Open Vault: the parameters of a reference first, then `VAULT_*`. Makes no request."""
    return _connect(settings, surroundings, vault_environment.VAULT)


def connect_openbao(settings: Mapping[str, str], surroundings: Surroundings) -> Vault:
    """Open OpenBao: the parameters of a reference first, then `BAO_*`, then `VAULT_*`. Makes no request."""
    return _connect(settings, surroundings, vault_environment.OPENBAO)


def _connect(settings: Mapping[str, str], surroundings: Surroundings, product: vault_environment.Product) -> Vault:
    chosen = vault_settings.Choice(settings, surroundings, product)
    return Vault(Client(chosen.server(), chosen.login()), product.program)
