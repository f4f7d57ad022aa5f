"""The secret generators of a kustomization, wherever they stand in it."""

from __future__ import annotations

from secrets_gitops.documents.document import walk
from secrets_gitops.lint.objects import entries
from secrets_gitops.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Document, Node


class Generated(NamedTuple):
    """One item of a generator: a literal, or a file that it names."""

    generator: str
    """Its name, so that of the Secret it makes."""
    field: str
    """`literals`, `files`, `envs` or `env`."""
    node: Node
    text: str


def generated(document: Document, fields: tuple[str, ...]) -> Iterator[Generated]:
    """The items under `fields` of every entry of every `secretGenerator`."""
    for root in document.roots:
        for mapping in walk(root):
            for key, listed in mapping.pairs:
                if key.resolved().text == "secretGenerator":
                    for generator in listed.resolved().items:
                        yield from _items(generator.resolved(), fields)


def _items(generator: Node, fields: tuple[str, ...]) -> Iterator[Generated]:
    name = next((value.resolved().text for _, value in entries(generator, "name")), "")
    for field in fields:
        for _, value in entries(generator, field):
            listed = value.resolved()
            for item in listed.items if listed.kind == "sequence" else [value]:
                scalar = item.resolved()
                if scalar.kind == "scalar" and scalar.text.strip():
                    yield Generated(name, field, item, scalar.text.strip())
