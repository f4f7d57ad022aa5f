"""The objects that a manifest points to, offline: from `--store`, from what is rendered, from the whole repository.

An object that is sealed with sops is opened with the keys at hand. Two different objects under one name are refused:
which one a cluster would have is not ours to guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.errors import DocumentError, Error, SettingsError
from secrets_gitops.manifests import secret_store
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.materialize.objects import Found
from secrets_gitops.render import chunks, open_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from secrets_gitops.documents.document import Document
    from secrets_gitops.materialize.materialized import Given
    from secrets_gitops.render.chunks import Chunk


@dataclass
class ManifestObjects:
    """Looks objects up by what stands in their text; reads the repository only when all else has no answer."""

    given: Callable[[], Given]
    """The keys for objects that are sealed."""
    stores: Sequence[Document] = ()
    """What stands in for everything of the same name."""
    documents: Sequence[Document] = ()
    repository: Callable[[], Iterable[Document]] | None = None
    offline: bool = True
    _layers: list[list[Chunk]] = field(default_factory=list, init=False)

    def get(self, group: str, kind: str, namespace: str, name: str) -> Found | None:
        """The object in the first layer that has it; an object without namespace is in any.

        Raises DocumentError when two of a layer differ, and what opening a sealed one raises.
        """
        for at in range(3):
            found = [chunk for chunk in self._layer(at) if _is(chunk, group, kind, namespace, name)]
            exact = [chunk for chunk in found if _text(chunk, "metadata", "namespace") == namespace]
            if found:
                return self._one(exact or found, kind, name)
        return None

    def _layer(self, at: int) -> list[Chunk]:
        while len(self._layers) <= at:
            source: Iterable[Document] = (
                (self.stores, self.documents)[len(self._layers)] if len(self._layers) < 2 else ()
            )
            if len(self._layers) == 2 and self.repository is not None:
                source = self.repository()
            self._layers.append([chunk for document in source for chunk in chunks.split(document)])
        return self._layers[at]

    def _one(self, found: Sequence[Chunk], kind: str, name: str) -> Found:
        first = self._opened(found[0])
        for chunk in found[1:]:
            other = self._opened(chunk)
            if other.tree != first.tree:
                raise DocumentError(
                    f"there are two different objects {kind} `{name}`",
                    hints=(f"the other is at {found[0].document.place(found[0].root)}", "choose one: `--store FILE`"),
                    place=chunk.document.place(chunk.root),
                )
        return first

    def _opened(self, chunk: Chunk) -> Found:
        (group,) = open_sealed.groups([chunk])
        (plain,) = open_sealed.open_group(group, self.given).chunks
        tree = to_plain(plain.root, "k8s", path=plain.document.path)
        assert isinstance(tree, dict)  # it has a kind and a name
        return Found(tree, Fields(plain.document, plain.root))


def stores_of(documents: Sequence[Document], path: str) -> Sequence[Document]:
    """The documents of a `--store` file. Raises SettingsError when it holds no store."""
    for document in documents:
        for chunk in chunks.split(document):
            kind = _text(chunk, "kind")
            if kind in secret_store.KINDS:
                return documents
    raise SettingsError(f"`{path}` holds no SecretStore and no ClusterSecretStore")


def readable(gather: Callable[[], Iterable[Document]]) -> Iterable[Document]:
    """What `gather` gives; nothing where it cannot: not every folder holds manifests."""
    try:
        return gather()
    except Error:
        return ()


def _is(chunk: Chunk, group: str, kind: str, namespace: str, name: str) -> bool:
    if _text(chunk, "kind") != kind or _text(chunk, "metadata", "name") != name:
        return False
    version = _text(chunk, "apiVersion")
    return (version.rpartition("/")[0] == group) and _text(chunk, "metadata", "namespace") in {"", namespace}


def _text(chunk: Chunk, *path: str) -> str:
    node = chunk.root
    for step in path:
        below = node.get(step)
        if below is None:
            return ""
        node = below
    return node.text
