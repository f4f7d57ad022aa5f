"""Take encrypted files where destination rules say: to a bucket, as they are or for other keys; to Vault, decrypted.

Deciding and doing are apart: `parcel` says what would go where, `send` takes it there.
"""

from __future__ import annotations

import json
import os
import posixpath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from secrets_gitops.deadline import Deadline
from secrets_gitops.encrypted_files import rules
from secrets_gitops.envelopes.sops import creating, opened
from secrets_gitops.errors import AccessDenied, BackendError, Place, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from secrets_gitops.documents.document import Document
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.repository.creation_rules import CreationRules
    from secrets_gitops.repository.destination_rules import DestinationRule

    Open = Callable[[Document], Opened]
    """How the caller opens a file: with which keys, and which errors."""

_WAIT = 60.0
_STORAGE = "https://storage.googleapis.com"
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


class Parcel(NamedTuple):
    """What goes where."""

    path: str
    """The file."""
    rule: DestinationRule
    name: str
    """The object's name in the bucket, or the path of the secret below its mount."""

    @property
    def destination(self) -> str:
        """As a person reads it."""
        if self.rule.kind == "vault":
            between = "data/" if self.rule.kv_version == 2 else ""
            return f"{self.rule.address or 'VAULT_ADDR'}/v1/{self.rule.target}/{between}{self.name}"
        return f"{'s3' if self.rule.kind == 's3' else 'gs'}://{self.rule.target}/{self.name}"


def parcel(found: CreationRules, path: str, below: str = "", *, omit_extensions: bool = False) -> Parcel:
    """Where the file at `path` goes; its name there is its path below the folder `below`, or its own name.

    Raises SettingsError when no rule says so.
    """
    rule = found.destination_for(path)
    if rule is None or not rule.kind:
        raise SettingsError(
            f"no destination rule in `{found.path}` fits `{path}`"
            if rule is None
            else "this rule names no destination",
            hints=("a rule names `s3_bucket`, `gcs_bucket` or `vault_path`",),
            place=Place(found.path) if rule is None else rule.place,
        )
    name = os.path.relpath(path, below) if below else os.path.basename(path)
    name = name.replace(os.sep, "/")
    if omit_extensions or rule.omit_extensions:
        name = posixpath.splitext(name)[0]
    return Parcel(path, rule, rule.prefix + name)


def files_below(folder: str) -> Iterator[str]:
    """The files in a folder and below, in order."""
    for home, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield os.path.join(home, name)


def send(one: Parcel, document: Document, open_file: Open, now: str, environ: Mapping[str, str]) -> bool:
    """Take a file to its destination; False when it holds the same already, which is asked of Vault alone.

    Raises NotSealed for a file in clear, what opening and encrypting raise, AccessDenied, Unavailable.
    """
    opened.required_metadata(document)
    if one.rule.kind == "vault":
        return _to_vault(one, open_file(document), environ)
    data = _renewed(one.rule, open_file(document), now) if one.rule.recreation is not None else document.to_bytes()
    (_to_s3 if one.rule.kind == "s3" else _to_gcs)(one, data, environ)
    return True


def _renewed(rule: DestinationRule, result: Opened, now: str) -> bytes:
    """The file encrypted anew, for the keys of the recreation rule."""
    recreation = rule.recreation
    assert recreation is not None
    sealed, _ = creating.create(
        result.plain,
        rules.key_groups(recreation),
        rules.selector(recreation),
        now,
        mac_only_encrypted=recreation.mac_only_encrypted,
    )
    return sealed.to_bytes()


def _to_s3(one: Parcel, data: bytes, environ: Mapping[str, str]) -> None:
    from secrets_gitops.clients.aws import Account, aws  # noqa: PLC0415  boto3, for S3 alone

    region = next((environ[name] for name in _REGIONS if environ.get(name)), "")
    request = {"Bucket": one.rule.target, "Key": one.name, "Body": data}
    aws(environ).ask(Account(region), "s3", "put_object", request, f"`{one.destination}`", Deadline(_WAIT))


def _to_gcs(one: Parcel, data: bytes, environ: Mapping[str, str]) -> None:
    from secrets_gitops.clients.gcp import gcp  # noqa: PLC0415  google-auth, for Google alone

    host = environ.get("STORAGE_EMULATOR_HOST") or _STORAGE
    host = host if "://" in host else f"http://{host}"
    bucket, name = quote(one.rule.target, safe=""), quote(one.name, safe="")
    url = f"{host}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}"
    gcp(environ).post(url, data, f"`{one.destination}`", Deadline(_WAIT))


def _to_vault(one: Parcel, result: Opened, environ: Mapping[str, str]) -> bool:
    from secrets_gitops.clients import vault_login  # noqa: PLC0415  for Vault alone
    from secrets_gitops.clients.vault import Client  # noqa: PLC0415
    from secrets_gitops.clients.vault_environment import EITHER, Variables  # noqa: PLC0415
    from secrets_gitops.clients.vault_server import address_of  # noqa: PLC0415
    from secrets_gitops.keys.vault_transit import check_allowed  # noqa: PLC0415

    address = one.rule.address or environ.get("VAULT_ADDR") or environ.get("BAO_ADDR") or ""
    if not address:
        raise SettingsError(
            "the rule names no `vault_address`", hints=("name it there or in VAULT_ADDR",), place=one.rule.place
        )
    check_allowed(address, environ)
    variables = Variables(environ, EITHER)
    token = variables.token()
    login = vault_login.token(token) if token is not None else None
    client = Client(variables.server(address_of(address)), login)
    versioned = one.rule.kv_version == 2
    path = f"{one.rule.target}/{'data/' if versioned else ''}{one.name}"
    data, deadline = _members(result), Deadline(_WAIT)
    before = client.read(path, deadline)
    held = before.member("data") if before.status == 200 else None
    if versioned:
        held = held.get("data") if isinstance(held, dict) else None
    if held == data:
        return False
    answer = client.write(path, {"data": data} if versioned else data, deadline)
    if answer.status in {401, 403}:
        raise AccessDenied(
            f"{client.name} does not let us write `{path}`", hints=("the token needs `create` and `update` there",)
        )
    if answer.status not in {200, 204}:
        raise BackendError(f"{client.name} did not take `{path}`: it answered {answer.status}")
    return True


def _members(result: Opened) -> dict[str, object]:
    """The plaintext as the members of a secret."""
    from secrets_gitops.documents.branches import branches  # noqa: PLC0415  for Vault alone
    from secrets_gitops.documents.convert import json_value  # noqa: PLC0415

    members: dict[str, object] = json.loads(json_value(branches(result.plain)[0]))
    return members
