"""An answer of the API server that is not a success, as one of our errors.

What the server says about a Secret may quote a value of it ("Invalid value: …"), and so may an admission webhook. For
requests that carry a Secret only reasons and names of fields are kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from secrets_gitops.errors import (
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    ObjectNotFound,
    SettingsError,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secrets_gitops.errors import Error

_LONGEST = 1000
_CLASSES: dict[int, Callable[[str], Error]] = {
    400: Invalid,
    401: Forbidden,
    403: Forbidden,
    404: ObjectNotFound,
    405: Invalid,
    409: Conflict,
    410: Expired,
    413: Invalid,
    415: Invalid,
    422: Invalid,
}
_HARMLESS = re.compile(
    r'[\w./-]+(?: "[^"]*")? is forbidden: User "[^"]*" cannot \w+ resource "[^"]*" in API group "[^"]*"'
    r'(?: in the namespace "[^"]*"| at the cluster scope)?'
    r'|[\w./-]+ "[^"]*" is forbidden: (?:unable to create new content in namespace [\w-]+ because it is being'
    r" terminated|exceeded quota: [\w./-]+)"
    r'|[\w./-]+ "[^"]*" already exists'
    r'|Operation cannot be fulfilled on [\w./-]+ "[^"]*": [^:"]*'
)
"""Sentences that only name the user, the verb, the object or a limit, up to where free text could begin."""
_MANAGER = re.compile(r'conflict with "[^"]*"')
_ADMISSION = re.compile(r'admission webhook "([\w.-]+)" denied|ValidatingAdmissionPolicy \'([\w.-]+)\'')
_WORD = re.compile(r"[\w.\-\[\]/]{1,200}")


def failure(status: int, answer: object, headers: Mapping[str, str], *, secret: bool) -> Error:
    """The error for HTTP `status`; `answer` is the parsed body, `secret` says that the request carried a Secret."""
    message = (_guarded(status, answer) if secret else _own_words(answer)) or f"the API server answered {status}"
    if _beyond(answer):
        return Expired(message)
    if status in (408, 429) or status >= 500:
        return Unavailable(message, retry_after=_retry_after(headers, answer))
    return _CLASSES.get(status, ClusterError)(message)


def missing_namespace(error: Error, namespace: str) -> Error:
    """`error` of a create in our own namespace; SettingsError when that namespace is what does not exist."""
    if isinstance(error, ObjectNotFound) and f'namespaces "{namespace}" not found' in error.message:
        return SettingsError(
            f"the namespace `{namespace}` does not exist",
            hints=(
                f"create it: `kubectl create namespace {namespace}`",
                "or say where the controller is with POD_NAMESPACE, or with the namespace of the kubeconfig's context",
            ),
        )
    return error


def _beyond(answer: object) -> bool:
    """Whether the version asked for lies ahead of what the server knows: its store came back from a backup."""
    causes = _mapping(answer, "details").get("causes")
    return isinstance(causes, list) and any(
        isinstance(cause, dict) and cause.get("reason") == "ResourceVersionTooLarge" for cause in causes
    )


def _own_words(answer: object) -> str:
    message = answer.get("message") if isinstance(answer, dict) else None
    return " ".join(message.split())[:_LONGEST] if isinstance(message, str) else ""


def _guarded(status: int, answer: object) -> str:
    """What can be said without the server's free text: a known sentence, or the reason and the fields."""
    message = _own_words(answer)
    harmless = _HARMLESS.match(message) if status in (403, 409) else None
    if harmless:
        return harmless[0]
    if status in (401, 404):
        return message  # said before anybody looked at the body
    details = _mapping(answer, "details")
    subject = f"`{details['name']}`" if isinstance(details.get("name"), str) else "the Secret"
    admission = _ADMISSION.search(message)
    if admission:
        return f"{subject} is refused by the admission rule `{admission[1] or admission[2]}`"
    reason = answer.get("reason") if isinstance(answer, dict) else None
    text = f"{subject} is refused by the API server: {reason if isinstance(reason, str) and reason else status}"
    causes = details.get("causes")
    fields = [_cause(cause) for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []
    return f"{text} ({', '.join(fields[:5])})" if fields else text


def _cause(cause: Mapping[str, object]) -> str:
    words = [value for value in (cause.get("field"), cause.get("reason")) if isinstance(value, str)]
    manager = _MANAGER.match(str(cause.get("message"))) if "FieldManagerConflict" in words else None
    known = [word for word in words if _WORD.fullmatch(word)]
    return " ".join([*known, manager[0]] if manager else known) or "a field"


def _retry_after(headers: Mapping[str, str], answer: object) -> float | None:
    said: object = headers.get("Retry-After") or _mapping(answer, "details").get("retryAfterSeconds")
    if isinstance(said, str) and said.isascii() and said.isdigit():
        said = int(said)
    return float(said) if isinstance(said, int) and 0 <= said <= 86400 else None


def _mapping(answer: object, key: str) -> dict[str, object]:
    value = answer.get(key) if isinstance(answer, dict) else None
    return value if isinstance(value, dict) else {}
