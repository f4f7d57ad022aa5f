"""The status of an ExternalSecret: the condition `Ready` and what the next fetch is decided on. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from secrets_gitops.controller.conditions import well_formed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    Tree = dict[str, object]

READY = "Ready"


def condition(obj: Mapping[str, object]) -> Tree:
    """The condition as it is; empty when there is none."""
    return next((one for one in well_formed(status_of(obj)) if one["type"] == READY), {})


def status_of(obj: Mapping[str, object]) -> Tree:
    """`status`; empty when there is none."""
    status = obj.get("status")
    return cast("Tree", status) if isinstance(status, dict) else {}


def told(obj: Mapping[str, object], *, ready: bool, reason: str, message: str, now: datetime) -> Tree:
    """The status with that condition, last in its list; the time of transition moves only with the status."""
    before, status = condition(obj), status_of(obj)
    says = "True" if ready else "False"
    stamp = before.get("lastTransitionTime") if before.get("status") == says else None
    others = [one for one in well_formed(status) if one is not before]
    fresh: Tree = {
        "type": READY, "status": says, "reason": reason, "message": message,
        "lastTransitionTime": stamp or timestamp(now),
    }  # fmt: skip
    return {**status, "conditions": [*others, fresh]}


def timestamp(moment: datetime) -> str:
    """As Kubernetes writes it: UTC, whole seconds."""
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
