"""Keys of the transit engine of Vault and OpenBao: `https://HOST:8200/v1/ENGINE/keys/NAME`.

The address is the one in the file or the rule, as sops has it; the token is the environment's. So a file could send our
token to a stranger: `SOPS_HC_VAULT_ALLOWLIST` says which addresses may have it.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.clients import vault_login
from secrets_gitops.clients.http import shown
from secrets_gitops.clients.per_environment import PerEnvironment
from secrets_gitops.clients.vault import Client
from secrets_gitops.clients.vault_environment import EITHER, Variables
from secrets_gitops.clients.vault_server import address_of
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import AccessDenied, BackendError, Error, KeySourceError, SettingsError
from secrets_gitops.keys.far import WAIT, FarIdentity
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.clients.vault_transport import Answer
    from secrets_gitops.keys.recipient import WrappedKey

KIND = "hc_vault"
ALLOWLIST = "SOPS_HC_VAULT_ALLOWLIST"
_URI = re.compile(r"(?P<address>https?://[^/?#@\s]+)/v[0-9]+/(?P<engine>[^?#]+)/keys/(?P<name>[^/?#]+)/?\Z")
_SEGMENT = re.compile(r"(?!\.{1,2}\Z)[^/?#%\\\x00-\x20\x7f]+")
_NOT_OPEN = "the transit key does not open it: it was wrapped with another one, or changed"
_BATCH = 500
"""Entries in one request; a request may have 32 MiB, and a server bounds the time that it takes."""


class Key(NamedTuple):
    """One transit key."""

    address: str
    engine: str
    name: str

    @property
    def path(self) -> str:
        """For messages."""
        return f"{self.engine}/keys/{self.name}"


class _Keys:
    """The transit keys that the login of one environment may use; servers are logged in to once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._clients: dict[str, Client] = {}
        self._found: set[Key] = set()

    def encrypt(self, key: Key, plain: Plaintext, deadline: Deadline) -> str:
        """The ciphertext text. A key that is not there is not made, although the server would make it."""
        client = self._client(key)
        if key not in self._found:
            self._must_exist(client, key, deadline)
        body = {"plaintext": base64.b64encode(plain.reveal()).decode()}
        answer = client.write(f"{key.engine}/encrypt/{key.name}", body, deadline)
        text = _member(answer, "ciphertext")
        if answer.status != 200 or text is None:
            raise _refusal(client, key, answer, "encrypt")
        self._found.add(key)
        return text

    def decrypt(self, key: Key, texts: Sequence[str], deadline: Deadline) -> list[Plaintext | Error]:
        """What each text holds, or why it does not open; one request for all of them."""
        client = self._client(key)
        found: list[Plaintext | Error] = []
        for at in range(0, len(texts), _BATCH):
            found += self._batch(client, key, texts[at : at + _BATCH], deadline)
        return found

    def _batch(self, client: Client, key: Key, texts: Sequence[str], deadline: Deadline) -> list[Plaintext | Error]:
        if len(texts) > 1:
            body = {"batch_input": [{"ciphertext": text} for text in texts]}
            answer = client.write(f"{key.engine}/decrypt/{key.name}", body, deadline)
            data = answer.member("data")
            results = data.get("batch_results") if isinstance(data, dict) else None
            if isinstance(results, list) and len(results) == len(texts):
                return [_plain(result.get("plaintext") if isinstance(result, dict) else None) for result in results]
        # A policy may let single texts pass only, and one bad text may have spoilt the batch.
        first = self._one(client, key, texts[0], deadline)
        if isinstance(first, AccessDenied):
            return [first for _ in texts]
        return [first, *(self._one(client, key, text, deadline) for text in texts[1:])]

    def _one(self, client: Client, key: Key, text: str, deadline: Deadline) -> Plaintext | Error:
        answer = client.write(f"{key.engine}/decrypt/{key.name}", {"ciphertext": text}, deadline)
        if answer.status != 200:
            return _refusal(client, key, answer, "decrypt")
        return _plain(_member(answer, "plaintext"))

    def _must_exist(self, client: Client, key: Key, deadline: Deadline) -> None:
        """Raise KeySourceError when the server says that there is no such key. A policy may keep it from saying so."""
        answer = client.read(f"{key.engine}/keys/{key.name}", deadline)
        if answer.status == 404:
            raise _missing(client, key, mounted=not answer.says("no handler for route"))

    def _client(self, key: Key) -> Client:
        check_allowed(key.address, self._environ)
        address = address_of(key.address)
        if address not in self._clients:
            variables = Variables(self._environ, EITHER)
            token = variables.token()
            login = vault_login.token(token) if token is not None else None
            self._clients[address] = Client(variables.server(address), login)
        return self._clients[address]


_keys = PerEnvironment(_Keys, ("VAULT_", "BAO_", ALLOWLIST))


