"""Change or remove one value of an encrypted file; every other line stays as it is, but for the MAC and its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_gitops.documents.plain import to_plain
from secrets_gitops.encrypted_files import index_path
from secrets_gitops.encrypted_files.encrypt import expansions
from secrets_gitops.envelopes.sops import metadata, opened, tree
from secrets_gitops.envelopes.sops.reading import shown
from secrets_gitops.envelopes.sops.selection import Selection
from secrets_gitops.errors import DocumentError, Place, SecretNotFound, SettingsError

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document
    from secrets_gitops.documents.plain import Tree
    from secrets_gitops.encrypted_files.index_path import Path
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.keys.keyring import Keyring


class Changed(NamedTuple):
    """The outcome of a change; `document` is None when the file holds that value already."""

    document: Document | None
    path: str
    """The path as it was understood."""
    in_clear: bool = False
    """The selector of the file leaves the new value readable."""
    notes: tuple[str, ...] = ()
    """What the user should hear."""


def set_value(document: Document, keyring: Keyring, path_text: str, value: Tree, now: str, *, root: int = 0) -> Changed:
    """The encrypted document with `value` at the path; missing maps and lists on the way are made.

    Raises SettingsError for a path that cannot be understood or names the metadata, DocumentError where the path leads
    through a value, and what `opened.open` raises.
    """
    result = opened.open(document, keyring)
    if root < len(document.roots):
        path = index_path.parse(path_text, document.roots[root])
        if path[0] != metadata.KEY and result.can_set_at_once(path, value, root=root):
            result.set(path, value, root=root)
            return Changed(result.seal(now), shown(path))
    path = _path(result, path_text, root)
    if _holds(result, path, value, root):
        return Changed(None, shown(path))
    result.set(path, value, root=root)
    return _sealed(result, path, now, in_clear=_in_clear(result, path, root))


def unset(document: Document, keyring: Keyring, path_text: str, now: str, *, root: int = 0) -> Changed:
    """The encrypted document without the value at the path. Raises SecretNotFound when there is none."""
    result = opened.open(document, keyring)
    path = _path(result, path_text, root)
    try:
        result.unset(path, root=root)
    except DocumentError as error:
        raise SecretNotFound(error.message, hints=error.hints, place=Place(document.path)) from error
    return _sealed(result, path, now, in_clear=False)


def holds(document: Document, path_text: str, *, root: int = 0) -> bool:
    """Has an encrypted document a value at the path? Needs no key."""
    node = document.roots[root].resolved() if root < len(document.roots) else None
    return node is not None and node.at(index_path.parse(path_text, node)) is not None


def _sealed(result: Opened, path: Path, now: str, *, in_clear: bool) -> Changed:
    sealed = result.seal(now)
    return Changed(sealed, shown(path), in_clear, expansions(result.plain.path, result.expanded))


def _path(result: Opened, text: str, root: int) -> Path:
    roots = result.plain.roots
    if root >= max(len(roots), 1):
        raise SettingsError(f"`{result.plain.path}` has {len(roots)} documents; they count from 0")
    path = index_path.parse(text, roots[root] if roots else None)
    if path[0] == metadata.KEY:
        raise SettingsError(
            "the key `sops` at the top of the file is kept for the metadata", hints=("take another name",)
        )
    return path


def _holds(result: Opened, path: Path, value: Tree, root: int) -> bool:
    """Is that value there already, with the same types?"""
    node = result.plain.roots[root].at(path) if result.plain.roots else None
    return node is not None and repr(to_plain(node, "go_v3", path=result.plain.path)) == repr(value)


def _in_clear(result: Opened, path: Path, root: int) -> bool:
    """Does the new value, or part of it, stay readable?"""
    selection = Selection(result.metadata.selector, lenient=True)
    return any(
        leaf.root == root and leaf.path[: len(path)] == path and not leaf.selected and leaf.comment is None
        for leaf in tree.walk(result.plain, selection, sealed=False)
    )
