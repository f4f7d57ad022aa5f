"""Plaintext out of encrypted files: all of it, or one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secrets_gitops.documents.read import Limits, read
from secrets_gitops.envelopes.sops import opened
from secrets_gitops.errors import Place, SecretNotFound

if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Format
    from secrets_gitops.envelopes.sops.opened import Opened
    from secrets_gitops.keys.keyring import Keyring


def read_sealed(data: bytes, path: str, form: Format | None = None) -> Document:
    """An encrypted file that its user named. Other writers let a key stand twice; so do we in reading.

    Raises Unmerged when the markers of a merge conflict stand in it, and what `read` raises.
    """
    if b"<<<<<<<" in data:
        from secrets_gitops.encrypted_files.unmerged import refuse  # noqa: PLC0415  seldom needed

        refuse(data, path)
    return read(data, path=path, format=form, limits=Limits.LARGE, duplicates="keep", sealed=True)


def decrypt(document: Document, keyring: Keyring, *, verify_mac: bool = True) -> Opened:
    """The opened document. Raises what `opened.open` raises."""
    return opened.open(document, keyring, verify_mac=verify_mac)


def text(result: Opened) -> bytes:
    """All of the plaintext as a file's content."""
    return result.content()


def extract(result: Opened, path_text: str, *, root: int = 0) -> bytes:
    """One value, as sops prints it: a string as it is, a number or a map as text of the file's format.

    Raises SecretNotFound when there is no such value, SettingsError for a path that cannot be understood.
    """
    from secrets_gitops.documents.scalars import resolve  # noqa: PLC0415  decrypting a whole file needs none of these
    from secrets_gitops.encrypted_files import index_path  # noqa: PLC0415
    from secrets_gitops.envelopes.sops.reading import shown  # noqa: PLC0415

    plain = result.plain
    missing = SecretNotFound(f"there is no `{path_text}` in `{plain.path}`", place=Place(plain.path))
    if root >= len(plain.roots):
        raise missing
    node = plain.roots[root].resolved()
    path = index_path.parse(path_text, node)
    for step in path:
        child = node.get(step) if isinstance(step, str) and node.kind == "mapping" else None
        if isinstance(step, int) and node.kind == "sequence" and step < len(node.items):
            child = node.items[step].resolved()
        if child is None:
            missing.message = f"there is no `{shown(path)}` in `{plain.path}`"
            raise missing
        node = child
    if node.kind == "scalar":
        value = resolve(node, "go_v3", path=plain.path)
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, bytes):
            return value
    return _as_text(plain, node)


def _as_text(plain: Document, node: object) -> bytes:
    from secrets_gitops.documents import emit  # noqa: PLC0415
    from secrets_gitops.documents.document import Node  # noqa: PLC0415
    from secrets_gitops.documents.plain import to_plain  # noqa: PLC0415

    assert isinstance(node, Node)
    tree = to_plain(node, "go_v3", path=plain.path)
    if plain.format == "json":
        return (emit.json_text(tree, indent="\t") + ("\n" if isinstance(tree, dict) else "")).encode()
    if isinstance(tree, dict | list):
        return emit.yaml_block(tree).encode()
    return (emit.yaml_scalar(tree) + "\n").encode()
