"""Nodes to plain values: dicts, lists and what scalars mean to Go programs. For reading; never for writing back."""

from __future__ import annotations

from secrets_gitops.documents.complaints import shown_key
from secrets_gitops.documents.scalars import resolve
from secrets_gitops.errors import DocumentError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from secrets_gitops.documents.document import Node
    from secrets_gitops.documents.scalars import Scalar
    from secrets_gitops.golang.scalars import Dialect

    Tree = Scalar | Sequence["Tree"] | Mapping[str, "Tree"]
    """What `documents.emit` writes and `set_path` takes; the collections are dicts and lists, no others."""
    PlainTree = Scalar | list["PlainTree"] | dict[str, "PlainTree"]

_MERGE = "tag:yaml.org,2002:merge"


def to_plain(node: Node, dialect: Dialect, *, path: str = "") -> PlainTree:
    """The plain value of `node`. Aliases give copies; a repeated key gives its last value; `k8s` carries out `<<`.

    Raises DocumentError for a key that is not a string (`k8s`: that cannot become one), and for what
    `documents.scalars.resolve` refuses. `path` names the file in messages.
    """
    result: list[PlainTree] = [None]
    waiting: list[tuple[Node, list[PlainTree] | dict[str, PlainTree], int | str]] = [(node, result, 0)]
    while waiting:
        current, into, key = waiting.pop()
        current = current.resolved()
        value: PlainTree
        if current.kind == "mapping":
            members = {_key(name, dialect, path): child for name, child in _pairs(current, dialect, path)}
            value = dict.fromkeys(members)
            waiting += [(child, value, name) for name, child in members.items()]
        elif current.kind == "sequence":
            value = [None] * len(current.items)
            waiting += [(child, value, index) for index, child in enumerate(current.items)]
        else:
            value = resolve(current, dialect, path=path)
        into[key] = value  # type: ignore[index]  # a str for a dict, an int for a list
    return result[0]


def _pairs(mapping: Node, dialect: Dialect, path: str) -> Sequence[tuple[Node, Node]]:
    """The pairs of a mapping; in `k8s` a merge key is replaced by the pairs that it stands for."""
    if dialect != "k8s" or not any(_is_merge(key) for key, _ in mapping.pairs):
        return mapping.pairs
    pairs: list[tuple[Node, Node]] = []
    waiting = list(reversed(mapping.pairs))
    while waiting:
        key, value = waiting.pop()
        if not _is_merge(key):
            pairs.append((key, value))
            continue
        merged = value.resolved()
        sources = [item.resolved() for item in merged.items] if merged.kind == "sequence" else [merged]
        if any(source.kind != "mapping" for source in sources):
            raise DocumentError(
                "`<<` needs a mapping or a list of mappings", place=Place(path, value.line, value.column)
            )
        for source in sources:  # the first of them is carried out last and wins
            waiting += reversed(source.pairs)
    return pairs


def _is_merge(key: Node) -> bool:
    return key.text == "<<" and key.kind == "scalar" and (key.style == "plain" or key.tag == _MERGE)


def _key(node: Node, dialect: Dialect, path: str) -> str:
    if node.resolved().kind != "scalar":
        raise DocumentError("a key that is a mapping or a list", place=Place(path, node.line, node.column))
    key = resolve(node, dialect, path=path)
    if isinstance(key, str):
        return key
    if dialect == "k8s":
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, int):
            return str(key)
    raise DocumentError(
        f"the key {shown_key(node.text)} is not a string",
        hints=("write it in quotes",),
        place=Place(path, node.line, node.column),
    )
