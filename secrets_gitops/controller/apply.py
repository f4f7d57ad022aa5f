"""Carries an Outcome out: reads and writes the Secret, so that whatever happens meanwhile is noticed.

Every write is a create, or an update that carries the version it was decided on; a conflict is looked at again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from secrets_gitops.clients.kube.failures import failure
from secrets_gitops.clients.kube.resources import SECRETS, path
from secrets_gitops.controller.reconcile import decide
from secrets_gitops.errors import Conflict, Invalid, ObjectNotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.request import Api
    from secrets_gitops.controller.reconcile import Outcome, Tree
    from secrets_gitops.errors import Error

Applied = Literal["created", "updated", "kept", "refused"]

IMMUTABLE = "field is immutable when `immutable` is set"
_ATTEMPTS = 4
_WORDS = {
    "FieldValueRequired": "Required value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTooLong": "Too long",
    "FieldValueDuplicate": "Duplicate value",
}
_FIELD = re.compile(r"[\w.\-\[\]/]{1,200}")


class MayNotWrite(Exception):
    """This replica may not write any more; another one will do the work."""


class Writer:
    """Writes the Secrets of one process; `may_write` is asked about the namespace before each write."""

    def __init__(
        self,
        api: Api,
        may_write: Callable[[str], bool],
        decide: Callable[[str, Tree, Tree | None], Outcome] = decide,
    ) -> None:
        """`decide` says what must become of a Secret; by default the rules of SealedSecrets."""
        self._api = api
        self._may_write = may_write
        self._decide = decide

    def apply(self, uid: str, wanted: Tree, *, namespace: str, name: str, absent: bool) -> Applied:
        """Make the Secret what the resource with `uid` wants; one that is probably `absent` is created without a look.

        Raises Invalid and the other ClusterErrors when the API server refuses, Unavailable, MayNotWrite.
        """
        found: Tree | None = None if absent else self._get(namespace, name)
        for _ in range(_ATTEMPTS):
            outcome = self._decide(uid, wanted, found)
            if outcome.action == "keep":
                return "kept"
            if outcome.action == "refuse" or outcome.body is None:
                return "refused"
            try:
                if outcome.action == "create":
                    self._write("POST", namespace, name, outcome.body)
                    return "created"
                self._write("PUT", namespace, name, outcome.body)
            except (Conflict, ObjectNotFound) as error:
                found = self._get(namespace, name)
                if isinstance(error, ObjectNotFound) and outcome.action == "create":
                    raise  # the namespace is gone
                continue
            return "updated"
        raise Conflict(f"the Secret `{namespace}/{name}` changes faster than it can be written")

    def delete(self, namespace: str, name: str) -> None:
        """Delete the Secret, if it is there."""
        if not self._may_write(namespace):
            raise MayNotWrite
        try:
            self._api.call("DELETE", path(SECRETS, namespace, name))
        except ObjectNotFound:
            return

    def _get(self, namespace: str, name: str) -> Tree | None:
        try:
            return self._api.call("GET", path(SECRETS, namespace, name))
        except ObjectNotFound:
            return None

    def _write(self, method: Literal["POST", "PUT"], namespace: str, name: str, body: Tree) -> None:
        if not self._may_write(namespace):
            raise MayNotWrite
        answer = self._api.raw(method, path(SECRETS, namespace, name if method == "PUT" else None), body)
        if 200 <= answer.status < 300:
            return
        parsed = self._api.parsed(answer.body)
        error = failure(answer.status, parsed, answer.headers, secret=True)
        if isinstance(error, Invalid) and parsed is not None:
            error = _in_its_words(error, parsed, name)
        raise error


def _in_its_words(error: Error, answer: Tree, name: str) -> Error:
    """The API server's message with each value left out: people search for these words."""
    details = answer.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    parts = []
    for cause in causes if isinstance(causes, list) else ():
        field, reason, message = (str(cause.get(part, "")) for part in ("field", "reason", "message"))
        words = _WORDS.get(reason)
        if words is None or not _FIELD.fullmatch(field):
            continue
        ending = next((text for text in (IMMUTABLE, "field is immutable") if message.endswith(text)), "")
        parts.append(f"{field}: {words}{f': {ending}' if ending else ''}")
    if not parts:
        return error
    listed = parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"
    return Invalid(f'Secret "{name}" is invalid: {listed}')


def unavailable(error: Error) -> float:
    """The least delay in seconds that the API server asked for with `error`."""
    return (error.retry_after or 0.0) if isinstance(error, Unavailable) else 0.0
