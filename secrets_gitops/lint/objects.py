"""Kubernetes objects at any depth of a document: Lists, templates and wrapper kinds need no list of names."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from secrets_gitops.documents.document import Document, Node

    Chain: TypeAlias = "tuple[Chain, str] | None"
    """The keys above a node, innermost first; written out only for what is reported."""


class KubeObject:
    """A mapping with a scalar `kind`, or an item of a list whose kind implies it."""

    __slots__ = ("_chain", "_label", "api_version", "index", "kind", "node")

    def __init__(self, node: Node, kind: str, api_version: str, index: int, chain: Chain) -> None:
        self.node = node
        self.kind = kind
        self.api_version = api_version
        """Empty when there is none."""
        self.index = index
        """Which YAML document of the file, from 0."""
        self._chain = chain
        self._label: str | None = None

    @property
    def is_secret(self) -> bool:
        """Is it the Secret that Kubernetes itself knows? A templated version may be that one."""
        return self.kind == "Secret" and any(
            version.strip() in {"", "v1"} or not version.isascii() for version in self._versions or ("",)
        )

    @property
    def _versions(self) -> list[str]:
        """Each `apiVersion` where the key is repeated: readers differ in which one they take."""
        return [value.resolved().text for _, value in entries(self.node, "apiVersion")]

    @property
    def depth(self) -> int:
        """How many keys lead from the document's root to it."""
        chain, count = self._chain, 0
        while chain is not None:
            chain, count = chain[0], count + 1
        return count

    @property
    def name(self) -> str:
        """`metadata.name`, or empty."""
        return self._metadata("name")

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, or empty."""
        return self._metadata("namespace")

    @property
    def label(self) -> str:
        """`Kind/namespace/name`; parts that are not known are left out."""
        if self._label is None:
            parts = (self.kind, self.namespace, self.name)
            self._label = "/".join(part for part in parts if part and "\n" not in part)
        return self._label

    def _metadata(self, key: str) -> str:
        for _, metadata in entries(self.node, "metadata"):
            for _, value in entries(metadata, key):
                text = value.resolved().text
                if text.isprintable() and len(text) <= 253:
                    return text
        return ""

    def pointer(self, *keys: str) -> str:
        """JSON pointer of what stands below the object at `keys`; `N#` before it names a document after the first."""
        chain, parts = self._chain, list(reversed(keys))
        while chain is not None:
            parts.append(chain[1])
            chain = chain[0]
        path = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in reversed(parts))
        return f"{self.index}#{path}" if self.index else path


def entries(mapping: Node, key: str | None = None) -> Iterator[tuple[Node, Node]]:
    """The pairs of a mapping (those under `key`): both of a repeated key, merged ones (`<<`) too.

    Keys and values come as they stand, so they may be aliases.
    """
    seen: set[int] = set()
    stack = [mapping.resolved()]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.kind == "sequence":  # `<<: [*a, *b]`
            stack += (item.resolved() for item in reversed(node.items))
            continue
        for name, value in node.pairs:
            text = name.resolved().text
            if text == "<<" and name.style == "plain":
                stack.append(value.resolved())
            elif key is None or text == key:
                yield name, value


def secret_pairs(found: KubeObject) -> Iterator[tuple[str, Node, Node]]:
    """Field, key and value of everything in a Secret's `data` and `stringData`.

    What stands there as a map, a list or a text, which Kubernetes refuses, is readable all the same; so is what stands
    in a patch that deletes the Secret.
    """
    if not found.is_secret:
        return
    for field in ("data", "stringData"):
        for name, mapping in entries(found.node, field):
            if mapping.resolved().kind == "scalar":
                yield field, name, mapping
            for key, value in entries(mapping):
                if value.resolved().kind == "scalar":
                    yield field, key, value
                else:
                    yield from ((field, name, scalar) for name, scalar in _scalars(key, value.resolved()))


def _scalars(key: Node, value: Node) -> Iterator[tuple[Node, Node]]:
    """The scalars below `value`, each with its key; items have that of their list. What an alias names comes once."""
    stack, seen = [(key, value)], set()
    while stack:
        name, node = stack.pop()
        if node.resolved().kind == "scalar":
            yield name, node
            continue
        node = node.resolved()
        if id(node) not in seen:
            seen.add(id(node))
            stack += reversed(node.pairs)
            stack += ((name, item) for item in reversed(node.items))


def find_objects(document: Document) -> list[KubeObject]:
    """Every object of the document, outer ones first."""
    found: list[KubeObject] = []
    for index, root in enumerate(document.roots):
        stack: list[tuple[Node, Chain, bool]] = [(root, None, False)]
        by_alias: set[int] = set()
        while stack:
            node, chain, implied = stack.pop()
            if implied and node.kind == "alias":  # what is no Secret where it is written
                node = node.resolved()
                if id(node) in by_alias:
                    continue
                by_alias.add(id(node))
            if node.kind == "sequence":
                stack += [
                    (item, (chain, str(at)), implied)
                    for at, item in enumerate(node.items)
                    if item.kind in {"mapping", "sequence"} or (implied and item.kind == "alias")
                ][::-1]
                continue
            kinds, lists_secrets = _kinds(node), False
            below: list[tuple[Node, Chain, bool]] = []
            if implied and not kinds:
                kinds = ["Secret"]
            for kind in kinds:
                found.append(KubeObject(node, kind, _scalar(node, "apiVersion"), index, chain))
                lists_secrets = lists_secrets or kind == "SecretList"
            for name, value in node.pairs:
                text = name.resolved().text
                are_secrets = lists_secrets and text == "items"
                if value.kind in {"mapping", "sequence"} or (are_secrets and value.kind == "alias"):
                    below.append((value, (chain, text), are_secrets))
                if name.kind in {"mapping", "sequence"}:
                    below.append((name, chain, False))
            stack += reversed(below)
    return found


def _kinds(node: Node) -> list[str]:
    """The kinds a mapping gives itself: one, or several when the key is repeated."""
    own = [value.resolved().text for name, value in node.pairs if name.resolved().text == "kind"]
    kinds = [text for text in own if text]
    if not kinds and any(name.text == "<<" for name, _ in node.pairs):
        kinds = [text for _, value in entries(node, "kind") if (text := value.resolved().text)]
    return list(dict.fromkeys(kinds))


def _scalar(node: Node, key: str) -> str:
    return next((text for _, value in entries(node, key) if (text := value.resolved().text)), "")
