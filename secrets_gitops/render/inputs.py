"""What is to be rendered: files named one by one, the manifests below a folder, or standard input.

A file that is named is taken as it is. Below a folder only manifests are taken, in the order of their paths, and what
else is YAML or JSON is named as skipped, so that nobody believes it was applied.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from secrets_gitops.documents.formats import format_of, manifest_format
from secrets_gitops.documents.limits import Limits
from secrets_gitops.documents.read import read
from secrets_gitops.errors import AccessDenied, DocumentError, Error, Place, SettingsError
from secrets_gitops.repository import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from secrets_gitops.documents.document import Document, Format, Node

STDIN = "standard input"
_KUSTOMIZE = {"kustomization.yaml", "kustomization.yml", "Kustomization"}


@dataclass(frozen=True)
class Inputs:
    """The documents to render, what was left out and why, and what could not be read."""

    documents: tuple[Document, ...]
    skipped: tuple[str, ...]
    errors: tuple[Error, ...]


def gather(paths: Sequence[str], stdin: Callable[[], bytes], *, root: str, allow_outside: bool = False) -> Inputs:
    """All documents of `paths`; `-` is standard input. A link below a folder may not lead out of `root`.

    Raises SettingsError for a folder that holds no manifest at all: nothing would be applied without anybody noticing.
    """
    documents: list[Document] = []
    skipped: list[str] = []
    errors: list[Error] = []
    for path in paths:
        if path == "-":
            _collect(documents, errors, lambda: _stream(stdin()))
        elif os.path.isdir(path):
            found = len(documents) + len(errors)
            for file in _below(path, skipped):
                _collect(documents, errors, partial(_manifest, file, root, allow_outside, skipped))
            if found == len(documents) + len(errors):
                raise SettingsError(f"there is no manifest below `{path}`", hints=tuple(skipped[:5]))
        else:
            _collect(documents, errors, partial(_named, path))
    return Inputs(tuple(documents), tuple(skipped), tuple(errors))


def _collect(documents: list[Document], errors: list[Error], make: Callable[[], Document | None]) -> None:
    """Add the document that `make` gives, or its error: one bad file must not hide the next."""
    try:
        document = make()
    except Error as error:
        errors.append(error)
    else:
        if document is not None:
            documents.append(document)


def _stream(data: bytes) -> Document:
    """Standard input as JSON when it opens with a brace and is JSON, else as YAML, of which flow style is a part."""
    forms: tuple[Format, ...] = ("json", "yaml") if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else ("yaml",)
    first: DocumentError | None = None
    for form in forms:
        try:
            return read(data, path=STDIN, format=form, limits=Limits.LARGE, stream=True)
        except DocumentError as error:
            first = first or error
    assert first is not None
    raise first


def _below(folder: str, skipped: list[str]) -> Iterator[str]:
    """The YAML and JSON files below the folder. Names that begin with a dot are settings of tools, never manifests."""
    found: list[str] = []
    for where, folders, names in os.walk(folder):
        if "Chart.yaml" in names:
            skipped.append(f"`{where}`: a Helm chart; pipe `helm template` into `secrets-gitops render -`")
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = os.path.normpath(os.path.join(where, name))
            if name in _KUSTOMIZE:
                skipped.append(f"`{path}`: pipe `kustomize build` into `secrets-gitops render -` to apply it")
            elif format_of(name) is not None and not name.startswith("."):
                found.append(path)
    return iter(sorted(found))


def _manifest(path: str, root: str, allow_outside: bool, skipped: list[str]) -> Document | None:
    real, top = os.path.realpath(path), os.path.realpath(root)
    if os.path.islink(path) and not allow_outside and os.path.commonpath([real, top]) != top:
        raise AccessDenied(
            "this link leads out of the repository", hints=("`--allow-outside` follows it",), place=Place(path)
        )
    document = _named(path)
    if any(_is_object(node) for node in document.roots):
        return document
    skipped.append(f"`{path}`: not a Kubernetes manifest")
    return None


def _is_object(node: Node) -> bool:
    return node.get("apiVersion") is not None and node.get("kind") is not None


def _named(path: str) -> Document:
    return read(files.read(path), path=path, format=manifest_format(path), limits=Limits.LARGE)
