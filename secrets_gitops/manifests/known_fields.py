"""Reading the fields of custom resources: which exist, which values they take, which must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.manifests.fields import dotted
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from secrets_gitops.manifests.fields import Fields


def known(fields: Fields, given: Mapping[str, object], names: Collection[str], what: str, *path: str | int) -> None:
    """Raise DocumentError for a field that does not exist: the API server would drop it."""
    for name in given:
        if name not in names:
            hint = f"it has: {', '.join(sorted(names))}"
            raise fields.error(f"unknown field `{printable(name)}` in {what}", *path, name, hints=(hint,))


def choice(fields: Fields, value: object, values: Sequence[str], *path: str | int) -> str:
    """A text that must be one of `values`. Raises DocumentError."""
    text = fields.text(value, *path)
    if text not in values:
        hint = f"it is one of: {', '.join(one for one in values if one)}"
        raise fields.error(f"{dotted(path)} has a value that it does not take", *path, hints=(hint,))
    return text


def required(fields: Fields, value: object, *path: str | int) -> str:
    """A text that must not be empty. Raises DocumentError."""
    text = fields.text(value, *path)
    if not text:
        raise fields.error(f"{dotted(path)} is missing", *path)
    return text
