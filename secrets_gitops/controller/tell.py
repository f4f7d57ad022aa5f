"""Writes the status of a SealedSecret, on the version that it was decided on and only when it says something new."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from secrets_gitops.clients.kube.objects import key_of, metadata_of, version_of
from secrets_gitops.clients.kube.resources import SEALED_SECRETS, path
from secrets_gitops.controller import conditions
from secrets_gitops.controller.apply import MayNotWrite
from secrets_gitops.errors import Conflict, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.clients.kube.objects import Key
    from secrets_gitops.clients.kube.request import Api, Object

_ATTEMPTS = 3
_IDENTITY = ("name", "namespace", "resourceVersion", "uid")


def get(api: Api, key: Key) -> Object | None:
    """The SealedSecret as it is now; None when it is gone."""
    try:
        obj = api.call("GET", path(SEALED_SECRETS, key.namespace, key.name))
    except ObjectNotFound:
        return None
    metadata_of(obj).pop("managedFields", None)
    return obj


class StatusWriter:
    """Tells how it went; `may_write` is asked about the namespace before each write."""

    def __init__(self, api: Api, may_write: Callable[[str], bool]) -> None:
        self._api = api
        self._may_write = may_write

    def tell(self, obj: Object, said: str, *, keep_message: bool, is_same: Callable[[Object], bool]) -> str | None:
        """Success, or the failure that is `said`. The version that the write made; None when there was none to make.

        When the object changed meanwhile and is not the same any more, nothing is written: it is worked on again.
        Raises MayNotWrite, Unavailable, ClusterErrors.
        """
        key = key_of(obj)
        for _ in range(_ATTEMPTS):
            status = conditions.updated(obj, message=said, now=datetime.now(UTC), keep_message=keep_message)
            if status is None:
                return None
            if not self._may_write(key.namespace):
                raise MayNotWrite
            metadata = metadata_of(obj)
            # The API server takes nothing but the status from it; the spec need not travel.
            body: Object = {
                "apiVersion": SEALED_SECRETS.api_version,
                "kind": SEALED_SECRETS.kind,
                "metadata": {name: metadata[name] for name in _IDENTITY if name in metadata},
                "status": status,
            }
            try:
                answer = self._api.call("PUT", path(SEALED_SECRETS, key.namespace, key.name, "status"), body)
            except Conflict:
                newer = get(self._api, key)
                if newer is None or not is_same(newer):
                    return None
                obj = newer
            except ObjectNotFound:
                return None
            else:
                return version_of(answer).resource_version
        raise Conflict(f"the status of `{key}` changes faster than it can be written")
