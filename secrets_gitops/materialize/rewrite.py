"""`dataFrom[].rewrite` of an ExternalSecret: keys renamed by regular expressions, and JSON objects merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.errors import BackendError, DocumentError, NotBuiltYet
from secrets_gitops.golang.replacing import replace_all
from secrets_gitops.manifests.external_secret import Merge, Renaming
from secrets_gitops.printable import printable
from secrets_gitops.references import json_values
from secrets_gitops.references.json_values import Json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.manifests.external_secret import Rewrite


def rewrite(values: Mapping[str, bytes], steps: Sequence[Rewrite]) -> dict[str, bytes]:
    """The values after every step. Raises DocumentError for a bad expression, keys that become one, or a conflict."""
    out = dict(values)
    for step in steps:
        if isinstance(step, Renaming):
            out = _renamed(out, step)
        elif isinstance(step, Merge):
            out = _merged(out, step)
        else:
            raise NotBuiltYet(f"`rewrite[].{step.field}` is not built yet", hints=("`regexp` and `merge` are",))
    return out


def _renamed(values: Mapping[str, bytes], step: Renaming) -> dict[str, bytes]:
    out: dict[str, bytes] = {}
    for key, value in values.items():
        try:
            name = replace_all(step.source, key, step.target)
        except ValueError as error:
            raise DocumentError(f"`rewrite[].regexp.source` is not a regular expression of RE2: {error}") from None
        if name in out:
            # Which of the two External Secrets would keep is left to chance.
            raise DocumentError(
                f"two keys become `{printable(name)}` when they are rewritten",
                hints=("`$1_x` means the group called `1_x`; write `${1}_x`",) if "$" in step.target else (),
            )
        out[name] = value
    return out


def _merged(values: Mapping[str, bytes], step: Merge) -> dict[str, bytes]:
    for key in step.priority:
        if key not in values and step.priority_policy != "IgnoreNotFound":
            raise DocumentError(f"`rewrite[].merge.priority` names `{printable(key)}`, and there is no such key")
    if step.strategy == "JSON" and not step.into:
        raise DocumentError("`rewrite[].merge` with the strategy `JSON` needs `into`")
    order = [*sorted(set(values) - set(step.priority)), *(key for key in step.priority if key in values)]
    merged: dict[str, Json] = {}
    for key in order:
        members = Json.read(values[key], f"the value of `{printable(key)}`").members()
        if members is None:
            raise BackendError(f"the value of `{printable(key)}` is not a JSON object, and cannot be merged")
        if step.conflict_policy != "Ignore" and not merged.keys().isdisjoint(members):
            name = next(name for name in members if name in merged)
            raise DocumentError(
                f"`{printable(name)}` stands in two of the objects to merge",
                hints=("`conflictPolicy: Ignore` lets the later one win",),
            )
        merged |= members
    if step.strategy == "JSON":
        return {**values, step.into: json_values.marshalled(merged, html=False).encode()}
    return {name: value.typed() for name, value in merged.items()}
