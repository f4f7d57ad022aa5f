"""Opening what is encrypted on its way through the stream: sops documents, SealedSecrets and SopsSecrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.read import read
from secrets_gitops.errors import NoMatchingKey, NotBuiltYet, Place
from secrets_gitops.manifests import write
from secrets_gitops.materialize import catalog
from secrets_gitops.render import chunks
from secrets_gitops.render.check import CIPHERTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.manifests.secret import Secret
    from secrets_gitops.materialize.materialized import Given, Materialized
    from secrets_gitops.references.pick import Value
    from secrets_gitops.render.chunks import Chunk

    Path = tuple[str | int, ...]


class Group(NamedTuple):
    """Chunks that belong together: one by itself, or all that were encrypted as one file."""

    chunks: tuple[Chunk, ...]
    mac: str
    """Empty when they are not encrypted."""


class Item(NamedTuple):
    """An item of a List, and the Secret that stands in its place."""

    node: Node
    secret: Value


@dataclass(frozen=True)
class OpenedGroup:
    """The chunks of a group as plaintext, and where they held ciphertext."""

    chunks: tuple[Chunk, ...]
    was_sealed: bool
    encrypted: tuple[tuple[Path, ...], ...]

    def paths(self, chunk: Chunk) -> tuple[Path, ...]:
        """The paths of the values of `chunk` that were encrypted."""
        return self.encrypted[self.chunks.index(chunk)] if self.was_sealed else ()


def groups(parts: Sequence[Chunk]) -> list[Group]:
    """Neighbours under one MAC were one file when sops encrypted them, and can be verified only together."""
    found: list[Group] = []
    for chunk in parts:
        mac = _mac(chunk.root)
        if mac and found and found[-1].mac == mac:
            found[-1] = Group((*found[-1].chunks, chunk), mac)
        else:
            found.append(Group((chunk,), mac))
    return found


def _mac(root: Node) -> str:
    """The text of the MAC, which no two files share; a word of our own for a `sops` block that has none."""
    block = root.get("sops")
    if block is None:
        return ""
    mac = block.get("mac")
    if mac is not None and mac.text:
        return mac.text
    return "none" if block.get("lastmodified") is not None else ""


def open_group(group: Group, given: Callable[[], Given]) -> OpenedGroup:
    """The group's plaintext, MAC verified. Raises NoMatchingKey, Tampered and what else opening raises."""
    if not group.mac:
        return OpenedGroup(group.chunks, was_sealed=False, encrypted=())
    document, blank_lines = _document_of(group)
    keyring = given().keyring
    if keyring is None:
        raise NoMatchingKey("there are no keys to open encrypted documents with", place=Place(document.path))
    from secrets_gitops.envelopes.sops import opened  # noqa: PLC0415  most streams hold nothing that needs cryptography

    plain = chunks.split(opened.open(document, keyring).plain)
    plain[0] = plain[0]._replace(start=blank_lines)
    encrypted = tuple(tuple(_encrypted(chunk.root)) for chunk in group.chunks)
    return OpenedGroup(tuple(plain), was_sealed=True, encrypted=encrypted)


def _document_of(group: Group) -> tuple[Document, int]:
    """The group as a document of its own, and how many blank lines stand before it to keep its places right."""
    first, last = group.chunks[0], group.chunks[-1]
    whole = first.document
    if first.start == 0 and last.end == len(whole.text):
        return whole, 0
    lines = whole.text.count("\n", 0, first.start)
    text = "\n" * lines + whole.text[first.start : last.end]
    return read(text, path=whole.path, format=whole.format, limits=Limits.LARGE), lines


def _encrypted(root: Node) -> Iterator[Path]:
    waiting: list[tuple[Node, Path]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        if node.kind == "scalar" and node.text.startswith(CIPHERTEXT) and path[:1] != ("sops",):
            yield path
        waiting += [(item, (*path, at)) for at, item in enumerate(node.items)]
        waiting += [(value, (*path, key.text)) for key, value in node.pairs]


def made_secrets(chunk: Chunk, given: Callable[[], Given], *, opened: bool) -> Materialized | None:
    """The Secrets that the object stands for; None for an object that is what it is."""
    if not catalog.handles(chunk.root):
        return None
    return catalog.materialize(chunk.document, given(), root=chunk.root, opened=opened)


def made_items(chunk: Chunk, given: Callable[[], Given], *, opened: bool) -> tuple[list[Item], list[str]]:
    """The items of a List that stand for one Secret each, and notes. Raises NotBuiltYet for other numbers."""
    kind, items = chunk.root.get("kind"), chunk.root.get("items")
    found: list[Item] = []
    notes: list[str] = []
    if kind is None or items is None or not kind.text.endswith("List"):
        return found, notes
    for item in items.items:
        if item.target is None and catalog.handles(item):
            made = catalog.materialize(chunk.document, given(), root=item, opened=opened)
            if len(made.secrets) != 1:
                raise NotBuiltYet(
                    f"an item of a List that stands for {len(made.secrets)} Secrets cannot be replaced yet",
                    hints=("put the object in a document of its own",),
                    place=chunk.document.place(item),
                )
            found.append(Item(item, cast("Value", _without_empty_owner(made.secrets[0].to_tree()))))
            notes += made.notes
    return found, notes


def written(chunk: Chunk, secrets: Sequence[Secret]) -> str:
    """The Secrets in the place of the chunk's object; nothing when there are none."""
    if not secrets:
        return ""
    trees = [_without_empty_owner(secret.to_tree()) for secret in secrets]
    if chunk.document.format == "json":
        tree = trees[0] if len(trees) == 1 else {"kind": "List", "apiVersion": "v1", "items": trees}
        return chunk.replaced(write.json_document(tree))
    return chunk.replaced("---\n".join(write.yaml_block(tree) for tree in trees))


def _without_empty_owner(tree: dict[str, object]) -> dict[str, object]:
    """An owner without uid is one that is not in the cluster; the API server refuses the object for it."""
    metadata = tree.get("metadata")
    if isinstance(metadata, dict) and "ownerReferences" in metadata:
        owners = [owner for owner in metadata["ownerReferences"] if owner.get("uid")]
        kept = {key: value for key, value in metadata.items() if key != "ownerReferences"}
        tree["metadata"] = {**kept, "ownerReferences": owners} if owners else kept
    return tree
