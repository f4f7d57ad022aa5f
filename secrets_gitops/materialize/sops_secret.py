"""SopsSecret → its Secrets. The object is one SOPS document; its MAC is verified before anything is given out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.envelopes.sops import opened as sops
from secrets_gitops.errors import NoMatchingKey, NotSealed, Tampered
from secrets_gitops.manifests import sops_secret as manifest
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.materialize.materialized import Materialized, owner_reference

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.materialize.materialized import Given

SUSPENDED = "Reconciliation is suspended"
"""The operator's own status text."""


def materialize(document: Document, root: Node, given: Given, *, opened: bool = False) -> Materialized:
    """The Secrets of the object, with it as their owner; none, with a note, for a suspended one.

    `opened` says that the caller decrypted the document itself. Else it must be encrypted: a plaintext SopsSecret in
    git is a leak. Raises NotSealed for that one, NoMatchingKey, Tampered, and DocumentError for templates that no
    Secret can be made of.
    """
    tree = to_plain(root, "k8s", path=document.path)
    if not manifest.is_sops_secret(tree):
        raise NotSealed("this is not a SopsSecret", place=document.place(root))
    notes: tuple[str, ...] = ()
    if not opened:
        document, notes = _opened(document, root, given)
        root = document.roots[0]
        tree = to_plain(root, "k8s", path=document.path)
    fields = Fields(document, root)
    found = manifest.read(fields, fields.mapping(tree))
    if found.suspend:
        return Materialized((), (*notes, f"SopsSecret `{found.name}`: {SUSPENDED}"))
    owner = owner_reference(manifest.API_VERSION, "SopsSecret", found.name)
    secrets = (secret._replace(metadata={**secret.metadata, "ownerReferences": [owner]}) for secret in found.secrets)
    return Materialized(tuple(secrets), notes)


def _opened(document: Document, root: Node, given: Given) -> tuple[Document, tuple[str, ...]]:
    """The object's plaintext as a document of its own, and what must be said about its integrity."""
    alone = document if len(document.roots) == 1 else _alone(document, root)
    if given.keyring is None:
        raise NoMatchingKey("the SopsSecret is encrypted, and no keys were given", place=document.place(root))
    try:
        return sops.open(alone, given.keyring).plain, ()
    except Tampered as error:
        if given.integrity != "report":
            raise
        plain = sops.open(alone, given.keyring, verify_mac=False).plain
        return plain, (f"integrity is unknown: {error.message}",)


def _alone(document: Document, root: Node) -> Document:
    """One object of a stream, at the same lines and columns: its MAC covers it and no other."""
    lead = "\n" * (root.line - 1) + " " * (root.column - 1)
    text = lead + document.text[root.start : root.end]
    return read(text, path=document.path, format=document.format, limits=Limits.LARGE)
