"""Leaves: every scalar of a parsed text, with what the rules about places ask of it. One walk for all rules.

What a leaf is called, and whether that makes it a secret, is decided here: by its key, by the `name:` beside its
`value:`, or by a parent such as `secrets:`. Whether its text is a secret says `lint.value_model`.
"""

from __future__ import annotations

from secrets_gitops.lint.classify import is_file_of_secrets
from secrets_gitops.lint.key_names import read_key
from secrets_gitops.lint.key_parents import ALONE, VALUES, inherited, under
from secrets_gitops.lint.reference_positions import HERE, OFF, refers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.lint.finding import Region
    from secrets_gitops.lint.key_names import KeyName
    from secrets_gitops.lint.key_parents import Inheritance
    from secrets_gitops.lint.objects import Chain, KubeObject
    from secrets_gitops.lint.reference_positions import Position
    from secrets_gitops.lint.target import Target

_NAMES = ("name", "key", "Name", "Key")
_OF_FORMATS = frozenset({"kind", "apiVersion", "jobs", "services", "$schema"})
_OPERATION = frozenset({"op", "path", "value"})


class Leaf:
    """A scalar that is a value, not a key."""

    __slots__ = ("_chain", "_pair", "index", "key", "name", "node", "object", "refers", "sense")

    def __init__(
        self,
        key: Node | None,
        value: Node,
        name: str,
        sense: KeyName,
        found: KubeObject | None,
        chain: Chain,
        index: int,
        *,
        refers: bool,
    ) -> None:
        self.key = key
        """The node of its key; for an item of a list, that of the list; None without one."""
        self.node = value.resolved()
        """The scalar itself, also where an alias stands for it."""
        self.name = name
        """What it is called in messages: its key as written, or the `name:` beside its `value:`."""
        self.sense = sense
        """What its name says of it, a sensitive parent (`secrets: {DB: …}`) included."""
        self.object = found
        """The innermost mapping with a `kind` around it."""
        self.refers = refers
        """Does it stand where texts only name secrets (`secretKeyRef`, `remoteRef`, a schema, the rules of a role)?"""
        self.index = index
        """Which document of the file, from 0."""
        self._chain = chain
        self._pair = value

    @property
    def text(self) -> str:
        """The scalar's text."""
        return self.node.text

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys and list positions from the document's root down to it."""
        keys, chain = [], self._chain
        while chain is not None:
            keys.append(chain[1])
            chain = chain[0]
        return tuple(reversed(keys))

    @property
    def within(self) -> tuple[str, ...]:
        """The keys from `object` (the document's root without one) down to it."""
        return self.keys[self.object.depth if self.object is not None else 0 :]

    @property
    def pointer(self) -> str:
        """JSON pointer in its document; `N#` before it names a document after the first."""
        path = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in self.keys)
        return f"{self.index}#{path}" if self.index else path

    @property
    def label(self) -> str:
        """`Kind/namespace/name` of the object around it, or empty."""
        return self.object.label if self.object is not None else ""

    def region(self, target: Target) -> Region:
        """From its key to its end; what an anchor holds stands where it is written, not where it is used."""
        if self._pair is not self.node or self.key is None or self.key.start > self.node.start:
            return target.span(self.node)
        if self._chain is not None and self._chain[1].isdigit() and self.key.text != self._chain[1]:
            return target.span(self.node)  # an item of a list
        return target.span(self.key, self.node)


def leaves(document: Document, objects: Iterable[KubeObject]) -> Iterator[Leaf]:
    """Every leaf of `document` in the order of the text; `objects` are those that `find_objects` finds in it.

    Aliases of mappings and lists are not followed: their leaves are yielded where they are written.
    """
    by_node: dict[int, KubeObject] = {}
    for found in objects:
        by_node.setdefault(id(found.node), found)
    holds_secrets = is_file_of_secrets(document.path)
    for index, root in enumerate(document.roots):
        is_plain = holds_secrets and root.kind == "mapping" and not any(map(root.get, _OF_FORMATS))
        yield from _walk(root, index, by_node, "weak" if is_plain else None)


def _walk(root: Node, index: int, by_node: dict[int, KubeObject], above: Inheritance) -> Iterator[Leaf]:
    nothing = read_key("")
    stack: list[tuple[Node, Node | None, str, KeyName, KubeObject | None, Chain, Inheritance, Position]]
    stack = [(root, None, "", nothing, None, None, above, OFF)]
    while stack:
        node, key, name, sense, found, chain, parent, position = stack.pop()
        if node.kind == "scalar" or (node.kind == "alias" and node.resolved().kind == "scalar"):
            yield Leaf(key, node, name, sense, found, chain, index, refers=position == HERE)
        elif node.kind == "sequence":
            stack += [
                (item, key, name, sense, found, (chain, str(at)), parent, position)
                for at, item in enumerate(node.items)
            ][::-1]
        elif node.kind == "mapping":
            found = by_node.get(id(node), found)
            siblings = {name.text for name, _ in node.pairs}
            named = _name_beside(node, siblings)
            if named is None and not ALONE.isdisjoint(siblings) and read_key(name).sensitivity == "strong":
                named = _type_beside(node) or name
            below: list[tuple[Node, Node | None, str, KeyName, KubeObject | None, Chain, Inheritance, Position]] = []
            for key_node, value in node.pairs:
                text = key_node.resolved().text
                own = called = named if named is not None and text in VALUES else text
                is_leaf = value.resolved().kind == "scalar"
                below.append(
                    (
                        value,
                        key_node,
                        called,
                        under(parent, own),
                        found,
                        (chain, text),
                        None if is_leaf else inherited(parent, own),
                        refers(position, text, siblings, found, is_leaf=is_leaf),
                    )
                )
            stack += reversed(below)


def _type_beside(mapping: Node) -> str | None:
    """`credentials: [{type: password, value: x}]`: a person made up the value."""
    found = mapping.get("type")
    return found.text if found is not None and found.kind == "scalar" and found.text == "password" else None


def _name_beside(mapping: Node, keys: set[str]) -> str | None:
    """The text of `name:` or `key:` in a mapping that has a `value:` too; it is that value's name.

    An operation of a JSON patch has a `path:`, whose last part is the name.
    """
    if VALUES.isdisjoint(keys):
        return None
    if keys >= _OPERATION:
        path = mapping.get("path")
        if path is not None and path.kind == "scalar" and path.text[:1] == "/":
            if "Ref/" in path.text or "/valueFrom/" in path.text:
                return "name"  # what a reference says
            return path.text.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    for name in _NAMES:
        found = mapping.get(name)
        if found is not None and found.kind == "scalar":
            return found.text
    return None
