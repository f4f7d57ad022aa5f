"""What sops' YAML parser refuses although it is YAML: found before something is written that sops cannot open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.document import walk
from secrets_gitops.errors import DocumentError

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node

_MERGE = "tag:yaml.org,2002:merge"


def refuse_unreadable(sealed: Document) -> None:
    """Raise DocumentError for a merge of something else than maps, and for `?` in a bare word between brackets."""
    if sealed.format != "yaml":
        return
    for root in sealed.roots:
        for node in walk(root):
            for key, value in node.pairs:
                if key.text == "<<" and key.kind == "scalar" and (key.style == "plain" or key.tag == _MERGE):
                    _check_merge(sealed, value)
            if node.style == "flow" and "?" in sealed.text[node.start : node.end]:
                _check_words(sealed, [child for pair in node.pairs for child in pair] + list(node.items))


def _check_merge(sealed: Document, value: Node) -> None:
    merged = value.resolved()
    sources = [item.resolved() for item in merged.items] if merged.kind == "sequence" else [merged]
    if any(source.kind != "mapping" for source in sources):
        raise DocumentError("`<<` needs a map or a list of maps", place=sealed.place(value))


def _check_words(sealed: Document, members: list[Node]) -> None:
    for node in members:
        if node.kind == "scalar" and node.style == "plain" and "?" in node.text:
            raise DocumentError(
                "sops cannot read a `?` in a bare word inside brackets or braces",
                hints=("write the word in quotes",),
                place=sealed.place(node),
            )
