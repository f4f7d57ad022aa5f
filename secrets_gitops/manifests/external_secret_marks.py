"""The marks that External Secrets Operator leaves on objects, written exactly as it does, so that either can take over.

Hashes are hex SHA3-224 of the text that Go's `%+v` makes of a value.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from secrets_gitops.golang.numbers import format_float

if TYPE_CHECKING:
    from collections.abc import Mapping

MANAGED = "reconcile.external-secrets.io/managed"
"""Label, `true`: what the operator watches."""
CREATED_BY = "reconcile.external-secrets.io/created-by"
"""Label, see `created_by`; with creation policy Owner only."""
DATA_HASH = "reconcile.external-secrets.io/data-hash"
"""Annotation, see `data_hash`."""
FINALIZER = "externalsecrets.external-secrets.io/externalsecret-cleanup"
_MANAGER = "externalsecrets.external-secrets.io"
_LONGEST_MANAGER = 63


def data_hash(data: Mapping[str, bytes]) -> str:
    """Of the whole data of a Secret."""
    items = (f"{key}:[{' '.join(map(str, data[key]))}]" for key in _sorted(data))
    return _hash(f"map[{' '.join(items)}]")


def created_by(namespace: str, name: str) -> str:
    """Of the ExternalSecret that made a Secret."""
    return _hash(f"{namespace}/{name}")


def synced_version(generation: int, labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """`status.syncedResourceVersion`: another one when spec, labels or annotations are others."""
    return f"{generation}-{_hash(f'{{annotations:{printed(annotations)} labels:{printed(labels)}}}')}"


def field_manager(name: str) -> str:
    """The field manager of every write for an ExternalSecret."""
    plain = f"{_MANAGER}/{name}"
    return plain if len(plain.encode()) <= _LONGEST_MANAGER else f"{_MANAGER}/sha3/{_hash(name)}"


def printed(value: object) -> str:
    """A value of JSON as `%+v` prints it once it is decoded; metadata's integers are such floats, too."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{printed(value[key])}' for key in _sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(printed, value))}]"
    if value is None:
        return "<nil>"
    if isinstance(value, str):
        return value
    return format_float(value) if isinstance(value, float) else json.dumps(value)


def _sorted(mapping: Mapping[str, object]) -> list[str]:
    return sorted(mapping, key=lambda key: key.encode("utf-8", "surrogatepass"))


def _hash(text: str) -> str:
    return hashlib.sha3_224(text.encode("utf-8", "surrogatepass")).hexdigest()
