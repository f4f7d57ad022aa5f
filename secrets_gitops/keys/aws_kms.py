"""Keys of AWS KMS: `arn:aws:kms:REGION:ACCOUNT:key/ID[+ROLE][|CONTEXT][|PROFILE]`, CONTEXT being `name:value,…`."""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.clients.aws import Account, AwsError, aws
from secrets_gitops.deadline import Deadline
from secrets_gitops.errors import Error, KeySourceError, SecretNotFound
from secrets_gitops.keys.far import WAIT, FarIdentity
from secrets_gitops.plaintext import Plaintext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.keys.recipient import Field, WrappedKey

KIND = "kms"
_ARN = re.compile(r"arn:aws[\w-]*:kms:(?P<region>[^:]+):[0-9]+:(?:key|alias)/.+\Z")
_REFUSED = {
    "InvalidCiphertext": "it was wrapped with another key or encryption context, or changed",
    "IncorrectKey": "it was wrapped with another key",
    "Disabled": "the key is disabled",
    "KMSInvalidState": "the key is disabled, or about to be deleted",
    "InvalidKeyUsage": "the key is not for encrypting",
    "KeyUnavailable": "the key is not available just now",
    "InvalidGrantToken": "a grant is not valid",
}
"""Code of the service → reason; the context's mistake is not told from a changed text, on purpose of the service."""


class Key(NamedTuple):
    """One KMS key, and how to get at it."""

    arn: str
    role: str
    context: tuple[tuple[str, str], ...]
    profile: str

    @property
    def account(self) -> Account:
        """Where to ask. Raises KeySourceError when the ARN is none."""
        match = _ARN.match(self.arn)
        if match is None:
            raise KeySourceError(
                "this is not the ARN of an AWS KMS key", hints=("it reads `arn:aws:kms:REGION:ACCOUNT:key/ID`",)
            )
        return Account(match["region"], self.profile, self.role)


class KmsRecipient:
    """Whoever may decrypt with a KMS key."""

    __slots__ = ("_key",)

    kind = KIND

    def __init__(self, key: Key) -> None:
        self._key = key

    @property
    def text(self) -> str:
        """ARN, role, encryption context and profile, as sops writes them for people."""
        arn, role, context, profile = self._key
        text = f"{arn}+{role}" if role else arn
        if context or profile:
            text += "|" + ",".join(f"{name}:{value}" for name, value in context)
        return f"{text}|{profile}" if profile else text

    @property
    def fields(self) -> dict[str, Field]:
        """The ARN and the profile, which may be empty; role and context where there are some."""
        fields: dict[str, Field] = {"arn": self._key.arn, "aws_profile": self._key.profile}
        if self._key.role:
            fields["role"] = self._key.role
        if self._key.context:
            fields["context"] = dict(self._key.context)
        return fields

    def wrap(self, data_key: Plaintext) -> str:
        """The ciphertext as base64. Raises SettingsError, KeySourceError, AccessDenied, Unavailable."""
        blob = _ask(os.environ, self._key, "encrypt", {"Plaintext": data_key.reveal()}, Deadline(WAIT))[
            "CiphertextBlob"
        ]
        return base64.b64encode(blob).decode()

    def __repr__(self) -> str:
        return f"KmsRecipient({self.text!r})"


def parse_recipient(text: str) -> KmsRecipient:
    """The key that a rule's text names. Raises KeySourceError when it names none."""
    arn, *rest = text.split("|")
    context, profile = (*rest, "", "")[:2]
    if len(rest) > 2:
        raise KeySourceError("an AWS KMS key has more than three parts", hints=("`ARN[+ROLE][|CONTEXT][|PROFILE]`",))
    arn, plus, role = arn.replace(" ", "").partition("+arn:")
    key = Key(arn, f"arn:{role}" if plus else "", _context(context), profile.strip())
    assert key.account
    return KmsRecipient(key)


def identity(environ: Mapping[str, str], deadline: Deadline | None) -> FarIdentity:
    """What the AWS accounts of this environment may open."""

    def opens(entries: Sequence[WrappedKey], until: Deadline) -> Sequence[Plaintext | Error]:
        return [Plaintext(_open(environ, entry, until)) for entry in entries]

    return FarIdentity(KIND, opens, deadline=deadline)


def _open(environ: Mapping[str, str], entry: WrappedKey, deadline: Deadline) -> bytes:
    try:
        blob = base64.b64decode(entry.enc, validate=True)
    except (binascii.Error, ValueError):
        raise KeySourceError("the entry of the AWS KMS key is not base64") from None
    context = entry.fields.get("context", {})
    pairs = tuple(sorted(context.items())) if not isinstance(context, str) else ()
    arn, role, profile = (entry.fields.get(name, "") for name in ("arn", "role", "aws_profile"))
    key = Key(str(arn), str(role), pairs, str(profile))
    plain: bytes = _ask(environ, key, "decrypt", {"CiphertextBlob": blob}, deadline)["Plaintext"]
    return plain


def _ask(
    environ: Mapping[str, str], key: Key, operation: str, given: Mapping[str, object], deadline: Deadline
) -> Mapping[str, bytes]:
    arguments = {**given, "KeyId": key.arn, "EncryptionContext": dict(key.context)}
    what = f"the KMS key `{key.arn}`"
    try:
        return aws(environ).ask(key.account, "kms", operation, arguments, what, deadline)
    except SecretNotFound:
        raise KeySourceError(f"there is no KMS key `{key.arn}`", hints=("check region, account and name",)) from None
    except AwsError as error:
        reason = next((text for code, text in _REFUSED.items() if error.reason.startswith(code)), None)
        message = error.message if reason is None else f"AWS KMS does not {operation} with `{key.arn}`: {reason}"
        raise KeySourceError(message) from None


def _context(text: str) -> tuple[tuple[str, str], ...]:
    """`name:value,…`; a value may hold colons and, where what follows has no name, commas."""
    pairs: list[tuple[str, str]] = []
    for part in text.split(",") if text.strip() else ():
        name, colon, value = part.partition(":")
        if colon:
            pairs.append((name.strip(), value))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{part}")
        else:
            raise KeySourceError("the encryption context of an AWS KMS key is not `name:value,…`")
    return tuple(sorted(dict(pairs).items()))
