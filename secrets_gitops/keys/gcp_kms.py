"""Keys of Google Cloud KMS: `projects/P/locations/L/keyRings/R/cryptoKeys/K`, asked over REST with checksums."""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import TYPE_CHECKING, Any

from secrets_gitops.clients.gcp import GcpError, gcp
from secrets_gitops.crypto.crc32c import crc32c
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import BackendError, Error, KeySourceError, SecretNotFound, SettingsError, Unavailable
from secrets_gitops.keys.far import WAIT, FarIdentity
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.keys.recipient import WrappedKey

KIND = "gcp_kms"
_NAME = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+\Z")
_UNSAFE = re.compile(r"[^\w.:/@-]|(?:\A|/)\.{1,2}(?:/|\Z)", re.ASCII)
_REFUSED = {
    "INVALID_ARGUMENT": "it was wrapped with another key, or changed",
    "FAILED_PRECONDITION": "the version of the key that it needs is disabled or destroyed",
}


class GcpRecipient:
    """Whoever may decrypt with a Cloud KMS key."""

    __slots__ = ("text",)

    kind = KIND

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def fields(self) -> dict[str, str]:
        """The resource id alone."""
        return {"resource_id": self.text}

    def wrap(self, data_key: Plaintext) -> str:
        """The ciphertext as base64. Raises SettingsError, KeySourceError, AccessDenied, Unavailable."""
        plain = data_key.reveal()
        given = {"plaintext": base64.b64encode(plain).decode(), "plaintextCrc32c": str(crc32c(plain))}
        answer = _ask(os.environ, self.text, "encrypt", given, Deadline(WAIT))
        if answer.get("verifiedPlaintextCrc32c") is False:
            raise Unavailable("the data key was changed on its way to Google Cloud")
        return base64.b64encode(_checked(answer, "ciphertext")).decode()

    def __repr__(self) -> str:
        return f"GcpRecipient({self.text!r})"


def parse_recipient(text: str) -> GcpRecipient:
    """The key that a resource id names. Raises KeySourceError when it names none."""
    name = text.replace(" ", "")
    _check_name(name)
    return GcpRecipient(name)


def identity(environ: Mapping[str, str], deadline: Deadline | None) -> FarIdentity:
    """What the Google account of this environment may open."""

    def opens(entries: Sequence[WrappedKey], until: Deadline) -> Sequence[Plaintext | Error]:
        return [_open(environ, entry, until) for entry in entries]

    return FarIdentity(KIND, opens, deadline=deadline)


def endpoint(environ: Mapping[str, str]) -> str:
    """Where Cloud KMS answers: `SOPS_GCP_KMS_ENDPOINT`, else in the universe of `SOPS_GCP_KMS_UNIVERSE_DOMAIN`.

    Raises SettingsError for an endpoint without TLS elsewhere than on this machine.
    """
    from secrets_gitops.clients.http import is_loopback, is_url  # noqa: PLC0415  only where somebody names an endpoint

    if named := environ.get("SOPS_GCP_KMS_ENDPOINT"):
        url = (named if "://" in named else f"https://{named}").rstrip("/")
        if not is_url(url) or (url.startswith("http:") and not is_loopback(url)):
            raise SettingsError("`SOPS_GCP_KMS_ENDPOINT` is no https address")
        return url
    return f"https://cloudkms.{environ.get('SOPS_GCP_KMS_UNIVERSE_DOMAIN') or 'googleapis.com'}"


def _open(environ: Mapping[str, str], entry: WrappedKey, deadline: Deadline) -> Plaintext:
    try:
        sealed = base64.b64decode(entry.enc, validate=True)
    except (binascii.Error, ValueError):
        raise KeySourceError("the entry of the Cloud KMS key is not base64") from None
    given = {"ciphertext": base64.b64encode(sealed).decode(), "ciphertextCrc32c": str(crc32c(sealed))}
    name = str(entry.fields.get("resource_id", ""))
    return Plaintext(_checked(_ask(environ, name, "decrypt", given, deadline), "plaintext"))


def _ask(
    environ: Mapping[str, str], name: str, verb: str, given: Mapping[str, object], deadline: Deadline
) -> Mapping[str, Any]:
    _check_name(name)
    what = f"the Cloud KMS key `{name}`"
    try:
        return gcp(environ).post(f"{endpoint(environ)}/v1/{name}:{verb}", given, what, deadline)
    except SecretNotFound:
        raise KeySourceError(
            f"there is no Cloud KMS key `{name}`", hints=("check project, location and name",)
        ) from None
    except GcpError as error:
        reason = _REFUSED.get(error.reason)
        message = error.message if reason is None else f"Cloud KMS does not {verb} with `{name}`: {reason}"
        raise KeySourceError(message) from None


def _check_name(name: str) -> None:
    """A file must not lead a request elsewhere."""
    if _NAME.match(name) is None or _UNSAFE.search(name):
        raise KeySourceError(
            "this is not the resource id of a Cloud KMS key",
            hints=("it reads `projects/P/locations/L/keyRings/R/cryptoKeys/K`",),
        )


def _checked(answer: Mapping[str, Any], member: str) -> bytes:
    """Bytes of an answer, as they left Google. Raises Unavailable when the checksum does not fit."""
    try:
        data = base64.b64decode(str(answer.get(member, "")), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise BackendError("Cloud KMS did not answer as it should")
    checksum = answer.get(f"{member}Crc32c")
    if checksum is not None and str(checksum) != str(crc32c(data)):
        raise Unavailable("an answer of Google Cloud was changed on its way")
    return data
