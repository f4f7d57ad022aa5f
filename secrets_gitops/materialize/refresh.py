"""When an ExternalSecret is fetched again, and when it is looked at again. Pure: what time it is comes in."""

from __future__ import annotations


def is_due(policy: str, interval: float, *, synced: bool, changed: bool, since: float | None) -> bool:
    """Whether the stores are to be asked.

    `interval`: seconds; `synced`: it was fetched before; `changed`: spec, labels or annotations are others than then;
    `since`: seconds from the last fetch until now, negative when that lies in the future, None when it is not known.
    """
    if policy == "CreatedOnce":
        return not synced
    if policy == "OnChange":
        return not synced or changed
    if interval <= 0 and synced:
        return False
    if not synced or changed or since is None or since < 0:
        return True
    return since > interval


def look_again(interval: float, since: float, policy: str = "Periodic") -> float | None:
    """Seconds until the object is looked at again; 0: at once; None: not before something changes."""
    if interval <= 0 or policy != "Periodic":  # past its interval, one that time does not refresh would be due for ever
        return None
    return interval - since if 0 <= since <= interval else 0.0