class TransitRecipient:
    """Whoever may decrypt with a transit key."""

    __slots__ = ("_key",)

    kind = KIND

    def __init__(self, key: Key) -> None:
        self._key = key

    @property
    def text(self) -> str:
        """The URI."""
        return f"{self._key.address}/v1/{self._key.path}"

    @property
    def fields(self) -> dict[str, str]:
        """Address, engine and name."""
        return {"vault_address": self._key.address, "engine_path": self._key.engine, "key_name": self._key.name}

    def wrap(self, data_key: Plaintext) -> str:
        """The `vault:v1:…` text. Raises SettingsError, KeySourceError, AccessDenied, Unavailable."""
        return _keys(os.environ).encrypt(self._key, data_key, Deadline(WAIT))

    def __repr__(self) -> str:
        return f"TransitRecipient({self.text!r})"


def parse_recipient(text: str) -> TransitRecipient:
    """The transit key that a URI names. Raises KeySourceError when it names none."""
    match = _URI.match(text.strip())
    if match is None:
        raise KeySourceError(
            "this is not the URI of a Vault transit key", hints=("it reads `https://HOST:8200/v1/ENGINE/keys/NAME`",)
        )
    return TransitRecipient(_checked(Key(match["address"], match["engine"].strip("/"), match["name"])))


def identity(environ: Mapping[str, str], deadline: Deadline | None) -> FarIdentity:
    """What the login of this environment may open."""

    def opens(entries: Sequence[WrappedKey], until: Deadline) -> Sequence[Plaintext | Error]:
        return _keys(environ).decrypt(_key_of(entries[0]), [entry.enc for entry in entries], until)

    return FarIdentity(KIND, opens, together=lambda entry: entry.recipient, deadline=deadline)


def check_allowed(address: str, environ: Mapping[str, str]) -> None:
    """Raise AccessDenied when our token may not go to `address`, SettingsError when the list makes no sense.

    As sops compares: each prefix and the address get a final slash, so that `http://h:820` does not allow
    `http://h:8200`; what is longer than scheme, host and port fits no address.
    """
    listed = environ.get(ALLOWLIST) or "all"
    if listed == "all":
        return
    prefixes = [] if listed == "none" else [prefix.strip(" ") for prefix in listed.split(",")]
    if not all(prefixes):
        raise SettingsError(f"`{ALLOWLIST}` has an empty entry", hints=("`none` allows no server",))
    if not any(f"{address.removesuffix('/')}/".startswith(f"{prefix.removesuffix('/')}/") for prefix in prefixes):
        raise AccessDenied(
            f"`{ALLOWLIST}` does not let a token go to `{shown(address)}`",
            hints=(f"if you trust that server, add its address to `{ALLOWLIST}`",),
        )


def _key_of(entry: WrappedKey) -> Key:
    fields = [entry.fields.get(name, "") for name in ("vault_address", "engine_path", "key_name")]
    return _checked(Key(*(field if isinstance(field, str) else "" for field in fields)))


def _checked(key: Key) -> Key:
    """A file must not lead a request elsewhere: `../` would be another path of the server."""
    if not all(_SEGMENT.fullmatch(segment) for segment in (*key.engine.split("/"), key.name)):
        raise KeySourceError("the engine or the name of a Vault transit key is not usable")
    return key


def _member(answer: Answer, name: str) -> str | None:
    data = answer.member("data")
    text = data.get(name) if isinstance(data, dict) else None
    return text if isinstance(text, str) and text else None


def _plain(text: object) -> Plaintext | Error:
    if not isinstance(text, str) or not text:  # in a batch it is empty beside an error
        return KeySourceError(_NOT_OPEN)
    try:
        return Plaintext(base64.b64decode(text, validate=True))
    except binascii.Error:
        return BackendError("the Vault server answered with text that is not base64")


def _missing(client: Client, key: Key, *, mounted: bool) -> KeySourceError:
    if mounted:
        hint = f"it is made by `vault write -f {key.path}`; check the name first"
        return KeySourceError(f"{client.name} has no transit key `{key.path}`", hints=(hint,))
    return KeySourceError(
        f"{client.name} has no secrets engine at `{key.engine}/`", hints=("`vault secrets list` shows the engines",)
    )


def _refusal(client: Client, key: Key, answer: Answer, verb: str) -> Error:
    if answer.status in {401, 403}:
        return AccessDenied(
            f"{client.name} does not let us {verb} with the transit key `{key.path}`",
            hints=(f"the token needs the capability `update` on `{key.engine}/{verb}/{key.name}`",),
        )
    if answer.status == 404 or answer.says("key not found"):
        return _missing(client, key, mounted=not answer.says("no handler for route"))
    if answer.says("too old") or answer.says("disallowed by policy"):
        return KeySourceError(
            f"the transit key `{key.path}` does not open what this version of it wrapped: its `min_decryption_version`"
            " is higher"
        )
    if answer.status == 400 and verb == "decrypt":
        return KeySourceError(_NOT_OPEN)
    return BackendError(f"{client.name} did not {verb} with the transit key `{key.path}`: it answered {answer.status}")
