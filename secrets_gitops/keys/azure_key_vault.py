"""Keys of Azure Key Vault: `https://VAULT.vault.azure.net/keys/NAME[/VERSION]`, RSA-OAEP-256.

An entry names the version of the key that wrapped it; where a rule leaves it out, the vault is asked for its newest.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from secrets_gitops.clients.azure import AzureError, azure
from secrets_gitops.clients.per_environment import PerEnvironment
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import BackendError, Error, KeySourceError, SecretNotFound
from secrets_gitops.keys.far import WAIT, FarIdentity
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.keys.recipient import WrappedKey

KIND = "azure_kv"
_URL = re.compile(r"(?P<vault>https://[^/]+)/keys/(?P<name>[^/]+)(?:/(?P<version>[^/]*))?\Z")
_VAULT = re.compile(r"https://[a-z0-9.:\[\]-]+\Z", re.IGNORECASE | re.ASCII)
_WORD = re.compile(r"[\w-]+\Z", re.ASCII)
_ALGORITHM = "RSA-OAEP-256"
_REFUSED = {
    "BadParameter": "it was wrapped with another key or version, or changed",
    "KeyDisabled": "the key is disabled",
    "KeyOperationForbidden": "the key is not for this operation",
}


class Key(NamedTuple):
    """One version of a key; an empty version is the newest."""

    vault: str
    """`https://HOST`."""
    name: str
    version: str

    def path(self, operation: str = "") -> str:
        """Below the vault."""
        return "/".join(part for part in ("keys", self.name, self.version, operation) if part)


class AzureRecipient:
    """Whoever may decrypt with a key of a vault."""

    __slots__ = ("_key",)

    kind = KIND

    def __init__(self, key: Key) -> None:
        self._key = key

    @property
    def text(self) -> str:
        """The URL, with the version as soon as it is known."""
        return f"{self._key.vault}/{self._key.path()}"

    @property
    def fields(self) -> dict[str, str]:
        """Vault, name and version. The version is there once something was wrapped."""
        return {"vault_url": self._key.vault, "name": self._key.name, "version": self._key.version}

    def wrap(self, data_key: Plaintext) -> str:
        """The ciphertext as base64url. Raises SettingsError, KeySourceError, AccessDenied, Unavailable."""
        deadline = Deadline(WAIT)
        if not self._key.version:
            self._key = self._key._replace(version=_versions(os.environ).newest(self._key, deadline))
        body = {"alg": _ALGORITHM, "value": _encoded(data_key.reveal())}
        answer = _ask(os.environ, self._key, "encrypt", body, deadline)
        return _encoded(_decoded(answer.get("value")))

    def __repr__(self) -> str:
        return f"AzureRecipient({self.text!r})"


def parse_recipient(text: str) -> AzureRecipient:
    """The key that a URL names. Raises KeySourceError when it names none."""
    match = _URL.match(text.strip())
    if match is None:
        raise KeySourceError(
            "this is not the URL of an Azure Key Vault key",
            hints=("it reads `https://VAULT.vault.azure.net/keys/NAME[/VERSION]`",),
        )
    return AzureRecipient(_checked(Key(match["vault"], match["name"], match["version"] or "")))


def identity(environ: Mapping[str, str], deadline: Deadline | None) -> FarIdentity:
    """What the Azure login of this environment may open."""

    def opens(entries: Sequence[WrappedKey], until: Deadline) -> Sequence[Plaintext | Error]:
        return [_open(environ, entry, until) for entry in entries]

    return FarIdentity(KIND, opens, deadline=deadline)


def _open(environ: Mapping[str, str], entry: WrappedKey, deadline: Deadline) -> Plaintext:
    vault, name, version = (str(entry.fields.get(field, "")) for field in ("vault_url", "name", "version"))
    key = _checked(Key(vault.removesuffix("/"), name, version))
    try:
        sealed = _from_base64url(entry.enc)
    except (binascii.Error, ValueError):
        raise KeySourceError("the entry of the Azure Key Vault key is not base64url") from None
    answer = _ask(environ, key, "decrypt", {"alg": _ALGORITHM, "value": _encoded(sealed)}, deadline)
    return Plaintext(_decoded(answer.get("value")))


class _Versions:
    """The newest versions of keys, looked up once: all entries of a run have the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[Key, str] = {}

    def newest(self, key: Key, deadline: Deadline) -> str:
        """The newest version. Raises what asking raises."""
        with self._lock:
            if key not in self._found:
                self._found[key] = _newest(key, deadline)
            return self._found[key]


_versions = PerEnvironment(lambda _: _Versions(), ("AZURE_", "IDENTITY_", "MSI_"))


def _newest(key: Key, deadline: Deadline) -> str:
    answer = _ask(os.environ, key, "", None, deadline)
    found = answer.get("key")
    identifier = found.get("kid") if isinstance(found, dict) else None
    match = _URL.match(identifier) if isinstance(identifier, str) else None
    if match is None or not _WORD.match(match["version"] or ""):
        raise BackendError(f"`{key.vault}` does not say which version of the key is its newest")
    return match["version"]


def _ask(
    environ: Mapping[str, str], key: Key, operation: str, body: Mapping[str, object] | None, deadline: Deadline
) -> Mapping[str, Any]:
    shown = f"{key.vault}/{key.path()}"
    method = "POST" if operation else "GET"
    try:
        return azure(environ).ask(key.vault, method, key.path(operation), body, f"the key `{shown}`", deadline)
    except SecretNotFound:
        raise KeySourceError(f"there is no key `{shown}`", hints=("check vault, name and version",)) from None
    except AzureError as error:
        reason = _REFUSED.get(error.reason)
        message = error.message if reason is None else f"`{shown}` does not {operation or 'answer'}: {reason}"
        raise KeySourceError(message) from None


def _checked(key: Key) -> Key:
    """A file must not lead a request elsewhere."""
    words = (key.name, key.version) if key.version else (key.name,)
    if not _VAULT.match(key.vault) or not all(_WORD.match(word) for word in words):
        raise KeySourceError("the vault, the name or the version of an Azure Key Vault key is not usable")
    return key


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _decoded(text: object) -> bytes:
    try:
        data = _from_base64url(text) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise BackendError("Azure Key Vault did not answer as it should")
    return data
