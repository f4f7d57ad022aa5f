"""The status of a SealedSecret: one condition `Synced`, written only when it says something new."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

SYNCED = "Synced"

Tree = dict[str, object]


def synced(obj: Mapping[str, object]) -> str:
    """What the condition of `obj` says: `True`, `False`, or nothing when it has none."""
    return str(_synced(_status(obj)).get("status", ""))


def is_current(obj: Mapping[str, object]) -> bool:
    """Whether the status is about the present spec and says that all is well."""
    status = _status(obj)
    return _synced(status).get("status") == "True" and status.get("observedGeneration") == _generation(obj)


def updated(obj: Mapping[str, object], *, message: str, now: datetime, keep_message: bool = False) -> Tree | None:
    """The status that `obj` must get: success without a `message`, else failure. None when it has that already.

    `keep_message`: a failure that comes and goes does not replace the message of one that is told already.
    """
    status = _status(obj)
    before = _synced(status)
    says = "False" if message else "True"
    flipped = before.get("status") != says
    new_words = str(before.get("message", "")) != message and not (keep_message and before.get("message"))
    if not flipped and not new_words and status.get("observedGeneration") == _generation(obj):
        return None
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    condition: Tree = {"type": SYNCED, "status": says, "lastUpdateTime": stamp}
    condition["lastTransitionTime"] = stamp if flipped else _moment(before.get("lastTransitionTime")) or stamp
    if message:
        condition["message"] = message
    others = [one for one in well_formed(status) if one.get("type") != SYNCED]
    return {**status, "observedGeneration": _generation(obj), "conditions": [condition, *others]}


def well_formed(status: Tree) -> list[Tree]:
    """The conditions that the API server takes back; others, from before there was a schema, would stop every write."""
    conditions = status.get("conditions")
    return [
        cast("Tree", one)
        for one in (conditions if isinstance(conditions, list) else ())
        if isinstance(one, dict) and isinstance(one.get("type"), str) and isinstance(one.get("status"), str)
    ]


def _moment(text: object) -> object:
    """`text` when it is a time."""
    try:
        return text if isinstance(text, str) and datetime.fromisoformat(text).tzinfo else None
    except ValueError:
        return None


def _status(obj: Mapping[str, object]) -> Tree:
    status = obj.get("status")
    return cast("Tree", status) if isinstance(status, dict) else {}


def _synced(status: Tree) -> Tree:
    return next((one for one in well_formed(status) if one["type"] == SYNCED), {})


def _generation(obj: Mapping[str, object]) -> object:
    metadata = obj.get("metadata")
    return metadata.get("generation") if isinstance(metadata, dict) else None
