"""The generators of a kustomization, wherever they stand in it, and those in files of their own."""

from __future__ import annotations

from secrets_gitops.documents.document import walk
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.objects import entries
from secrets_gitops.patterns import pattern
from secrets_gitops.records import NamedTuple

_LITERAL = pattern(r"\s*-\s+[\"']?([A-Za-z_.][\w.-]{0,252}=[^\"'\s#]{1,4096})")

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


def generated(document: Document, fields: tuple[str, ...], made: str = "Secret") -> Iterator[Generated]:
    """The items under `fields` of every generator of that kind of object, in a kustomization or a file of its own."""
    field = f"{made[0].lower()}{made[1:]}Generator"
    for root in document.roots:
        for mapping in walk(root):
            if any(value.resolved().text == f"{made}Generator" for _, value in entries(mapping, "kind")):
                yield from _items(mapping, fields)
            for key, listed in mapping.pairs:
                if key.resolved().text == field:
                    for generator in listed.resolved().items:
                        yield from _items(generator.resolved(), fields)


def config_map_files(document: Document) -> Iterator[Generated]:
    """The files that a `configMapGenerator` names, without the key before a path."""
    for root in document.roots[:1]:
        for _, listed in entries(root, "configMapGenerator"):
            for generator in listed.resolved().items:
                for item in _items(generator.resolved(), ("files", "envs", "env")):
                    yield item._replace(text=item.text.rpartition("=")[2])


def _items(generator: Node, fields: tuple[str, ...]) -> Iterator[Generated]:
    named = [value for _, metadata in entries(generator, "metadata") for _, value in entries(metadata, "name")]
    named += [value for _, value in entries(generator, "name")]
    name = next((value.resolved().text for value in named), "")
    for field in fields:
        for _, value in entries(generator, field):
            listed = value.resolved()
            for item in listed.items if listed.kind == "sequence" else [value]:
                scalar = item.resolved()
                if scalar.kind == "scalar" and scalar.text.strip():
                    yield Generated(name, field, item, scalar.text.strip())


def literals_by_lines(text: str) -> Iterator[tuple[str, Region]]:
    """What seem to be the literals of generators in text that does not parse."""
    inside = -1
    for number, line in enumerate(text.split("\n"), 1):
        indent = len(line) - len(line.lstrip(" "))
        if "ecretGenerator" in line:
            inside = indent
        elif inside >= 0 and line.strip() and indent <= inside and line.lstrip(" ")[0] not in "-#":
            inside = -1
        elif inside >= 0 and (found := _LITERAL.match(line)):
            yield found[1], Region(number, found.start(1) + 1, number, found.end(1) + 1)
