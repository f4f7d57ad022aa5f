"""Which custom resources stand for Secrets, and the one way to turn one into them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

from secrets_gitops.errors import NotSealed

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.materialize.materialized import Given, Materialized

KINDS = {
    ("bitnami.com", "SealedSecret"): "secrets_gitops.materialize.sealed_secret:materialize",
    ("external-secrets.io", "ExternalSecret"): "secrets_gitops.materialize.external_secret:materialize",
    ("isindir.github.com", "SopsSecret"): "secrets_gitops.materialize.sops_secret:materialize",
}
"""(API group, kind) → where its function is; imported when such an object is met."""


class Materialize(Protocol):
    """What each of them is."""

    def __call__(self, document: Document, root: Node, given: Given, *, opened: bool) -> Materialized:
        """The Secrets that the object at `root` stands for."""


def handles(root: Node) -> bool:
    """Whether the object at `root` is one that `materialize` takes, in whichever version of its API."""
    return _entry(root) is not None


def materialize(document: Document, given: Given, *, root: Node | None = None, opened: bool = False) -> Materialized:
    """The Secrets of the object at `root`, by default the only one of `document`; all of them or an error.

    `opened`: the caller has decrypted the whole document, as sops files are, and vouches for it.
    """
    if root is None:
        (root,) = document.roots
    entry = _entry(root)
    if entry is None:
        raise NotSealed("this object stands for no Secret", place=document.place(root))
    module, _, attribute = entry.partition(":")
    function = cast("Materialize", getattr(importlib.import_module(module), attribute))
    return function(document, root, given, opened=opened)


def _entry(root: Node) -> str | None:
    kind, version = root.get("kind"), root.get("apiVersion")
    if kind is None or version is None:
        return None
    return KINDS.get((version.text.partition("/")[0], kind.text))
