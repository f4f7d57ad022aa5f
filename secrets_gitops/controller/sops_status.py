"""The status of a SopsSecret: the operator's one `message`, and conditions `Synced` and `IntegrityUnknown`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    Tree = dict[str, object]


def updated(obj: Mapping[str, object], *, message: str, problem: str, unknown: bool, now: datetime) -> Tree | None:
    """The status that `obj` must get; None when it has that already. `problem`: why it failed, empty for success."""
    given = obj.get("status")
    status = cast("Tree", given) if isinstance(given, dict) else {}
    metadata = obj.get("metadata")
    generation = metadata.get("generation") if isinstance(metadata, dict) else None
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    why = "the MAC does not fit what the API server holds: it covers the order of keys and their metadata"
    conditions = [
        _condition(status, "Synced", "False" if problem else "True", message.replace(" ", ""), problem, stamp),
        _condition(status, "IntegrityUnknown", "True" if unknown else "False", "Mac", why if unknown else "", stamp),
    ]
    made: Tree = {"message": message, "observedGeneration": generation, "conditions": conditions}
    same = all(status.get(name) == made[name] for name in ("message", "observedGeneration"))
    return None if same and status.get("conditions") == conditions else {**status, **made}


def _condition(status: Tree, kind: str, says: str, reason: str, message: str, stamp: str) -> Tree:
    before: Tree = {}
    listed = status.get("conditions")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("type") == kind:
            before = one
    since = before.get("lastTransitionTime") if before.get("status") == says else None
    made: Tree = {"type": kind, "status": says, "reason": reason, "lastTransitionTime": since or stamp}
    return {**made, "message": message} if message else made
