"""What sops' YAML parser refuses although it is YAML: found before something is written that sops cannot open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.document import walk
from secrets_gitops.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Container

    from secrets_gitops.documents.document import Document, Node

_MERGE = "tag:yaml.org,2002:merge"


def refuse_unreadable(plain: Document, encrypted: Container[int]) -> None:
    """Raise DocumentError for a merge of something else than maps, and for `?` in a bare word between brackets.

    `encrypted` holds the ids of the scalars that become envelopes, which are quoted there.
    """
    if plain.format != "yaml":
        return
    for root in plain.roots:
        for node in walk(root):
            for key, value in node.pairs:
                if key.text == "<<" and key.kind == "scalar" and (key.style == "plain" or key.tag == _MERGE):
                    _check_merge(plain, value)
            if node.style == "flow" and "?" in plain.text[node.start : node.end]:
                _check_words(plain, [child for pair in node.pairs for child in pair] + list(node.items), encrypted)


def _check_merge(plain: Document, value: Node) -> None:
    merged = value.resolved()
    sources = [item.resolved() for item in merged.items] if merged.kind == "sequence" else [merged]
    if any(source.kind != "mapping" for source in sources):
        raise DocumentError("`<<` needs a map or a list of maps", place=plain.place(value))


def _check_words(plain: Document, members: list[Node], encrypted: Container[int]) -> None:
    for node in members:
        if node.kind == "scalar" and node.style == "plain" and "?" in node.text and id(node) not in encrypted:
            raise DocumentError(
                "sops cannot read a `?` in a bare word inside brackets or braces",
                hints=("write the word in quotes",),
                place=plain.place(node),
            )
