"""Whole Kubernetes objects as text, in the layout of kubectl and kubeseal.

YAML: a `---` line, keys sorted, two blanks a level, dashes under the first letter of their key. JSON: two blanks a
level, keys in the order of the tree, one final line break; several documents are simply one after another.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from secrets_gitops.documents import emit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.documents.scalars import Scalar

_PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)+"  # kubernetes.io/tls, tls.key
    r"|\.(?!(?i:inf|nan)$)[A-Za-z][A-Za-z0-9_-]*"  # .dockerconfigjson
)
_SEALED_ITEM = re.compile("A[A-Za-z0-9+/]+={0,2}")
_LONG = 300
"""Characters; a sealed item has more, and a key never has."""


def yaml_document(tree: Mapping[str, object]) -> str:
    """One YAML document, its `---` line first."""
    return "---\n" + yaml_block(tree)


def yaml_block(tree: Mapping[str, object]) -> str:
    """One YAML mapping, without a `---` line."""
    lines: list[str] = []
    _mapping(lines, tree, "", "")
    lines.append("")
    return "\n".join(lines)


def json_document(tree: Mapping[str, object]) -> str:
    """One JSON document."""
    return json_value(tree) + "\n"


def json_value(tree: Mapping[str, object], *, indent: str | None = "  ", outer: str = "") -> str:
    """The object as JSON that begins on a line indented by `outer`; on one line when `indent` is None."""
    return emit.json_text(cast("Tree", tree), indent=indent, outer=outer)


def _mapping(lines: list[str], tree: Mapping[str, object], indent: str, lead: str) -> None:
    inner = indent + "  "
    for key in sorted(tree):
        value = tree[key]
        head = lead + _key(key, indent)
        lead = indent
        if isinstance(value, dict) and value:
            lines.append(head)
            _mapping(lines, value, inner, inner)
        elif isinstance(value, list) and value:
            lines.append(head)
            _sequence(lines, value, indent)
        else:
            lines.append(f"{head} {_text(value, inner)}")


def _sequence(lines: list[str], items: list[object], indent: str) -> None:
    for item in items:
        if isinstance(item, dict) and item:
            _mapping(lines, item, indent + "  ", f"{indent}- ")
        elif isinstance(item, list) and item:
            lines.append(f"{indent}-")
            _sequence(lines, item, indent + "  ")
        else:
            lines.append(f"{indent}- {_text(item, indent + '  ')}")


@lru_cache(maxsize=1024)  # few keys stand in many objects
def _key(key: str, indent: str) -> str:
    return f"{key}:" if len(key) < _LONG and _PLAIN.fullmatch(key) else emit.yaml_key(key, indent=len(indent))


def _text(value: object, indent: str) -> str:
    """A value in a block. Without quotes stand the words that `emit` leaves so, names and sealed items: no dialect of
    YAML takes any of them but for text.
    """
    if isinstance(value, str):
        if (_PLAIN if len(value) < _LONG else _SEALED_ITEM).fullmatch(value):
            return value
    elif isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]"
    return emit.yaml_scalar(cast("Scalar", value), indent=len(indent), inline_only=False)
