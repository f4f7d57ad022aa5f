"""What is applied from a folder of the repository: as kustomize, Flux and Argo CD gather it, read through the snapshot.

Nothing is built. A path that leads out of the root, or to another place on the web, is passed over.
"""

from __future__ import annotations

import posixpath

from secrets_gitops.lint.generators import generated
from secrets_gitops.lint.objects import entries
from secrets_gitops.lint.sops_record import neighbour

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.target import Target

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LISTS = ("resources", "bases", "components")


class Delivery:
    """The files that a walk over folders came to."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._folders: set[str] = set()
        self.manifests: dict[str, None] = {}
        """Files whose objects are applied as they stand, in order."""
        self.inserted: dict[str, None] = {}
        """Files whose content a secret generator puts into a Secret, or that patch something."""

    def flux(self, folder: str) -> None:
        """As Flux: what the kustomization of the folder names; without one every YAML file at or below it."""
        if not self.kustomize(folder):
            self.files(folder, (".yaml", ".yml"), deep=True)

    def files(self, folder: str, ends: tuple[str, ...], *, deep: bool) -> None:
        """The files of a folder; `deep`, those of the folders below, of which some may have a kustomization."""
        if folder in self._folders:
            return
        self._folders.add(folder)
        for name in self._target.run.snapshot.list(folder):
            path = posixpath.join(folder, name)
            if self._target.run.snapshot.exists(path):
                if name.endswith(ends):
                    self.manifests[path] = None
            elif deep and not self.kustomize(path):
                self.files(path, ends, deep=True)

    def kustomize(self, folder: str) -> bool:
        """What the kustomization of the folder names, and those that it names; False without one."""
        path = next((path for path in _candidates(folder) if self._target.run.snapshot.exists(path)), None)
        if path is None:
            return False
        if folder not in self._folders:
            self._folders.add(folder)
            file = neighbour(self._target, path)
            if file is not None and file.document is not None:
                for root in file.document.roots[:1]:
                    self._named(folder, root)
                for item in generated(file.document, ("files", "envs", "env")):
                    named = item.text.rpartition("=")[2] if item.field == "files" else item.text
                    self._insert(folder, named)
        return True

    def _named(self, folder: str, root: Node) -> None:
        for key in _LISTS:
            for text in _texts(root, key):
                path = within(folder, text)
                if path is None:
                    continue
                if self._target.run.snapshot.exists(path):
                    self.manifests[path] = None
                else:
                    self.kustomize(path)
        for _, patches in entries(root, "patches"):
            for patch in patches.resolved().items:
                for _, value in entries(patch.resolved(), "path"):
                    self._insert(folder, value.resolved().text)
        for text in _texts(root, "patchesStrategicMerge"):
            self._insert(folder, text)

    def _insert(self, folder: str, text: str) -> None:
        path = within(folder, text)
        if path is not None and self._target.run.snapshot.exists(path):
            self.inserted[path] = None


def _candidates(folder: str) -> tuple[str, ...]:
    return tuple(posixpath.join(folder, name) for name in KUSTOMIZATIONS)


def _texts(root: Node, key: str) -> Iterator[str]:
    for _, listed in entries(root, key):
        for item in listed.resolved().items:
            if item.resolved().kind == "scalar":
                yield item.resolved().text


def within(folder: str, text: str) -> str | None:
    """The path that `text` names in a file of `folder`; None for one outside the repository, or for no path at all."""
    if not text or "\n" in text or "://" in text or "{{" in text or "$" in text or not text.isprintable():
        return None
    path = posixpath.normpath(posixpath.join(folder, text))
    return None if path.startswith(("/", "../")) or path == ".." else "" if path == "." else path
