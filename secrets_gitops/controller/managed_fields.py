"""Who wrote which field of a Secret, read from `metadata.managedFields`. Pure.

External Secrets Operator updates under a name of its own for each ExternalSecret; we apply under the same name. So what
it wrote is ours when we take over, and an update of that name beside our apply is an operator that is still at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Tree = dict[str, object]

_FIELDS = {"data": ("f:data",), "labels": ("f:metadata", "f:labels"), "annotations": ("f:metadata", "f:annotations")}


def written_by(secret: Mapping[str, object], manager: str) -> frozenset[tuple[str, str]]:
    """(`data`, `labels` or `annotations`; key) of everything that was written under the name `manager`."""
    out: set[tuple[str, str]] = set()
    for entry in _entries(secret, manager):
        for field, path in _FIELDS.items():
            keys: object = entry.get("fieldsV1")
            for step in path:
                keys = keys.get(step) if isinstance(keys, dict) else None
            out.update((field, key[2:]) for key in (keys if isinstance(keys, dict) else ()) if key.startswith("f:"))
    return frozenset(out)


def operations(secret: Mapping[str, object], manager: str) -> frozenset[str]:
    """`Apply`, `Update`, both or none: how it was written under that name."""
    return frozenset(str(entry.get("operation")) for entry in _entries(secret, manager))


def as_applied(secret: Mapping[str, object], manager: str) -> list[Tree]:
    """All entries, with the update of that name turned into an apply, so that a field left out later goes away."""
    out: list[Tree] = []
    for entry in _all(secret):
        mine = entry.get("manager") == manager and entry.get("operation") == "Update" and not entry.get("subresource")
        out.append({**entry, "operation": "Apply"} if mine else entry)
    return out


def _entries(secret: Mapping[str, object], manager: str) -> Iterator[Tree]:
    return (entry for entry in _all(secret) if entry.get("manager") == manager and not entry.get("subresource"))


def _all(secret: Mapping[str, object]) -> list[Tree]:
    metadata = secret.get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, dict) else None
    return [cast("Tree", entry) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
