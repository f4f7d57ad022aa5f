"""The metadata in dotenv and INI files, where all is flat: `age__list_0__map_enc` stands for `age[0].enc`.

Read, it is a tree of nodes as in YAML, made up but for its scalars: those have their places in the text. In dotenv
every name begins with `sops_`; in INI all stand in the section `[sops]`.
"""

from __future__ import annotations

from secrets_gitops.documents.document import Node
from secrets_gitops.errors import EnvelopeError
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secrets_gitops.documents.document import Document
    from secrets_gitops.documents.plain import Tree

PREFIX = "sops_"
"""Of the metadata keys in dotenv."""
KEY = "sops"

_STEP = pattern(r"__(map|list)_")


def find(document: Document) -> tuple[Node, Node] | None:
    """The first metadata key in dotenv, or that of the section in INI; and the fields as a mapping."""
    root = document.roots[0]
    if document.format == "ini":
        for key, section in root.pairs:
            if key.text == KEY:
                return key, _grown(document, section, [(name.text, name, value) for name, value in section.pairs])
        return None
    found = [(key.text[len(PREFIX) :], key, value) for key, value in root.pairs if key.text.startswith(PREFIX)]
    if not found:
        return None
    around = Node("mapping", found[0][1].start, found[-1][2].end, root.lines, "raw")
    return found[0][1], _grown(document, around, found)


def spans(document: Document) -> list[tuple[int, int]]:
    """Where the metadata stands in the text: lines of dotenv, a section of INI; each without its last line break."""
    root = document.roots[0]
    if document.format == "ini":
        return [(key.start, max(section.end, key.end)) for key, section in root.pairs if key.text == KEY][:1]
    return [(key.start, value.end) for key, value in root.pairs if key.text.startswith(PREFIX)]


class _Part:
    """A map, a list or a value that is being put together."""

    __slots__ = ("first", "keys", "last", "parts", "value")

    def __init__(self, first: Node) -> None:
        self.first = first
        self.last = first
        self.value: Node | None = None
        self.parts: dict[str | int, _Part] = {}
        self.keys: dict[str | int, Node] = {}


def _grown(document: Document, around: Node, fields: Iterable[tuple[str, Node, Node]]) -> Node:
    top = _Part(around)
    for name, key, value in fields:
        part = top
        for step in _steps(name, document, key):
            if step not in part.parts:
                part.parts[step] = _Part(key)
                part.keys[step] = key
            part.last = value
            part = part.parts[step]
        if part.value is not None or part.parts:
            raise _broken(document, key, name)
        text = value.text.replace("\\n", "\n") if document.format == "ini" else value.text
        part.value = Node("scalar", value.start, value.end, value.lines, "raw", text)
    return _node(document, top, around)


def _steps(name: str, document: Document, key: Node) -> list[str | int]:
    parts = _STEP.split(name)
    steps: list[str | int] = [parts[0]]
    for kind, text in zip(parts[1::2], parts[2::2], strict=True):
        if kind == "list" and not (text.isascii() and text.isdigit() and len(text) < 7):
            raise _broken(document, key, name)
        steps.append(int(text) if kind == "list" else text)
    return steps


def _node(document: Document, part: _Part, around: Node | None = None) -> Node:
    """Recursion ends with the steps of a name, which are few: a name is one key."""
    if part.value is not None:
        if part.parts:
            raise _broken(document, part.first, part.first.text)
        return part.value
    place = around or part.first
    end = around.end if around is not None else part.last.end
    numbers = sorted(step for step in part.parts if isinstance(step, int))
    if numbers:
        if len(numbers) != len(part.parts) or numbers != list(range(len(numbers))):
            raise _broken(document, part.first, part.first.text)
        node = Node("sequence", place.start, end, place.lines, "raw")
        node.items = [_node(document, part.parts[number]) for number in numbers]
        return node
    node = Node("mapping", place.start, end, place.lines, "raw")
    node.pairs = [
        (Node("scalar", key.start, key.end, key.lines, "raw", str(step)), _node(document, part.parts[step]))
        for step, key in part.keys.items()
    ]
    return node


def _broken(document: Document, key: Node, name: str) -> EnvelopeError:
    return EnvelopeError(
        f"the metadata `{name}` does not fit what stands beside it: a list with a gap, or one name twice",
        hints=("take these lines back from the git history",),
        place=document.place(key),
    )


def flattened(tree: Tree, name: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts of a tree of fields; empty lists, empty maps and nulls have none."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from flattened(value, f"{name}__map_{key}" if name else str(key))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from flattened(value, f"{name}__list_{number}")
    elif isinstance(tree, bool):
        yield name, "true" if tree else "false"
    elif tree is not None:
        yield name, str(tree).replace("\n", "\\n")
