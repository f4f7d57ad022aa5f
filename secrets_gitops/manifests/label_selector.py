"""A LabelSelector of Kubernetes: `matchLabels` and `matchExpressions`, all of which must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.manifests.known_fields import choice, known, required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.manifests.fields import Fields


class Requirement(NamedTuple):
    """One expression."""

    key: str
    operator: str
    """`In`, `NotIn`, `Exists` or `DoesNotExist`."""
    values: tuple[str, ...] = ()


Selector = tuple[Requirement, ...]


def read(fields: Fields, value: object, *path: str | int) -> Selector:
    """The selector under `path`. Raises DocumentError for an operator that there is not, or values that do not fit."""
    given = fields.mapping(value, *path)
    known(fields, given, {"matchLabels", "matchExpressions"}, "a selector", *path)
    labels = fields.texts(given.get("matchLabels"), *path, "matchLabels")
    out = [Requirement(key, "In", (text,)) for key, text in sorted(labels.items())]
    for at, one in enumerate(fields.items(given.get("matchExpressions"), *path, "matchExpressions")):
        here = (*path, "matchExpressions", at)
        expression = fields.mapping(one, *here)
        known(fields, expression, {"key", "operator", "values"}, "an expression of a selector", *here)
        operators = ("In", "NotIn", "Exists", "DoesNotExist")
        operator = choice(fields, expression.get("operator"), operators, *here, "operator")
        items = enumerate(fields.items(expression.get("values"), *here, "values"))
        values = tuple(fields.text(text, *here, "values", number) for number, text in items)
        if bool(values) != (operator in {"In", "NotIn"}):
            raise fields.error("`In` and `NotIn` need values, and the others take none", *here, "values")
        out.append(Requirement(required(fields, expression.get("key"), *here, "key"), operator, values))
    return tuple(out)


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether all of it holds; the empty selector fits everything."""
    return all(_holds(one, labels) for one in selector)


def _holds(one: Requirement, labels: Mapping[str, str]) -> bool:
    if one.operator == "In":
        return labels.get(one.key) in one.values
    if one.operator == "NotIn":
        return labels.get(one.key) not in one.values
    return (one.key in labels) == (one.operator == "Exists")
