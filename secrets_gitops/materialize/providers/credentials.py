"""The credentials of a store: which Secret or service account a selector means, and who may point where."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.backends.backend import Hidden
from secrets_gitops.errors import AccessDenied, BackendError, Error, SettingsError
from secrets_gitops.manifests.known_fields import known, required
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from secrets_gitops.manifests.fields import Fields
    from secrets_gitops.manifests.secret_store import SecretStore
    from secrets_gitops.materialize.objects import Found, ObjectSource


class Account(NamedTuple):
    """A service account whose token logs in."""

    namespace: str
    name: str
    audiences: tuple[str, ...]


class Credentials:
    """Reads what a store's selectors name, for an ExternalSecret of `namespace`."""

    def __init__(self, store: SecretStore, fields: Fields, namespace: str, objects: ObjectSource) -> None:
        self.store = store
        self.fields = fields
        """Of the store."""
        self.offline = objects.offline
        self._namespace = namespace
        self._objects = objects

    def text(self, selector: object, *path: str | int, key: str = "") -> Hidden:
        """The value that a `SecretKeySelector` names; `key` stands in for one that is not set.

        Raises SettingsError naming the selector when there is no such Secret or key, AccessDenied for a namespace
        that the store may not look into.
        """
        given = self.fields.mapping(selector, *path)
        known(self.fields, given, {"name", "key", "namespace"}, "a reference to a Secret", *path)
        name = required(self.fields, given.get("name"), *path, "name")
        wanted = self.fields.text(given.get("key"), *path, "key") or key
        if not wanted:
            raise self.fields.error("the key in the Secret is missing", *path, "key")
        namespace = self._where(given.get("namespace"), *path)
        found = self._found("Secret", namespace, name, *path)
        value = _value(found, wanted)
        if value is None:
            raise self._missing(f"the Secret `{_full(namespace, name)}` has no key `{printable(wanted)}`", *path)
        try:
            return Hidden(value.decode())
        except UnicodeDecodeError:
            raise self._missing(f"the key `{wanted}` of Secret `{_full(namespace, name)}` is no text", *path) from None

    def account(self, selector: object, *path: str | int) -> Account:
        """The service account that a `ServiceAccountSelector` names."""
        given = self.fields.mapping(selector, *path)
        known(self.fields, given, {"name", "namespace", "audiences"}, "a reference to a service account", *path)
        audiences = enumerate(self.fields.items(given.get("audiences"), *path, "audiences"))
        return Account(
            self._where(given.get("namespace"), *path),
            required(self.fields, given.get("name"), *path, "name"),
            tuple(self.fields.text(one, *path, "audiences", at) for at, one in audiences),
        )

    def authorities(self, bundle: object, provider: object, *path: str | int) -> str:
        """The certificates of `caBundle` (PEM, or base64 of it) or `caProvider`; empty for the system's own."""
        text = self.fields.text(bundle, *path, "caBundle").strip()
        if text:
            if "-----BEGIN" in text:
                return text
            try:
                return base64.b64decode("".join(text.split()), validate=True).decode()
            except (binascii.Error, ValueError):
                raise self.fields.error("`caBundle` is neither PEM nor base64 of it", *path, "caBundle") from None
        if provider is None:
            return ""
        here = (*path, "caProvider")
        given = self.fields.mapping(provider, *here)
        known(self.fields, given, {"type", "name", "key", "namespace"}, "`caProvider`", *here)
        kind = required(self.fields, given.get("type"), *here, "type")
        if kind not in {"Secret", "ConfigMap"}:
            raise self.fields.error("`type` is `Secret` or `ConfigMap`", *here, "type")
        name, key = (required(self.fields, given.get(field), *here, field) for field in ("name", "key"))
        namespace = self._where(given.get("namespace"), *here)
        value = _value(self._found(kind, namespace, name, *here), key)
        if value is None:
            raise self._missing(f"the {kind} `{_full(namespace, name)}` has no key `{printable(key)}`", *here)
        return value.decode("utf-8", "replace")

    def _where(self, value: object, *path: str | int) -> str:
        """The namespace that a selector means. A namespaced store reads its own, whatever stands there."""
        text = self.fields.text(value, *path, "namespace")
        if self.store.is_cluster_wide:
            return text or self._namespace
        if text and text != (self.store.namespace or self._namespace):
            raise AccessDenied(
                "a SecretStore may not look into another namespace",
                hints=("a ClusterSecretStore may",),
                place=self.fields.place(*path, "namespace"),
            )
        return self.store.namespace or self._namespace

    def _found(self, kind: str, namespace: str, name: str, *path: str | int) -> Found:
        found = self._objects.get("", kind, namespace, name)
        if found is None:
            raise self._missing(f"there is no {kind} `{_full(namespace, name)}`, which the store needs", *path)
        return found

    def _missing(self, message: str, *path: str | int) -> Error:
        place = self.fields.place(*path)
        if not self.offline:
            return BackendError(message, place=place)
        return SettingsError(
            message,
            hints=(
                "name a file with the store as it is to be used here: `--store FILE`; it may hold that object, too",
                "a Vault store without `auth` logs in as the environment says (`VAULT_TOKEN`, `VAULT_AUTH_METHOD` …)",
            ),
            place=place,
        )


def _value(found: Found, key: str) -> bytes | None:
    """The value of a Secret or ConfigMap."""
    plain = found.fields.mapping(found.tree.get("stringData"), "stringData")
    if key in plain:
        return found.fields.text(plain[key], "stringData", key).encode()
    data = found.fields.mapping(found.tree.get("data"), "data")
    if key not in data:
        return None
    if found.tree.get("kind") == "Secret":
        return found.fields.bytes(data[key], "data", key)
    return found.fields.text(data[key], "data", key).encode()


def _full(namespace: str, name: str) -> str:
    return printable(f"{namespace}/{name}" if namespace else name)
